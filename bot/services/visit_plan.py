"""Timers for reminders and questions besides doses. Planning twice changes nothing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from bot.db.people import Consent
from bot.db.timers import Timer
from bot.services import timers
from bot.services.context import Tx
from bot.services.people import Who
from bot.services.timeline import Course, load
from schedules.companions import traits
from schedules.localtime import local
from schedules.visit_rules import DAILY, Visits
from schedules.visits import FIRST, PlannedVisit, daily_visits, first_visit, planned_visits

KIND, CLOSE = "visit", "visit_close"


async def plan(tx: Tx, course: Course, horizon: datetime) -> tuple[int, int]:
    """How many were cancelled, and how many are new."""
    pid, visits = course.participant_id, course.study.visits
    if visits is None:
        return 0, 0
    rows = {row.key: row for row in await _known(tx, pid)}
    first = rows.get(_first_key(pid))
    until = local(horizon, course.zone).date()
    first_on = date.fromisoformat(first.payload["due_on"]) if first else None
    by_rule = planned_visits(visits, course.timeline, traits(course.companions, tx.now), until, first_on)
    today = local(tx.now, course.zone).date()
    daily = daily_visits(course.study, course.timeline, course.companions, today, until)
    wanted = {_key(pid, one): one for one in (*by_rule, *daily) if tx.now < one.due_at <= horizon}
    # One that waits for an answer about a dose is past its hour, and stays.
    ahead = {
        key: row.payload
        for key, row in rows.items()
        if row.state == "waiting" and datetime.fromisoformat(row.payload["due_at"]) > tx.now
    }
    payloads = {key: _payload(one) for key, one in wanted.items()}
    gone = [key for key, payload in ahead.items() if payloads.get(key) != payload]
    await _cancel(tx, gone)
    new = 0
    for key, one in wanted.items():
        new += await _set(tx, pid, key, one, visits)
        if key in gone:  # moved: what it says of itself moves with it
            await tx.execute(
                update(Timer).where(Timer.kind == KIND, Timer.key == key).values(payload=payloads[key])
            )
    return len(gone), new


async def _known(tx: Tx, participant_id: int) -> list[Any]:
    """What waits, and what was asked after the welcome, whatever became of it."""
    return await tx.all(
        select(Timer.key, Timer.payload, Timer.state)
        .where(Timer.participant_id == participant_id, Timer.kind == KIND)
        .where(or_(Timer.state == "waiting", Timer.key == _first_key(participant_id)))
    )


def _first_key(participant_id: int) -> str:
    return f"{participant_id}:{FIRST}"


def _key(participant_id: int, one: PlannedVisit) -> str:
    if one.rules == (FIRST,):
        return _first_key(participant_id)
    return f"{participant_id}:{one.talk}:{one.due_on.isoformat()}"


def _payload(one: PlannedVisit) -> dict[str, Any]:
    return {
        "talk": one.talk,
        "rules": list(one.rules),
        "due_on": one.due_on.isoformat(),
        "due_at": one.due_at.isoformat(),
    }


async def _cancel(tx: Tx, keys: list[str]) -> None:
    if keys:
        await tx.execute(
            update(Timer)
            .where(Timer.kind == KIND, Timer.state == "waiting", Timer.key.in_(keys))
            .values(state="cancelled", settled_at=tx.now, outcome="replanned")
        )


async def _set(tx: Tx, participant_id: int, key: str, one: PlannedVisit, visits: Visits) -> bool:
    hours = visits.daily_close_after_hours if one.talk == DAILY else visits.close_after_hours
    expires_at = one.due_at + timedelta(hours=hours)
    return await timers.set_timer(tx, KIND, key, participant_id, one.due_at, expires_at, _payload(one))


async def welcomed(tx: Tx, who: Who) -> None:
    """The first consent of all who answer for this participant: what is asked once is planned, under its one key."""
    assert who.participant_id is not None
    given = select(func.count()).select_from(Consent).where(Consent.participant_id == who.participant_id)
    if await tx.scalar(given.where(Consent.matter == "health_data", Consent.decision == "given")) != 1:
        return
    course = await load(tx, who.participant_id)
    visits = course.study.visits
    if visits is None or visits.after_linking is None:
        return
    on = local(tx.now, course.zone).date() + timedelta(days=visits.after_linking.days)
    for one in first_visit(visits, course.timeline, on):
        await _set(tx, who.participant_id, _key(who.participant_id, one), one, visits)
    await plan(tx, course, tx.now + timedelta(days=course.study.prompts.horizon_days))
