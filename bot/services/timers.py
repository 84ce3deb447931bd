"""Set, cancel and fire what waits. Any number of processes may fire: each locks one owner, skipping locked ones.

A timer asks again whether it is still true when it fires; past its limit it expires, and says so.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Executable,
    Row,
    Select,
    Text,
    any_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError

from bot.db.built import Listed, built, changed
from bot.db.timers import Timer
from bot.services import auditing
from bot.services.context import Ctx, Tx
from bot.services.locking import CLOCK, opening
from bot.services.together import CANDIDATES, TOGETHER, serve

log = logging.getLogger(__name__)

TRIES = 3
TRY_AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Postpone:
    """Not now: fire at this instant instead (quiet hours, say)."""

    until: datetime


# kind, key, participant_id, due_at, expires_at, payload
New = tuple[str, str, int | None, datetime, datetime, Mapping[str, Any]]
Fire = Callable[[Tx, Row[Any]], Awaitable[str | Postpone]]


_NAMES = ("kind", "key", "participant_id", "due_at", "expires_at", "payload", "created_at", "state", "tries")
_FRESH = ("waiting", 0)


def _setting(row: Insert) -> Insert:
    """What was cancelled is set anew; anything else that is there stays."""
    return row.on_conflict_do_update(
        index_elements=["kind", "key"],
        set_={
            "state": "waiting",
            "due_at": row.excluded.due_at,
            "expires_at": row.excluded.expires_at,
            "settled_at": None,
            "outcome": None,
        },
        where=Timer.state == "cancelled",
    )


_SET = _setting(upsert(Timer).values({name: bindparam(name) for name in _NAMES})).returning(Timer.timer_id)
_SET_ALL = Listed(Timer, _NAMES, _setting, once=("kind", "key"))


async def set_timer(
    tx: Tx,
    kind: str,
    key: str,
    participant_id: int | None,
    due_at: datetime,
    expires_at: datetime,
    payload: Mapping[str, Any] | None = None,
) -> bool:
    """True when the timer is new, or was cancelled before: setting it twice changes nothing."""
    given = (kind, key, participant_id, due_at, expires_at, dict(payload or {}), tx.now, *_FRESH)
    tx.woken.add("timers")
    return (await tx.execute(_SET, dict(zip(_NAMES, given, strict=True)))).first() is not None


async def set_timers(tx: Tx, rows: Sequence[New]) -> None:
    """Several at once, each as for `set_timer`."""
    tx.woken.add("timers")
    await tx.do(_SET_ALL, [dict(zip(_NAMES, (*row, tx.now, *_FRESH), strict=True)) for row in rows])


async def cancel(tx: Tx, participant_id: int, kinds: tuple[str, ...], key_prefix: str = "") -> int:
    return int((await tx.execute(_cancelled(participant_id, list(kinds), key_prefix, tx.now))).rowcount)


@built
def _cancelled(participant_id: Any, kinds: Any, key_prefix: Any, now: Any) -> Executable:
    return (
        update(Timer)
        .where(Timer.participant_id == participant_id, Timer.state == WAITING)
        .where(
            Timer.kind == any_(cast(kinds, ARRAY(Text))), func.starts_with(Timer.key, cast(key_prefix, Text))
        )
        .values(state="cancelled", settled_at=now, outcome="cancelled")
    )


# Written into the statement: an index of what waits serves no query that might ask for another state.
WAITING: ColumnElement[str] = literal_column("'waiting'")
_DUE = (Timer.state == WAITING, Timer.due_at <= select(CLOCK.c.clock).scalar_subquery())
# The oldest only, however many are due: nobody has so many that one who is being served hides all others.
_FIRST = (
    select(Timer.participant_id, Timer.due_at)
    .where(*_DUE, Timer.participant_id.is_not(None))
    .order_by(Timer.due_at)
    .limit(4 * CANDIDATES)
    .subquery("first")
)
_OWNERS = (
    select(_FIRST.c.participant_id)
    .group_by(_FIRST.c.participant_id)
    .order_by(func.min(_FIRST.c.due_at))
    .limit(CANDIDATES)
)
# Who has something due, the longest due first, and whether something due belongs to nobody.
_NOBODYS = exists().where(*_DUE, Timer.participant_id.is_(None)).label("nobodys")
_OPENING = opening(_OWNERS, _NOBODYS)
_SEVERAL = opening(_OWNERS, _NOBODYS, most=TOGETHER)
_OF_NOBODY = opening(_OWNERS.where(false()), _NOBODYS)


async def fire_next(ctx: Ctx, kinds: Mapping[str, Fire], whose: Select[Any] = _OPENING) -> bool:
    """Fire the oldest due timer of one participant whom nobody else is serving. False: nothing was due."""
    timer_id: int | None = None
    try:
        async with ctx.begin_with(whose) as (tx, opened):
            row = await _next(tx, opened) if opened.owners or opened.nobodys else None
            if row is None:
                return False
            timer_id = row.timer_id
            await _fire(tx, row, kinds)
            return True
    except Exception as problem:
        if timer_id is None or (isinstance(problem, DBAPIError) and problem.connection_invalidated):
            raise
        log.exception("A timer could not be fired", extra={"action": "timer_failed", "timer_id": timer_id})
        await _failed(ctx, timer_id)
        return True


async def fire_several(ctx: Ctx, kinds: Mapping[str, Fire]) -> bool:
    """The oldest due timer of each of several people at once. False: nothing was due."""
    served, opened = await serve(ctx, _SEVERAL, partial(_fire_of, kinds), lambda _: fire_next(ctx, kinds))
    # A digest waits no longer than the others.
    return served | (opened.nobodys and await fire_next(ctx, kinds, _OF_NOBODY))


async def _fire_of(kinds: Mapping[str, Fire], participant_id: int, tx: Tx) -> None:
    row = await tx.first(_oldest_of(participant_id, tx.now))
    if row is not None:
        await _fire(tx, row, kinds)
        await auditing.write(tx)


def _oldest(now: Any) -> Select[Any]:
    waiting = select(Timer).where(Timer.state == WAITING, Timer.due_at <= now)
    return waiting.order_by(Timer.due_at, Timer.timer_id).limit(1)


async def _next(tx: Tx, opened: Row[Any]) -> Row[Any] | None:
    if opened.locked:
        return await tx.first(_oldest_of(opened.locked[0], tx.now))
    return await tx.first(_oldest_of_nobody(tx.now))


@built
def _oldest_of(participant_id: Any, now: Any) -> Executable:
    return _oldest(now).where(Timer.participant_id == participant_id)


@built
def _oldest_of_nobody(now: Any) -> Executable:
    return _oldest(now).where(Timer.participant_id.is_(None)).with_for_update(skip_locked=True)


async def _fire(tx: Tx, row: Row[Any], kinds: Mapping[str, Fire]) -> None:
    if row.expires_at <= tx.now:
        await _set(tx, row.timer_id, state="expired", settled_at=tx.now, outcome="too_late")
        return
    result = await kinds[row.kind](tx, row)
    if isinstance(result, Postpone):
        await _set(tx, row.timer_id, due_at=result.until)
        return
    await _set(tx, row.timer_id, state="fired", settled_at=tx.now, outcome=result)
    tx.woken.add("outbox")


async def _failed(ctx: Ctx, timer_id: int) -> None:
    """Try again in a minute; after a few tries park it, so that it blocks nobody, and tell staff."""
    async with ctx.begin() as tx:
        row = await tx.first(
            select(Timer).where(Timer.timer_id == timer_id).with_for_update(skip_locked=True)
        )
        if row is None or row.state != "waiting":
            return
        if row.tries + 1 < TRIES:
            await _set(tx, timer_id, tries=row.tries + 1, due_at=tx.now + TRY_AGAIN)
            return
        await _set(tx, timer_id, state="parked", tries=row.tries + 1, settled_at=tx.now, outcome="parked")
        if row.participant_id is not None:
            from bot.services.alerts import Cause, raise_alert

            cause = Cause(
                row.participant_id, "reminder_failed", "urgent", "reminder_failed@1", f"timer:{timer_id}"
            )
            await raise_alert(tx, cause)


async def _set(tx: Tx, timer_id: int, **values: Any) -> None:
    await tx.do(*changed(Timer.timer_id, timer_id, values))
