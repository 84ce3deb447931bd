"""Doses that were told as not taken, and what "taken" may still mean of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Row, select

from bot.db.built import built
from bot.db.doses import DoseEvent, DoseReport
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.dosing import Lateness, lateness
from schedules.regimen import is_held, next_due

# So long "taken" puts right what was told, whatever the rules say of taking it late.
A_DAY = timedelta(hours=24)
LATEST = timedelta(days=14)


async def still_taken(tx: Tx, course: Course) -> list[Row[Any]]:
    """Told as not taken within the last day, or by the study's rule still to be taken: "taken" is about them."""
    rows = await tx.all(_not_taken(course.participant_id, tx.now, tx.now - LATEST))
    return [
        row
        for row in rows
        if not is_held(course.timeline, row.drug, row.due_at)
        and (tx.now - row.due_at < A_DAY or _may_be_taken(course, row, tx.now))
    ]


async def meant(tx: Tx, course: Course, drug: str, taken_at: datetime) -> Row[Any] | None:
    """The dose of this drug that was told as not taken and that could still be taken then, as he was told."""
    rows = await tx.all(_not_taken(course.participant_id, taken_at, taken_at - LATEST))
    return next(
        (
            row
            for row in reversed(rows)
            if row.drug == drug
            and not is_held(course.timeline, drug, row.due_at)
            and _may_be_taken(course, row, taken_at)
        ),
        None,
    )


def _may_be_taken(course: Course, dose: Row[Any], at: datetime) -> bool:
    following = next_due(course.study, course.timeline, dose.drug, dose.due_at)
    late = lateness(course.study.drugs[dose.drug], dose.due_at, at, following)
    stopped = dose.drug in course.claimed_holds or is_held(course.timeline, dose.drug, at)
    return late is Lateness.TAKE and not stopped


@built
def _not_taken(participant_id: Any, until: Any, since: Any) -> Executable:
    last = (
        select(DoseReport.status)
        .where(DoseReport.dose_id == DoseEvent.dose_id)
        .order_by(DoseReport.dose_report_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(DoseEvent)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at <= until, DoseEvent.due_at > since, last == "not_taken")
        .order_by(DoseEvent.due_at, DoseEvent.drug)
    )
