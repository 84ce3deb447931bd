"""Timers for reminders and questions besides doses. Planning twice changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from bot.db.timers import Timer
from bot.services import companions, timers
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.localtime import local
from schedules.visits import planned_visits

KIND = "visit"


async def plan(tx: Tx, course: Course, horizon: datetime) -> tuple[int, int]:
    """How many were cancelled, and how many are new."""
    pid, visits = course.participant_id, course.study.visits
    if visits is None:
        return 0, 0
    traits = await companions.traits(tx, pid)
    until = local(horizon, course.zone).date()
    wanted = {
        f"{pid}:{one.talk}:{one.due_on.isoformat()}": one
        for one in planned_visits(visits, course.timeline, traits, until)
        if tx.now < one.due_at <= horizon
    }
    waiting = await tx.all(
        select(Timer.key, Timer.payload).where(
            Timer.participant_id == pid, Timer.kind == KIND, Timer.state == "waiting"
        )
    )
    # One that waits for an answer about a dose is past its hour, and stays.
    ahead = {
        row.key: row.payload for row in waiting if datetime.fromisoformat(row.payload["due_at"]) > tx.now
    }
    payloads = {
        key: {
            "talk": one.talk,
            "rules": list(one.rules),
            "due_on": one.due_on.isoformat(),
            "due_at": one.due_at.isoformat(),
        }
        for key, one in wanted.items()
    }
    gone = [key for key, payload in ahead.items() if payloads.get(key) != payload]
    if gone:
        await tx.execute(
            update(Timer)
            .where(Timer.kind == KIND, Timer.state == "waiting", Timer.key.in_(gone))
            .values(state="cancelled", settled_at=tx.now, outcome="replanned")
        )
    new = 0
    for key, one in wanted.items():
        expires_at = one.due_at + timedelta(hours=visits.close_after_hours)
        new += await timers.set_timer(tx, KIND, key, pid, one.due_at, expires_at, payloads[key])
    return len(gone), new
