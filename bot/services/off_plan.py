"""Intakes that no plan had, as told: shown beside the planned doses, and never taken for one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, literal, select
from sqlalchemy.orm import aliased

from bot.db.doses import DoseReport
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.localtime import dosing_date
from schedules.regimen import Cycle, zone_in_force


@dataclass(frozen=True, slots=True)
class OffPlan:
    """`on`: the patient's own day of the intake; where no time was told, of the telling. `reports`: the one that told it."""

    drug: str
    on: date
    zone: str
    quantity: int
    reports: tuple[Row[Any]]


async def intakes(tx: Tx, course: Course) -> list[OffPlan]:
    """In order of their days; what was corrected later, or came to belong to a dose, is left out."""
    rows = await tx.all(
        select(DoseReport)
        .where(DoseReport.participant_id == course.participant_id, DoseReport.dose_id.is_(None))
        .where(DoseReport.status == "taken", ~_replaced())
        .order_by(DoseReport.dose_report_id)
    )
    return sorted((_intake(course, row) for row in rows), key=lambda one: (one.on, one.drug))


def _replaced() -> ColumnElement[bool]:
    later = aliased(DoseReport)
    # By which it is found without reading everybody's.
    of_same = later.participant_id == DoseReport.participant_id
    return (
        exists(literal(1))
        .where(of_same, later.supersedes == DoseReport.dose_report_id)
        .correlate_except(later)
    )


def _intake(course: Course, row: Row[Any]) -> OffPlan:
    at = row.taken_at or row.recorded_at
    zone = zone_in_force(course.timeline, at)
    return OffPlan(row.drug, dosing_date(at, zone, course.study.dosing_day_ends), zone, row.quantity, (row,))


def cycle_of(cycles: Sequence[Cycle], on: date) -> Cycle:
    """The last cycle begun by that day, however long it is over; before all of them the first. Needs one."""
    ordered = sorted(cycles, key=lambda cycle: cycle.first_date)
    return (
        [cycle for cycle in ordered if cycle.first_date <= on][-1]
        if ordered[0].first_date <= on
        else ordered[0]
    )
