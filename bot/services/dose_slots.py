"""What the dose conversation is begun with: each dose, how it is to be asked about, and what may be said of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Row, select

from bot.db.built import built
from bot.db.deployments import RestoreGap
from bot.db.doses import DoseEvent
from bot.dialogue.turn import JSON
from bot.services.context import Tx
from bot.services.not_now import not_now
from bot.services.people import Who
from bot.services.timeline import Course
from schedules.companions import medicines
from schedules.dosing import Lateness, lateness
from schedules.localtime import dosing_date, local
from schedules.regimen import is_held, next_due
from schedules.visit_rules import DAILY

JUST_NOW = timedelta(minutes=1)  # nearly every dose is asked about when it is due: then nothing is looked up


async def slots_for(
    tx: Tx, course: Course, doses: list[Row[Any]], who: Who, purpose: str, did: Collection[int] = ()
) -> dict[str, JSON]:
    """`did`: doses that were asked about before, so that whoever took one meanwhile is not told to take it."""
    kept, found = await not_now(tx, course), list[JSON]()
    for dose in doses:
        asked = "followup" if dose.dose_id in did else purpose
        found.append(await dose_slot(tx, course, dose, asked, kept))
    return {
        "doses": found,
        "site_phone": who.site_phone,
        "prompt_minutes_on_time": course.study.prompts.on_time_answer_minutes,
        "daily": "yes"
        if _of_today(tx, course, doses) and medicines(course.companions, tx.now, DAILY)
        else "no",
    }


def _of_today(tx: Tx, course: Course, doses: list[Row[Any]]) -> bool:
    """Only a dose of the day brings the day's other medicines along, not one of yesterday."""
    today = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
    return any(dose.local_date == today for dose in doses)


async def dose_slot(
    tx: Tx, course: Course, dose: Row[Any], purpose: str, kept: Collection[str] = ()
) -> dict[str, JSON]:
    """`kept`: medicines that nobody is told to take now."""
    drug = course.study.drugs[dose.drug]
    mode = mode_of(course, dose.drug, dose.due_at, tx.now, kept)
    if mode == "take" and (purpose == "followup" or await _perhaps_told(tx, dose.due_at)):
        mode = "did"
    return {
        "dose_id": str(dose.dose_id),
        "drug": dose.drug,
        "due_at": local(dose.due_at, dose.zone).isoformat(),
        "previous_at": await _previous(tx, dose),
        "dose_mg": format(dose.dose_mg.normalize(), "f"),
        "advice": drug.food_advice,
        "mode": mode,
        "held": held_now(course, dose.drug, tx.now),
    }


async def _perhaps_told(tx: Tx, due_at: datetime) -> bool:
    """It was due before a backup was restored, so that what was told of it may be lost, even where it is planned only
    now: decisions of the gap are entered again. Whoever may have taken it is not to take it twice."""
    if tx.now - due_at < JUST_NOW:
        return False
    return await tx.scalar(_restored_since(due_at)) is not None


@built
def _restored_since(instant: Any) -> Executable:
    return select(RestoreGap.restore_gap_id).where(RestoreGap.until >= instant).limit(1)


@built
def _before(participant_id: Any, drug: Any, due_at: Any) -> Executable:
    return (
        select(DoseEvent.due_at)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.drug == drug)
        .where(DoseEvent.superseded_at.is_(None), DoseEvent.due_at < due_at)
        .order_by(DoseEvent.due_at.desc())
        .limit(1)
    )


async def _previous(tx: Tx, dose: Row[Any]) -> JSON:
    """The dose before: a time that somebody tells lies after it."""
    found = await tx.scalar(_before(dose.participant_id, dose.drug, dose.due_at))
    return local(found, dose.zone).isoformat() if found else None


def held_now(course: Course, drug: str, now: datetime) -> str:
    """Whether the team has stopped it, as the script reads it: then nobody has to confirm that again."""
    return "yes" if is_held(course.timeline, drug, now) else "no"


def mode_of(course: Course, drug: str, due_at: datetime, now: datetime, kept: Collection[str] = ()) -> str:
    """How a dose is to be asked about now: take, did, or hold_check while a stop is only claimed.

    A hold that began after the dose was due, and an intake a short time ago, leave only the question.
    """
    if is_held(course.timeline, drug, now):
        return "did"
    if drug in course.claimed_holds:
        return "hold_check"
    if drug in kept:
        return "did"
    following = next_due(course.study, course.timeline, drug, due_at)
    decision = lateness(course.study.drugs[drug], due_at, now, following)
    return "take" if decision is Lateness.TAKE else "did"
