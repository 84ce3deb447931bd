"""One person at a time: whoever changes a participant's records holds this lock first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Row,
    Select,
    SelectBase,
    any_,
    bindparam,
    cast,
    func,
    select,
)

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


def opening(due: SelectBase, *more: Any, most: int = 1) -> Select[Any]:
    """A transaction's first question: the clock, the owners whom `due` finds, and so many of them whom nobody else holds,
    locked from here on. `due` may ask for the clock as `CLOCK`; `more` are further columns.
    """
    array = ARRAY(BigInteger)
    found = select(_listed(due).label("owners")).cte("found")
    owners = select(found.c.owners).scalar_subquery()
    locked = (
        select(Participant.participant_id)
        .where(Participant.participant_id == any_(cast(owners, array)))
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("locked")
    )
    mine = _listed(select(locked.c.participant_id)).label("locked")
    return select(CLOCK.c.clock, owners.label("owners"), mine, *more)


def _listed(found: SelectBase) -> ColumnElement[list[int]]:
    return func.array(found.scalar_subquery(), type_=ARRAY(BigInteger))


CLOCK = select(func.suiyao_now().label("clock")).cte("clock")


async def locked_by(tx: Tx, opened: Row[Any]) -> int | None:
    """Whom `opening` has locked; otherwise a stranger among those whom it found."""
    if opened.locked:
        return int(opened.locked[0])
    strangers = [key for key in opened.owners if key < 0]
    return await try_lock(tx, strangers) if strangers else None


# One array instead of a list of values: the same statement, prepared once, however many there are.
_KEYS = any_(bindparam("keys", type_=ARRAY(BigInteger)))
_A_PARTICIPANT = (
    select(Participant.participant_id)
    .where(Participant.participant_id == _KEYS)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_A_STRANGER = (
    select(Contact.contact_id).where(Contact.contact_id == _KEYS).limit(1).with_for_update(skip_locked=True)
)


async def try_lock(tx: Tx, lock_keys: list[int]) -> int | None:
    """Lock one of these owners that nobody else holds. A key below zero is minus the contact of a stranger."""
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
