"""Timers for the questions at the edges of a cycle. Planning twice changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.db.timers import Timer
from bot.services import timers
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.edges import planned_edges

KIND = "edge"


async def plan(tx: Tx, course: Course, horizon: datetime) -> tuple[int, int]:
    """How many were cancelled, and how many are new."""
    pid, rule = course.participant_id, course.study.edges
    if rule is None:
        return 0, 0
    wanted = {
        f"{pid}:{one.kind}:{one.cycle}:{one.due_on.isoformat()}": one
        for one in planned_edges(course.study, course.timeline)
        if tx.now < one.due_at <= horizon
    }
    waiting = await tx.all(
        select(Timer.key, Timer.payload).where(
            Timer.participant_id == pid, Timer.kind == KIND, Timer.state == "waiting"
        )
    )
    # One that waits for an answer about a dose is past its hour, and stays.
    ahead = {row.key: datetime.fromisoformat(row.payload["due_at"]) for row in waiting}
    gone = [
        key
        for key, due_at in ahead.items()
        if due_at > tx.now and (key not in wanted or wanted[key].due_at != due_at)
    ]
    if gone:
        await tx.execute(
            update(Timer)
            .where(Timer.kind == KIND, Timer.state == "waiting", Timer.key.in_(gone))
            .values(state="cancelled", settled_at=tx.now, outcome="replanned")
        )
    new = 0
    for key, one in wanted.items():
        expires_at = one.due_at + timedelta(hours=rule.close_after_hours)
        payload = {
            "kind": one.kind.value,
            "cycle": one.cycle,
            "due_on": one.due_on.isoformat(),
            "due_at": one.due_at.isoformat(),
        }
        new += await timers.set_timer(tx, KIND, key, pid, one.due_at, expires_at, payload)
        if key in gone:  # a timer that comes back has still the hour of before in its payload
            await tx.execute(
                update(Timer).where(Timer.kind == KIND, Timer.key == key).values(payload=payload)
            )
    return len(gone), new
