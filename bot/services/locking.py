"""One person at a time: whoever changes a participant's records holds this lock first."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, ColumnElement, any_, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute

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


# One array instead of a list of values: the same statement, prepared once, however many there are.
_GIVEN = bindparam("keys", type_=ARRAY(BigInteger))
_KEYS = any_(_GIVEN)


def _in_turn(key: InstrumentedAttribute[int]) -> ColumnElement[int]:
    """In the order in which they are given: whoever has waited longest. Else the same few would come first for ever."""
    return func.array_position(_GIVEN, key)


_A_PARTICIPANT = (
    select(Participant.participant_id)
    .where(Participant.participant_id == _KEYS)
    .order_by(_in_turn(Participant.participant_id))
    .limit(1)
    .with_for_update(skip_locked=True)
)
_A_STRANGER = (
    select(Contact.contact_id)
    .where(Contact.contact_id == _KEYS)
    .order_by(_in_turn(Contact.contact_id))
    .limit(1)
    .with_for_update(skip_locked=True)
)


async def try_lock(tx: Tx, lock_keys: list[int]) -> int | None:
    """Lock the first of these owners that nobody else holds. A key below zero is minus the contact of a stranger."""
    participants = [key for key in lock_keys if key > 0]
    if participants:
        row = (await tx.execute(_A_PARTICIPANT, {"keys": participants})).first()
        if row is not None:
            return int(row.participant_id)
    strangers = [-key for key in lock_keys if key < 0]
    if strangers:
        row = (await tx.execute(_A_STRANGER, {"keys": strangers})).first()
        if row is not None:
            return -int(row.contact_id)
    return None
