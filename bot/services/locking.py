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
from sqlalchemy.orm import InstrumentedAttribute

from bot.db.people import Contact, Participant
from bot.errors import Refused
from bot.services.context import Tx

CLOCK = select(func.suiyao_now().label("clock")).cte("clock")


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

    A key below zero is minus the contact of a stranger: those are found, not locked (see `lock_stranger`).
    """
    found = select(_listed(due).label("owners")).cte("found")
    owners = select(found.c.owners).scalar_subquery()
    given = cast(owners, ARRAY(BigInteger))
    locked = _first_of(Participant.participant_id, given, most).cte("locked")
    mine = _listed(select(locked.c.participant_id)).label("locked")
    return select(CLOCK.c.clock, owners.label("owners"), mine, *more)


def _first_of(key: InstrumentedAttribute[int], given: ColumnElement[Any], most: int) -> Select[int]:
    """Those that come first in the list: whoever has waited longest. Else the same few would come first for ever."""
    return (
        select(key)
        .where(key == any_(given))
        .order_by(func.array_position(given, key))
        .limit(most)
        .with_for_update(skip_locked=True)
    )


def _listed(found: SelectBase) -> ColumnElement[list[int]]:
    return func.array(found.scalar_subquery(), type_=ARRAY(BigInteger))


async def locked_by(tx: Tx, opened: Row[Any]) -> int | None:
    """The key of whom `opening` has locked; otherwise of a stranger among those whom it found."""
    return int(opened.locked[0]) if opened.locked else await lock_stranger(tx, opened.owners)


_STRANGERS = bindparam("strangers", type_=ARRAY(BigInteger))
_A_STRANGER = _first_of(Contact.contact_id, _STRANGERS, 1)


async def lock_stranger(tx: Tx, keys: list[int]) -> int | None:
    """The key of the first of these strangers whom nobody else holds."""
    strangers = [-key for key in keys if key < 0]
    row = (await tx.execute(_A_STRANGER, {"strangers": strangers})).first() if strangers else None
    return None if row is None else -int(row.contact_id)
