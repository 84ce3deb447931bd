"""Bind an address to a person: an invitation's code and the last four digits of the phone, tried a few times at most.

A wrong, a used and an expired invitation are answered alike, and nothing personal is shown before both agree.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from bot.db.people import CareLink, Contact, Correspondent, Invitation, LinkAttempt, Participant
from bot.db.sites import Site
from bot.dialogue.notes import InvitationTried
from bot.dialogue.turn import Phrase
from bot.services import outbox, people, sealing, timeline
from bot.services.alerts import Cause, raise_alert
from bot.services.auditing import of_participant
from bot.services.context import Tx
from bot.services.done import Begin, Done
from bot.services.locking import lock_participant
from bot.services.people import Who

CODE_BYTES = 16  # 128 bits
INVITATION_LIVES = timedelta(hours=72)
TRIES_OF_CONTACT = (5, timedelta(hours=1))
TRIES_OF_CODE = (5, timedelta(hours=72))  # then this invitation is void
REFUSED = Done(outcome="refused")


@dataclass(frozen=True, slots=True)
class Invited:
    code: str
    expires_at: datetime


async def invite(tx: Tx, participant_id: int, by: str, relation: str | None = None) -> Invited:
    """A fresh invitation; earlier unused ones of the same kind stop working."""
    await tx.execute(
        update(Invitation)
        .where(Invitation.participant_id == participant_id, Invitation.used_at.is_(None))
        .where(Invitation.voided_at.is_(None), Invitation.relation.is_not_distinct_from(relation))
        .values(voided_at=tx.now)
    )
    code = base64.urlsafe_b64encode(secrets.token_bytes(CODE_BYTES)).rstrip(b"=").decode()
    await tx.execute(
        insert(Invitation).values(
            participant_id=participant_id,
            relation=relation,
            code_hash=_hash(tx, code),
            created_at=tx.now,
            created_by=by,
            expires_at=tx.now + INVITATION_LIVES,
        )
    )
    of_participant(tx, participant_id, by, "invited")
    return Invited(code, tx.now + INVITATION_LIVES)


def _hash(tx: Tx, code: str) -> bytes:
    return tx.ctx.keyring.lookup("invitation", code)


def slot(tx: Tx, code: str) -> str:
    """What a conversation remembers of a code: its keyed hash."""
    return _hash(tx, code).hex() if code else ""


async def known_already(tx: Tx, who: Who, code: str) -> bool:
    """Whether a linked person only opened the door again: no code, or the one that let him in."""
    if not code:
        return True
    found = await tx.scalar(select(Invitation.used_by_contact).where(Invitation.code_hash == _hash(tx, code)))
    return bool(found == who.contact_id)


async def tried(tx: Tx, who: Who, note: InvitationTried, inbox_id: int | None) -> Done:
    """Link, or refuse without saying why."""
    code_hash = bytes.fromhex(note.code)
    if await _too_often(tx, who, code_hash):
        return REFUSED
    found = await tx.first(
        select(Invitation)
        .where(Invitation.code_hash == code_hash, Invitation.voided_at.is_(None))
        .with_for_update()
    )
    fits = found is not None and await _fits(tx, found.participant_id, note.last4)
    if found is not None and fits and await _telegram_off(tx, who, found.participant_id):
        return Done("off")  # the invitation stays good for the page
    linked = found is not None and fits and found.used_at is None and found.expires_at > tx.now
    await tx.execute(
        insert(LinkAttempt).values(
            contact_id=who.contact_id, code_hash=code_hash, linked=linked, attempted_at=tx.now
        )
    )
    if found is None or not linked:
        if found is not None and fits and found.used_at is not None:
            await _shared(tx, found.participant_id, found.invitation_id)
        return REFUSED
    await lock_participant(tx, found.participant_id)
    await tx.execute(
        update(Invitation)
        .where(Invitation.invitation_id == found.invitation_id)
        .values(used_at=tx.now, used_by_contact=who.contact_id)
    )
    relation = found.relation or await _until_told(tx, found.participant_id)
    await bind(tx, who, found.participant_id, relation)
    begin = await welcome(tx, who, found.participant_id)
    invited_as = {"invited_as": found.relation or ""}
    return Done("linked", begin=Begin(begin.script, {**begin.slots, **invited_as}))


async def _until_told(tx: Tx, participant_id: int) -> str:
    """Whoever opens it may be the participant or a relative: what the participant said is shown to neither before that.

    Where nobody has linked yet there is nothing to see.
    """
    return "self" if await _self(tx, participant_id) is None else "family"


async def _telegram_off(tx: Tx, who: Who, participant_id: int) -> bool:
    return who.channel == "telegram" and (await _site(tx, participant_id)).telegram_mode == "off"


async def _site(tx: Tx, participant_id: int) -> Row[Any]:
    return (
        await tx.execute(
            select(Site.name, Site.phone, Site.telegram_mode)
            .join(Participant, Participant.site_id == Site.site_id)
            .where(Participant.participant_id == participant_id)
        )
    ).one()


async def _too_often(tx: Tx, who: Who, code_hash: bytes) -> bool:
    most, span = TRIES_OF_CONTACT
    of_contact = await tx.scalar(
        select(func.count())
        .select_from(LinkAttempt)
        .where(LinkAttempt.contact_id == who.contact_id, LinkAttempt.attempted_at > tx.now - span)
    )
    most_of_code, span = TRIES_OF_CODE
    of_code = await tx.scalar(
        select(func.count())
        .select_from(LinkAttempt)
        .where(LinkAttempt.code_hash == code_hash, LinkAttempt.attempted_at > tx.now - span)
    )
    return bool(of_contact >= most or of_code >= most_of_code)


async def _fits(tx: Tx, participant_id: int, last4: str) -> bool:
    sealed = await tx.scalar(
        select(Participant.phone_sealed).where(Participant.participant_id == participant_id)
    )
    digits = "".join(ch for ch in await sealing.unseal_text(tx, sealed) if ch.isdigit())
    return len(digits) >= 4 and hmac.compare_digest(digits[-4:].encode(), last4.encode())


async def _shared(tx: Tx, participant_id: int, invitation_id: int) -> None:
    """A used invitation with the right digits: it was passed on, or the phone changed. Staff should know."""
    key = f"shared_invitation:{invitation_id}"
    await raise_alert(tx, Cause(participant_id, "shared_invitation", "routine", "shared_invitation@1", key))


async def bind(tx: Tx, who: Who, participant_id: int, relation: str) -> int:
    """Make this address the person's. An older telephone of the same person on the same channel is told, and left."""
    correspondent_id, key_id = await _correspondent(tx, participant_id, relation)
    address = await _address(tx, who.contact_id)
    await _leave_older(tx, who, correspondent_id)
    if who.participant_id not in (None, participant_id):  # reminders of another's doses that wait to leave
        await outbox.cancel_contact(tx, who.contact_id, pushed_only=True)
    await tx.execute(
        update(Contact)
        .where(Contact.contact_id == who.contact_id)
        .values(
            correspondent_id=correspondent_id,
            key_id=key_id,
            address_sealed=await sealing.seal(tx, key_id, "address", address),
            state="active",
            bound_at=tx.now,
        )
    )
    of_participant(
        tx,
        participant_id,
        f"correspondent:{correspondent_id}",
        "linked",
        contact=who.contact_id,
        relation=relation,
    )
    return correspondent_id


