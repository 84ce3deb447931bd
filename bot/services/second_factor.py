"""Codes of an authenticator app (TOTP, 30 s). A code works once, and one step before or after the clock's."""

from __future__ import annotations

import hmac

import pyotp
from sqlalchemy import or_, select, update

from bot.db.access import StaffLogin
from bot.db.sites import StaffMember
from bot.errors import Refused
from bot.services import sealing
from bot.services.access import Session
from bot.services.auditing import note_down
from bot.services.context import Ctx, Tx

STEP_SECONDS = 30
SECRET_LETTERS = 32  # 160 bits, as RFC 4226 advises
ISSUER = "Suiyao"


def new_secret() -> str:
    return pyotp.random_base32(SECRET_LETTERS)


def address(secret: str, name: str) -> str:
    """What the QR code carries."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


async def fits(tx: Tx, staff_id: int, code: str) -> bool:
    """True for the right unused code, and for anybody who has set up none."""
    row = await tx.first(
        select(StaffLogin.totp_sealed, StaffLogin.totp_last_step).where(StaffLogin.staff_id == staff_id)
    )
    if row is None or row.totp_sealed is None:
        return True
    secret = await sealing.unseal_text(tx, row.totp_sealed)
    step = _step(tx, secret, code) if secret else None
    if step is None:
        return False
    used = await tx.execute(
        update(StaffLogin)
        .where(StaffLogin.staff_id == staff_id)
        .where(or_(StaffLogin.totp_last_step.is_(None), StaffLogin.totp_last_step < step))
        .values(totp_last_step=step)
    )
    return int(used.rowcount) == 1


def _step(tx: Tx, secret: str, code: str) -> int | None:
    typed = "".join(ch for ch in code if ch.isascii() and ch.isdigit())
    now = int(tx.now.timestamp()) // STEP_SECONDS
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(pyotp.TOTP(secret).at(step * STEP_SECONDS), typed):
            return step
    return None


async def set_up(ctx: Ctx, session: Session, secret: str, code: str) -> None:
    """Keep the secret once its first code was typed right. The caller has asked for the password again."""
    if len(secret) != SECRET_LETTERS or not set(secret) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
        raise Refused("console.code.wrong")
    async with ctx.begin() as tx:
        step = _step(tx, secret, code)
        if step is None:
            raise Refused("console.code.wrong")
        key_id = await tx.scalar(select(StaffMember.key_id).where(StaffMember.staff_id == session.staff_id))
        await tx.execute(
            update(StaffLogin)
            .where(StaffLogin.staff_id == session.staff_id)
            .values(
                totp_sealed=await sealing.seal(tx, key_id, "totp", secret),
                totp_last_step=step,
                changed_at=tx.now,
            )
        )
        note_down(tx, session.actor, session.actor, "second_factor_set")
