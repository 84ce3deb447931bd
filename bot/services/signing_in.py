"""Sign in, sign out, activate, change a password. An unknown name, a wrong password and a wrong code are answered alike."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.access import LoginAttempt, StaffLogin, StaffSession
from bot.db.people import Contact
from bot.db.sites import StaffMember
from bot.errors import Refused
from bot.services import passwords, second_factor
from bot.services.access import Session, token_hash
from bot.services.auditing import note_down
from bot.services.context import Ctx, Tx

TOKEN_BYTES = 16  # 128 bits
ABSOLUTE = timedelta(hours=12)
ACTIVATION_BYTES = 10  # 80 bits, typed once
ACTIVATION_LIVES = timedelta(hours=24)
TRIES = ((5, timedelta(minutes=15)), (20, timedelta(hours=24)))  # wrong ones in a row, of one name
WRONG = "console.sign_in.wrong"


def name_lookup(ctx: Ctx, name: str) -> bytes:
    return ctx.keyring.lookup("staff_name", name.strip().casefold())


async def sign_in(ctx: Ctx, name: str, password: str, code: str, *, replaces: str = "") -> str:
    """The token of a new session; the session that the browser had before ends. Raises Refused."""
    lookup = name_lookup(ctx, name)
    await _try(ctx, lookup)
    async with ctx.begin() as tx:
        login = await _login(tx, lookup)
    right = await passwords.fits(password, login.password_hash if login is not None else None)
    async with ctx.begin() as tx:
        if login is None or not right or not await second_factor.fits(tx, login.staff_id, code):
            raise Refused(WRONG)
        await tx.execute(insert(LoginAttempt).values(name_lookup=lookup, succeeded=True, attempted_at=tx.now))
        if replaces:
            await _end(tx, StaffSession.token_hash == token_hash(ctx, replaces))
        note_down(tx, f"staff:{login.staff_id}", f"staff:{login.staff_id}", "signed_in")
        return await _new_session(tx, login.staff_id)


async def _try(ctx: Ctx, lookup: bytes) -> None:
    """Count this try before it is looked at: of many at once none slips through. Unknown names count alike."""
    async with ctx.begin() as tx:
        await tx.execute(select(func.pg_advisory_xact_lock(int.from_bytes(lookup[:8], signed=True))))
        wrong = (
            select(func.count())
            .select_from(LoginAttempt)
            .where(LoginAttempt.name_lookup == lookup, LoginAttempt.succeeded.is_(False))
        )
        last_right = (
            select(func.max(LoginAttempt.login_attempt_id))
            .where(LoginAttempt.name_lookup == lookup, LoginAttempt.succeeded)
            .scalar_subquery()
        )
        in_a_row = wrong.where(LoginAttempt.login_attempt_id > func.coalesce(last_right, 0))
        for most, span in TRIES:
            if await tx.scalar(in_a_row.where(LoginAttempt.attempted_at > tx.now - span)) >= most:
                raise Refused("console.sign_in.wait", minutes=int(TRIES[0][1].total_seconds() // 60))
        await tx.execute(
            insert(LoginAttempt).values(name_lookup=lookup, succeeded=False, attempted_at=tx.now)
        )


async def _login(tx: Tx, lookup: bytes) -> Row[Any] | None:
    return await tx.first(
        select(StaffLogin)
        .join(StaffMember, StaffMember.staff_id == StaffLogin.staff_id)
        .where(StaffLogin.name_lookup == lookup, StaffMember.active)
    )


async def _new_session(tx: Tx, staff_id: int) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await tx.execute(
        insert(StaffSession).values(
            token_hash=token_hash(tx.ctx, token),
            staff_id=staff_id,
            created_at=tx.now,
            seen_at=tx.now,
            verified_at=tx.now,
            expires_at=tx.now + ABSOLUTE,
        )
    )
    return token


async def sign_out(ctx: Ctx, session: Session) -> None:
    async with ctx.begin() as tx:
        await _end(tx, StaffSession.token_hash == session.token_hash)
        note_down(tx, session.actor, session.actor, "signed_out")


async def _end(tx: Tx, which: Any) -> None:
    await tx.execute(
        update(StaffSession).where(which, StaffSession.ended_at.is_(None)).values(ended_at=tx.now)
    )


async def staff_of_email(tx: Tx, email: str) -> int:
    """Whose address this is, for alerts. Raises Refused."""
    accounts = {tx.ctx.addresses.mail_account, "none"}
    keys = [tx.ctx.keyring.lookup("address", f"email\0{account}\0{email.strip()}") for account in accounts]
    found: int | None = await tx.scalar(
        select(Contact.staff_id)
        .where(Contact.channel == "email", Contact.address_lookup.in_(keys), Contact.staff_id.is_not(None))
        .limit(1)
    )
    if found is None:
        raise Refused("console.no_such_staff")
    return found


async def new_activation(
    tx: Tx, staff_id: int, email: str, by: str, *, forget_second_factor: bool = False
) -> str:
    """A code with which this person chooses a password: single use, a day. Nobody else ever chooses it."""
    code = base64.b32encode(secrets.token_bytes(ACTIVATION_BYTES)).decode().lower()
    values: dict[str, Any] = {
        "name_lookup": name_lookup(tx.ctx, email),
        "activation_hash": tx.ctx.keyring.lookup("staff_activation", code),
        "activation_expires_at": tx.now + ACTIVATION_LIVES,
        "changed_at": tx.now,
    }
    if forget_second_factor:
        values |= {"totp_sealed": None, "totp_last_step": None}
    await tx.execute(
        upsert(StaffLogin)
        .values(staff_id=staff_id, **values)
        .on_conflict_do_update(index_elements=["staff_id"], set_=values)
    )
    note_down(tx, f"staff:{staff_id}", by, "activation_made", second_factor_forgotten=forget_second_factor)
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


async def activate(ctx: Ctx, name: str, code: str, password: str) -> None:
    """Set the first (or a new) password with an activation code. Every session of this person ends."""
    passwords.check(password, name)
    lookup = name_lookup(ctx, name)
    await _try(ctx, lookup)
    kept = await passwords.hashed(password)
    typed = ctx.keyring.lookup("staff_activation", "".join(ch for ch in code.casefold() if ch.isalnum()))
    async with ctx.begin() as tx:
        login = await _login(tx, lookup)
        expires_at = login.activation_expires_at if login is not None else None
        if login is None or login.activation_hash is None or expires_at is None or expires_at <= tx.now:
            raise Refused("console.activate.wrong")
        if not hmac.compare_digest(login.activation_hash, typed):
            raise Refused("console.activate.wrong")
        used = await tx.execute(
            update(StaffLogin)
            .where(StaffLogin.staff_id == login.staff_id, StaffLogin.activation_hash == typed)
            .values(password_hash=kept, activation_hash=None, activation_expires_at=None, changed_at=tx.now)
        )
        if used.rowcount != 1:
            raise Refused("console.activate.wrong")
        await tx.execute(insert(LoginAttempt).values(name_lookup=lookup, succeeded=True, attempted_at=tx.now))
        await _end(tx, StaffSession.staff_id == login.staff_id)
        note_down(tx, f"staff:{login.staff_id}", f"staff:{login.staff_id}", "activated")


async def verify_again(ctx: Ctx, session: Session, password: str) -> None:
    """The password once more, for what needs it. Throttled like a sign-in."""
    async with ctx.begin() as tx:
        login = await tx.first(select(StaffLogin).where(StaffLogin.staff_id == session.staff_id))
    assert login is not None
    await _try(ctx, login.name_lookup)
    if not await passwords.fits(password, login.password_hash):
        raise Refused("console.password.wrong")
    async with ctx.begin() as tx:
        await tx.execute(
            insert(LoginAttempt).values(name_lookup=login.name_lookup, succeeded=True, attempted_at=tx.now)
        )
        await tx.execute(
            update(StaffSession)
            .where(StaffSession.token_hash == session.token_hash)
            .values(verified_at=tx.now)
        )


async def change_password(ctx: Ctx, session: Session, old: str, new: str) -> None:
    """Every other session of this person ends."""
    passwords.check(new, session.name)
    await verify_again(ctx, session, old)
    kept = await passwords.hashed(new)
    async with ctx.begin() as tx:
        await tx.execute(
            update(StaffLogin)
            .where(StaffLogin.staff_id == session.staff_id)
            .values(password_hash=kept, changed_at=tx.now)
        )
        others = StaffSession.token_hash != session.token_hash
        await _end(tx, (StaffSession.staff_id == session.staff_id) & others)
        note_down(tx, session.actor, session.actor, "password_changed")
