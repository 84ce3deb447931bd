"""Timers for the symptom checks ahead. Planning twice changes nothing; a check that was asked is never touched."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, select, update

from bot.db.built import built
from bot.db.symptoms import SymptomCheck
from bot.db.timers import Timer
from bot.services import timers
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.localtime import local
from schedules.symptom_days import planned_checks

KIND = "symptom_check"


async def plan(tx: Tx, course: Course, horizon: datetime) -> tuple[int, int]:
    """How many checks were cancelled, and how many are new."""
    pid, rule = course.participant_id, course.study.symptom_check
    wanted = {
        f"{pid}:{one.due_on.isoformat()}": one
        for one in planned_checks(course.study, course.timeline, local(horizon, course.zone).date())
        if one.due_at > tx.now and one.due_at <= horizon
    }
    waiting = await tx.all(
        select(Timer.key, Timer.payload).where(
            Timer.participant_id == pid, Timer.kind == KIND, Timer.state == "waiting"
        )
    )
    # One that waits for the answer about a dose is past its hour, and stays.
    ahead = {row.key: row.payload["due_at"] for row in waiting if _instant(row.payload["due_at"]) > tx.now}
    gone = [
        key for key, due_at in ahead.items() if key not in wanted or wanted[key].due_at != _instant(due_at)
    ]
    if gone:
        await tx.execute(
            update(Timer)
            .where(Timer.kind == KIND, Timer.state == "waiting", Timer.key.in_(gone))
            .values(state="cancelled", settled_at=tx.now, outcome="replanned")
        )
    query = select(SymptomCheck.due_on).where(SymptomCheck.participant_id == pid)
    asked = set((await tx.execute(query)).scalars())
    new = 0
    for key, one in wanted.items():
        if rule is not None and one.due_on not in asked and (key not in ahead or key in gone):
            expires_at = one.due_at + timedelta(hours=rule.close_after_hours)
            payload = {"due_on": one.due_on.isoformat(), "due_at": one.due_at.isoformat()}
            new += await timers.set_timer(tx, KIND, key, pid, one.due_at, expires_at, payload)
            # A timer that comes back from being cancelled has still the hour of before in its payload.
            await tx.execute(
                update(Timer)
                .where(Timer.kind == KIND, Timer.key == key, Timer.state == "waiting")
                .values(payload=payload)
            )
    return len(gone), new


def _instant(told: str) -> datetime:
    return datetime.fromisoformat(told)


@built
def _waiting(participant_id: Any) -> Executable:
    return select(Timer.timer_id, Timer.payload).where(
        Timer.participant_id == participant_id, Timer.kind == KIND, Timer.state == "waiting"
    )


async def follow_dose(tx: Tx, participant_id: int) -> None:
    """Every dose is answered: a check that waited for that comes now."""
    waiting = await tx.all(_waiting(participant_id))
    due = [row.timer_id for row in waiting if _instant(row.payload["due_at"]) <= tx.now]
    if due:
        await tx.execute(update(Timer).where(Timer.timer_id.in_(due)).values(due_at=tx.now))
        tx.woken.add("timers")
