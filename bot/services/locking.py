"""One person at a time: whoever changes a participant's records holds this lock first."""

from __future__ import annotations

from sqlalchemy import select

from bot.db.people import Contact, Participant
from bot.errors import Refused
from bot.services.context import Tx


async def lock_participant(tx: Tx, participant_id: int) -> None:
    """Wait for the participant. Raises Refused when there is none (or none that this transaction may see)."""
    statement = (
        select(Participant.participant_id)
        .where(Participant.participant_id == participant_id)
        .with_for_update()
    )
    if await tx.scalar(statement) is None:
        raise Refused("staff.no_such_participant")


async def try_lock(tx: Tx, lock_keys: list[int]) -> int | None:
    """Lock one of these owners that nobody else holds. A key below zero is minus the contact of a stranger."""
    participants = [key for key in lock_keys if key > 0]
    if participants:
        found: int | None = await tx.scalar(
            select(Participant.participant_id)
            .where(Participant.participant_id.in_(participants))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if found is not None:
            return found
    strangers = [-key for key in lock_keys if key < 0]
    if not strangers:
        return None
    contact: int | None = await tx.scalar(
        select(Contact.contact_id)
        .where(Contact.contact_id.in_(strangers))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return None if contact is None else -contact
