"""Staff on Telegram: an own chat linked by a code, alerts with one button, and nothing else."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import insert, select, update

from bot.db.access import StaffCode
from bot.db.alerts import Alert
from bot.db.people import Contact, Participant
from bot.db.sites import StaffMember, StaffSite
from bot.dialogue.turn import Phrase, Value
from bot.errors import Refused
from bot.messages import Inbound, Kind
from bot.services import alert_life, outbox, sealing
from bot.services.alerts import ACKNOWLEDGE, ALERT_PRESS, CALLED
from bot.services.auditing import note_down
from bot.services.context import Tx
from bot.services.people import Who

CODE_BYTES = 16
CODE_LIVES = timedelta(minutes=30)
LONGEST_NUMBER = 18  # digits of an alert's: more are no number of ours


async def new_code(tx: Tx, staff_id: int) -> str:
    """A code that links one Telegram chat to this staff member: single use, half an hour."""
    code = base64.urlsafe_b64encode(secrets.token_bytes(CODE_BYTES)).rstrip(b"=").decode()
    await tx.execute(
        insert(StaffCode).values(
            staff_id=staff_id,
            code_hash=tx.ctx.keyring.lookup("staff_code", code),
            expires_at=tx.now + CODE_LIVES,
            tries=0,
            purpose="telegram",
        )
    )
    note_down(tx, f"staff:{staff_id}", f"staff:{staff_id}", "telegram_code_made")
    return code


async def link(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> bool:
    """Whether this was a staff member's code; then the chat is his from here on."""
    if inbound.kind is not Kind.START or not inbound.text or who.participant_id is not None:
        return False
    code_hash = tx.ctx.keyring.lookup("staff_code", inbound.text)
    row = await tx.first(
        select(StaffCode)
        .join(StaffMember, StaffMember.staff_id == StaffCode.staff_id)
        .where(StaffCode.code_hash == code_hash, StaffCode.used_at.is_(None), StaffCode.expires_at > tx.now)
        .where(StaffMember.active)
        .with_for_update(of=StaffCode)
    )
    if row is None:
        return False
    await tx.execute(
        update(StaffCode).where(StaffCode.staff_code_id == row.staff_code_id).values(used_at=tx.now)
    )
    staff = (await tx.execute(select(StaffMember).where(StaffMember.staff_id == row.staff_id))).one()
    await tx.execute(
        update(Contact)
        .where(Contact.contact_id == who.contact_id)
        .values(
            staff_id=row.staff_id,
            key_id=staff.key_id,
            address_sealed=await sealing.seal(tx, staff.key_id, "address", inbound.address),
            state="active",
            bound_at=tx.now,
        )
    )
    note_down(tx, f"staff:{row.staff_id}", f"staff:{row.staff_id}", "telegram_linked", contact=who.contact_id)
    await outbox.reply(tx, who, [Phrase("staff.linked")], inbox_id)
    return True


async def handle(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """A staff member's tap or words. Only the button of an alert does anything here."""
    assert who.staff_id is not None
    press = inbound.press
    if press is None or not press.token.startswith(ALERT_PRESS) or press.answer != ACKNOWLEDGE:
        await outbox.reply(tx, who, [Phrase("staff.alerts_only")], inbox_id)
        return "staff_words"
    number = press.token.removeprefix(ALERT_PRESS)
    if not (number.isascii() and number.isdecimal() and len(number) <= LONGEST_NUMBER):
        return "staff_stale"
    try:
        if not await _is_his(tx, int(number), who.staff_id):
            raise Refused("staff.no_such_alert", id=number)
        await alert_life.acknowledge(tx, int(number), who.staff_id)
    except Refused as refusal:
        phrase = Phrase(refusal.message_id, await _named(tx, refusal.values))
        await outbox.reply(tx, who, [phrase], inbox_id)
        return "staff_refused"
    await outbox.reply(tx, who, [Phrase("staff.alert.yours", {"id": number})], inbox_id)
    return "acknowledged"


async def _is_his(tx: Tx, alert_id: int, staff_id: int) -> bool:
    """Whether he is at work, at the alert's site, as one who is called for alerts: the number on a button proves nothing."""
    query = (
        select(Alert.alert_id)
        .join(Participant, Participant.participant_id == Alert.participant_id)
        .join(StaffSite, StaffSite.site_id == Participant.site_id)
        .join(StaffMember, StaffMember.staff_id == StaffSite.staff_id)
        .where(Alert.alert_id == alert_id, StaffMember.staff_id == staff_id)
        .where(StaffMember.active, StaffMember.role.in_(CALLED))
    )
    return await tx.scalar(query) is not None


async def _named(tx: Tx, values: Mapping[str, Value]) -> dict[str, Value]:
    """Who has it, by his role: a chat program learns no names of staff."""
    found = dict(values)
    number = str(found.get("who", "")).removeprefix("staff:")
    if number.isdecimal():
        query = select(StaffMember.role).where(StaffMember.staff_id == int(number))
        found["who"] = Phrase(f"role.{await tx.scalar(query)}")
    return found
