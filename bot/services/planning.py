"""Write the next two weeks of doses and prompts. Planning twice changes nothing.

The past is planned otherwise only by a decision that reaches back to it; what was told is lost by none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, insert, select, update

from bot.db.doses import DoseEvent
from bot.db.timers import Timer
from bot.services import carrying, edge_plan, pro_plan, symptom_plan, timers, visit_plan
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.timeline import Course, load, status
from schedules.dosing import closes_at
from schedules.localtime import instant
from schedules.regimen import PlannedDose, expected_cycle, planned_doses

ASKABLE = timedelta(days=14)  # whatever a study says, nothing older is asked about
EXTEND_EVERY = timedelta(days=7)  # half the horizon: a week of outage costs no reminder
CYCLE_LIMIT = timedelta(days=60)
CATCH_UP_AFTER = timedelta(seconds=30)  # time to finish the welcome before the first question comes
CATCH_UP_LIVES = timedelta(days=4)
CATCHING_UP = ":catch_up:"  # in the key of such a timer
Key = tuple[str, int, int]  # drug, cycle, cycle day


@dataclass(frozen=True, slots=True)
class Change:
    """What a decision changes: prompts that will not go out, and prompts that will. `gone`: doses planned no more."""

    cancelled: int = 0
    new: int = 0
    gone: tuple[int, ...] = ()


async def catch_up(tx: Tx, participant_id: int, since: datetime | None = None) -> None:
    """Ask about doses that are due and were never asked about, because nobody could be told or nobody was to be asked.

    `since`: from when this holds, where that lies ahead.
    """
    due_at = max(since or tx.now, tx.now) + CATCH_UP_AFTER
    key = f"{participant_id}{CATCHING_UP}{tx.now.isoformat(timespec='seconds')}"
    await timers.set_timer(tx, "prompt", key, participant_id, due_at, due_at + CATCH_UP_LIVES)


async def replan(tx: Tx, participant_id: int, since: datetime | None = None) -> Change:
    """Bring the remembered plan to what the facts now say. The caller holds the participant's lock.

    `since`: from when a decision changes what was to be taken, where that lies behind.
    """
    course = _with_automatic_cycles(await load(tx, participant_id), tx.now)
    horizon = tx.now + timedelta(days=course.study.prompts.horizon_days)
    wanted: dict[Key, PlannedDose] = {
        _key(dose): dose for dose in planned_doses(course.study, course.timeline) if dose.due_at <= horizon
    }
    living = {_key(row): row for row in await _living(tx, participant_id)}
    stale = [row for key, row in living.items() if _is_stale(tx, row, wanted.get(key), since)]
    dropped, told = await _dropped(tx, stale, living, wanted)
    if dropped:
        await tx.execute(
            update(DoseEvent)
            .where(DoseEvent.dose_id.in_([row.dose_id for row in dropped]))
            .values(superseded_at=tx.now)
        )
    kept = set(living) - {_key(row) for row in dropped}
    new = [dose for key, dose in wanted.items() if key not in kept]
    fresh = await _plan(tx, course, new)
    await carrying.carry(tx, course, fresh, told)
    change = await _set_prompts(tx, course, dropped, list(wanted.values()))
    cancelled, checks = await symptom_plan.plan(tx, course, horizon)
    others = [await one.plan(tx, course, horizon) for one in (pro_plan, edge_plan, visit_plan)]
    await _set_next(tx, course)
    gone, asked = (sum(counts) for counts in zip(*others, strict=True))
    doses = tuple(row.dose_id for row in dropped)
    return Change(change.cancelled + cancelled + gone, change.new + checks + asked, doses)


def _key(dose: Row[Any] | PlannedDose) -> Key:
    return (dose.drug, dose.cycle, dose.cycle_day)


def _is_stale(tx: Tx, row: Row[Any], dose: PlannedDose | None, since: datetime | None) -> bool:
    """Whether the facts want it otherwise, and it may still be changed: ahead, or reached by a decision.

    A first day that was corrected moves its doses wherever they lie: two days cannot both be day 1.
    """
    if _same(row, dose):
        return False
    return row.due_at > tx.now or _moved(row, dose) or (since is not None and row.due_at >= since)


def _moved(row: Row[Any], dose: PlannedDose | None) -> bool:
    return dose is not None and dose.local_date != row.local_date


async def _dropped(
    tx: Tx, stale: list[Row[Any]], living: Mapping[Key, Row[Any]], wanted: Mapping[Key, PlannedDose]
) -> tuple[list[Row[Any]], list[carrying.Told]]:
    """Of the doses that should be otherwise those that give way; and what was told of these.

    A dose that was told keeps its place on its own day, with its hour and its milligrams: it must not be asked again. Nor
    may one that only moves to another hour while somebody is telling of it.
    """
    told = await carrying.reports(tx, [row.dose_id for row in stale])
    begun = await carrying.prompted(tx, [row.dose_id for row in stale if row.due_at > tx.now])
    dropped = {
        _key(row): row
        for row in stale
        if _moved(row, wanted.get(_key(row)))
        or not (row.dose_id in told or (row.dose_id in begun and _same_amount(row, wanted.get(_key(row)))))
    }
    # Told of the last dose of a cycle, and then the next cycle begins on that very day: that was its first dose.
    anew = {
        (dose.drug, dose.local_date) for key, dose in wanted.items() if key not in living or key in dropped
    }
    dropped |= {
        _key(row): row for row in stale if _key(row) not in wanted and (row.drug, row.local_date) in anew
    }
    return [*dropped.values()], [(row, told[row.dose_id]) for row in dropped.values() if row.dose_id in told]


def _same_amount(row: Row[Any], dose: PlannedDose | None) -> bool:
    return dose is not None and (row.local_date, row.dose_mg) == (dose.local_date, dose.dose_mg)


async def _plan(tx: Tx, course: Course, new: list[PlannedDose]) -> list[Row[Any]]:
    if not new:
        return []
    rows = [_row(tx, course, dose) for dose in new]
    return [*(await tx.execute(insert(DoseEvent).returning(*DoseEvent.__table__.columns), rows)).all()]


def _with_automatic_cycles(course: Course, now: datetime) -> Course:
    """Where the study lets cycles follow by themselves, the expected ones count as released."""
    horizon = (now + timedelta(days=course.study.prompts.horizon_days)).date()
    timeline = course.timeline
    while course.study.cycle_release == "automatic":
        following = expected_cycle(course.study, timeline)
        if following is None or following.first_date > horizon:
            break
        timeline = replace(timeline, cycles=(*timeline.cycles, following))
    return replace(course, timeline=timeline)


async def _living(tx: Tx, participant_id: int) -> list[Row[Any]]:
    return await tx.all(
        select(DoseEvent).where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
    )


def _same(row: Row[Any], dose: PlannedDose | None) -> bool:
    return dose is not None and (row.due_at, row.dose_mg, row.zone) == (dose.due_at, dose.dose_mg, dose.zone)


def _row(tx: Tx, course: Course, dose: PlannedDose) -> dict[str, Any]:
    return {
        "participant_id": course.participant_id,
        "drug": dose.drug,
        "cycle": dose.cycle,
        "cycle_day": dose.cycle_day,
        "dose_mg": dose.dose_mg,
        "local_date": dose.local_date,
        "local_time": dose.local_time,
        "zone": dose.zone,
        "due_at": dose.due_at,
        "definition": course.study_hash,
        "planned_at": tx.now,
        "superseded_at": None,
    }


async def _set_prompts(tx: Tx, course: Course, dropped: list[Row[Any]], wanted: list[PlannedDose]) -> Change:
    """One prompt for all doses of one instant that are not held, set again when a hold ends.

    A dose that is already past its asking window gets none.
    """
    pid = course.participant_id
    ends: dict[datetime, datetime] = {}
    for dose in wanted:
        if not dose.held:
            end = closes_at(course.study.drugs[dose.drug], dose.due_at)
            ends[dose.due_at] = max(end, ends.get(dose.due_at, end))
    gone = {row.due_at for row in dropped} | {dose.due_at for dose in wanted if dose.due_at > tx.now}
    cancelled = await tx.execute(
        update(Timer)
        .where(Timer.participant_id == pid, Timer.kind == "prompt", Timer.state == "waiting")
        .where(Timer.key.in_([prompt_key(pid, due_at) for due_at in gone - set(ends)]))
        .values(state="cancelled", settled_at=tx.now, outcome="replanned")
    )
    known = set((await tx.execute(_known_prompts(pid))).scalars())
    made = 0
    for due_at, end in sorted(ends.items()):
        if end > tx.now and prompt_key(pid, due_at) not in known:
            made += await timers.set_timer(tx, "prompt", prompt_key(pid, due_at), pid, due_at, end)
    return Change(int(cancelled.rowcount), made)


def _known_prompts(participant_id: int) -> Select[str]:
    return select(Timer.key).where(
        Timer.participant_id == participant_id, Timer.kind == "prompt", Timer.state != "cancelled"
    )


def prompt_key(participant_id: int, due_at: datetime) -> str:
    return f"{participant_id}:{due_at.isoformat(timespec='minutes')}"


def topic(due_at: datetime) -> str:
    """Of the conversation that asks about the doses of this hour, and about others that were not asked until then."""
    return f"doses:{due_at.isoformat(timespec='minutes')}"


async def _set_next(tx: Tx, course: Course) -> None:
    """When to plan on, and when the next cycle should be confirmed. Nothing after an end."""
    pid = course.participant_id
    if course.status == "ended":
        await timers.cancel(tx, pid, ("extend", "cycle_due"))
        return
    following_at = tx.now + EXTEND_EVERY
    await timers.set_timer(
        tx,
        "extend",
        f"{pid}:{following_at.date().isoformat()}",
        pid,
        following_at,
        following_at + timedelta(days=3650),
    )
    following = expected_cycle(course.study, course.timeline)
    if following is not None and course.study.cycle_release == "staff":
        await timers.cancel(tx, pid, ("cycle_due",))
        due_at = instant(following.first_date, course.quiet_to, course.zone)
        if course.timeline.ends_at is not None and due_at >= course.timeline.ends_at:
            return
        key = f"{pid}:{following.number}:{following.first_date.isoformat()}"
        await timers.set_timer(
            tx, "cycle_due", key, pid, due_at, due_at + CYCLE_LIMIT, {"cycle": following.number}
        )


async def extend(tx: Tx, timer: Row[Any]) -> str:
    change = await replan(tx, timer.participant_id)
    return f"planned:{change.new}"


async def cycle_due(tx: Tx, timer: Row[Any]) -> str:
    """The day on which a cycle would start without delay, and nobody has released it: staff confirm it or not."""
    if await status(tx, timer.participant_id) == "ended":
        return "ended"
    key = f"cycle_to_confirm:{timer.key}"
    await raise_alert(
        tx, Cause(timer.participant_id, "cycle_to_confirm", "routine", "cycle_to_confirm@1", key)
    )
    return "told_staff"