async def _address(tx: Tx, contact_id: int) -> bytes:
    sealed = await tx.scalar(select(Contact.address_sealed).where(Contact.contact_id == contact_id))
    address = await sealing.unseal(tx, sealed)
    assert address is not None
    return address


async def _correspondent(tx: Tx, participant_id: int, relation: str) -> tuple[int, uuid.UUID]:
    """The participant's own correspondent is one, on however many screens; each caregiver is another."""
    found = await _self(tx, participant_id) if relation == "self" else None
    if found is not None:
        return found.correspondent_id, found.key_id
    person = (
        await tx.execute(
            select(Participant.key_id, Participant.language).where(
                Participant.participant_id == participant_id
            )
        )
    ).one()
    key_id = person.key_id if relation == "self" else await sealing.new_key(tx, "correspondent")
    correspondent_id = await tx.scalar(
        insert(Correspondent)
        .values(key_id=key_id, language=person.language, created_at=tx.now)
        .returning(Correspondent.correspondent_id)
    )
    await tx.execute(
        insert(CareLink).values(
            correspondent_id=correspondent_id, participant_id=participant_id, relation=relation, since=tx.now
        )
    )
    return correspondent_id, key_id


async def _self(tx: Tx, participant_id: int) -> Row[Any] | None:
    return await tx.first(
        select(Correspondent.correspondent_id, Correspondent.key_id)
        .join(CareLink, CareLink.correspondent_id == Correspondent.correspondent_id)
        .where(
            CareLink.participant_id == participant_id, CareLink.relation == "self", CareLink.until.is_(None)
        )
    )


async def _leave_older(tx: Tx, who: Who, correspondent_id: int) -> None:
    for older in await people.contacts_of(tx, correspondent_id):
        if older.channel == who.channel and older.contact_id != who.contact_id:
            await _leave(tx, older)


async def _leave(tx: Tx, contact: Who) -> None:
    """Whoever holds this telephone learns nothing more; a kind sentence says so, and whom to call."""
    await outbox.cancel_contact(tx, contact.contact_id)
    phrase = Phrase("contact.rebound", {"site_phone": contact.site_phone})
    await outbox.reply(tx, contact, [phrase], None)
    await tx.execute(update(Contact).where(Contact.contact_id == contact.contact_id).values(state="moved"))


async def lost(tx: Tx, participant_id: int, by: str, relation: str | None = None) -> int:
    """A telephone is in other hands: all of the participant's (or of the family's) are left at once, before a new one is
    linked. Returns how many."""
    found = await tx.all(
        select(CareLink.correspondent_id).where(
            CareLink.participant_id == participant_id,
            CareLink.relation == (relation or "self"),
            CareLink.until.is_(None),
        )
    )
    left = [contact for row in found for contact in await people.contacts_of(tx, row.correspondent_id)]
    for contact in left:
        await _leave(tx, contact)
        of_participant(tx, participant_id, by, "phone_lost", contact=contact.contact_id)
    return len(left)


async def welcome(tx: Tx, who: Who, participant_id: int) -> Begin:
    course = await timeline.load(tx, participant_id)
    site = await _site(tx, participant_id)
    return Begin(
        "welcome",
        {
            "channel": who.channel,
            "words_here": "yes" if who.channel != "telegram" or site.telegram_mode == "full" else "no",
            "dose_time": course.dose_time.isoformat("minutes"),
            "quiet_from": course.quiet_from.isoformat("minutes"),
            "quiet_to": course.quiet_to.isoformat("minutes"),
            "study_name_id": course.study.title,
            "site_name": site.name,
            "site_phone": site.phone,
        },
    )
