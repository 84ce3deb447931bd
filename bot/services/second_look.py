"""A message that was kept back (a wait, an outage) is looked at once more before it goes: it may be night by now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.outbox import OutboundMessage
from bot.db.regimens import Habit
from bot.services import timeline
from bot.services.context import Tx
from schedules.localtime import next_awake

AT_ONCE = timedelta(minutes=1)  # who wrote it looked at the clock; so long that look holds


async def may_go(tx: Tx, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The rows that may leave now. Others wait until the person is awake, or are cancelled where nothing unasked may come.

    Needs `message_id`, `participant_id`, `pushed` and `created_at`. What waits past its limit expires by itself. Two
    statements more where anything is old, however much.
    """
    old = [row for row in rows if row.pushed and row.participant_id and tx.now - row.created_at > AT_ONCE]
    if not old:
        return list(rows)
    people = sorted({row.participant_id for row in old})
    habits = {row.participant_id: row for row in await _latest(tx, Habit, Habit.habit_id, people)}
    statuses = await timeline.statuses_of(tx, people)
    silent = {who for who, status in statuses.items() if status != "active"}
    kept = set()
    for row in old:
        habit = habits.get(row.participant_id)
        awake = next_awake(tx.now, habit.zone, habit.quiet_from, habit.quiet_to) if habit else tx.now
        if row.participant_id in silent:
            await _set(tx, row.message_id, state="cancelled", settled_at=tx.now)
        elif awake > tx.now:
            await _set(tx, row.message_id, send_after=awake)
        else:
            continue
        kept.add(row.message_id)
    return [row for row in rows if row.message_id not in kept]


async def _latest(tx: Tx, table: Any, key: Any, people: list[int]) -> list[Row[Any]]:
    """Of each of these people the row in force now."""
    return await tx.all(
        select(table)
        .ext(distinct_on(table.participant_id))
        .where(table.participant_id.in_(people), table.effective_from <= tx.now)
        .order_by(table.participant_id, table.effective_from.desc(), key.desc())
    )


async def _set(tx: Tx, message_id: int, **values: Any) -> None:
    await tx.execute(update(OutboundMessage).where(OutboundMessage.message_id == message_id).values(**values))
