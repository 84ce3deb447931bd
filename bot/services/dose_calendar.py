"""The doses of one participant with where each stands, cycle by cycle. Counts nothing by itself: schedules.adherence does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.conversations import Question
from bot.db.doses import DoseEvent, DoseJudgement, DosePrompt, DoseReport
from bot.db.outbox import OutboundMessage
from bot.errors import Refused
from bot.services.context import Tx
from bot.services.off_plan import OffPlan, cycle_of
from bot.services.timeline import Course
from schedules.adherence import DoseFact, Tally, standing, tally
from schedules.dosing import DoseStatus, Judgement, closes_at
from schedules.localtime import dosing_date
from schedules.regimen import Cycle, PlannedDose, is_held

PLANNED = "planned"  # not due yet


@dataclass(frozen=True, slots=True)
class Dose:
    """One dose. `standing`: a word of schedules.adherence.Standing, or planned; `reports`: what was said, oldest first."""

    dose_id: int
    drug: str
    cycle: int
    cycle_day: int
    mg: str
    due_at: datetime
    zone: str
    standing: str
    reports: tuple[Row[Any], ...]
    extra: int
    fact: DoseFact

    @property
    def said(self) -> Row[Any] | None:
        return self.reports[-1] if self.reports else None


@dataclass(frozen=True, slots=True)
class Day:
    """`number` is that of the cycle's plan; days before and after it stand only where something was taken on them."""

    number: int
    on: date
    doses: tuple[Dose, ...]
    today: bool
    beside: tuple[OffPlan, ...] = ()


@dataclass(frozen=True, slots=True)
class CycleView:
    number: int
    first_date: date
    days: tuple[Day, ...]
    figures: tuple[tuple[str, Tally], ...]  # per drug, doses due by now


async def doses(tx: Tx, course: Course, dose_id: int | None = None) -> list[Dose]:
    """All living doses in order of time, or the one asked for."""
    query = select(DoseEvent).where(
        DoseEvent.participant_id == course.participant_id, DoseEvent.superseded_at.is_(None)
    )
    if dose_id is not None:
        query = query.where(DoseEvent.dose_id == dose_id)
    rows = await tx.all(query.order_by(DoseEvent.due_at, DoseEvent.drug))
    reports: dict[int, list[Row[Any]]] = {}
    for report in await tx.all(
        select(DoseReport)
        .where(DoseReport.participant_id == course.participant_id)
        .order_by(DoseReport.dose_report_id)
    ):
        reports.setdefault(report.dose_id, []).append(report)
    judged = await _judgements(tx, course.participant_id)
    asked = await _asked(tx, course.participant_id)
    return [
        _dose(tx, course, row, reports.get(row.dose_id, []), judged.get(row.dose_id), row.dose_id in asked)
        for row in rows
    ]


async def one(tx: Tx, course: Course, dose_id: int) -> Dose:
    """Raises Refused for a dose that is not this participant's, or no longer planned."""
    found = await doses(tx, course, dose_id)
    if not found:
        raise Refused("console.no_such_dose")
    return found[0]


async def _judgements(tx: Tx, participant_id: int) -> dict[int, Judgement]:
    rows = await tx.all(
        select(DoseJudgement)
        .ext(distinct_on(DoseJudgement.dose_id))
        .join(DoseEvent, DoseEvent.dose_id == DoseJudgement.dose_id)
        .where(DoseEvent.participant_id == participant_id)
        .order_by(DoseJudgement.dose_id, DoseJudgement.dose_judgement_id.desc())
    )
    # "none" takes an earlier judgement back.
    return {
        row.dose_id: Judgement(DoseStatus(row.status), row.cause, row.extra)
        for row in rows
        if row.status != "none"
    }


async def _asked(tx: Tx, participant_id: int) -> set[int]:
    """Doses about which a question was delivered. What was never delivered was never asked."""
    rows = await tx.all(
        select(DosePrompt.dose_id)
        .distinct()
        .join(Question, Question.conversation_id == DosePrompt.conversation_id)
        .join(OutboundMessage, OutboundMessage.token == Question.token)
        .where(OutboundMessage.participant_id == participant_id, OutboundMessage.state == "sent")
    )
    return {row.dose_id for row in rows}


def _dose(
    tx: Tx, course: Course, row: Row[Any], reports: list[Row[Any]], judged: Judgement | None, asked: bool
) -> Dose:
    held = is_held(course.timeline, row.drug, row.due_at)
    planned = PlannedDose(
        row.drug,
        row.cycle,
        row.cycle_day,
        row.dose_mg,
        row.local_date,
        row.local_time,
        row.zone,
        row.due_at,
        held,
    )
    taken_at = reports[-1].taken_at if reports and reports[-1].status == "taken" else None
    closes = closes_at(course.study.drugs[row.drug], row.due_at)
    fact = DoseFact(planned, judged, closes, asked, taken_at)
    where = standing(fact, tx.now)
    return Dose(
        row.dose_id,
        row.drug,
        row.cycle,
        row.cycle_day,
        format(row.dose_mg.normalize(), "f"),
        row.due_at,
        row.zone,
        where.value if where else ("held" if held else PLANNED),
        tuple(reports),
        judged.extra if judged else 0,
        fact,
    )


def taken_on(course: Course, dose: Dose) -> date:
    """The patient's own day on which it was taken, as told; without a time the day it was planned for."""
    at = dose.said.taken_at if dose.said is not None else None
    return (
        dose.fact.dose.local_date if at is None else dosing_date(at, dose.zone, course.study.dosing_day_ends)
    )


def cycles(
    course: Course, found: list[Dose], beside: Sequence[OffPlan], now: datetime, today: date
) -> tuple[CycleView, ...]:
    """Newest first, every day of each; a cycle that ended early shows the days it had.

    Days outside of it stand only where something was taken `beside` the plan.
    """
    starts = sorted(course.timeline.cycles, key=lambda cycle: cycle.first_date)
    ends = [cycle.first_date for cycle in starts[1:]] + [date.max]
    views = [
        _cycle(
            course,
            cycle,
            end,
            [dose for dose in found if dose.cycle == cycle.number],
            [one for one in beside if cycle_of(starts, one.on) == cycle],
            now,
            today,
        )
        for cycle, end in zip(starts, ends, strict=True)
    ]
    return tuple(reversed(views))


def _cycle(
    course: Course,
    cycle: Cycle,
    end: date,
    found: list[Dose],
    beside: Sequence[OffPlan],
    now: datetime,
    today: date,
) -> CycleView:
    length = min(course.study.cycle_days, (end - cycle.first_date).days)
    numbers = {(one.on - cycle.first_date).days + 1 for one in beside} | {*range(1, length + 1)}
    days = []
    for number in sorted(numbers):
        on = cycle.first_date + timedelta(days=number - 1)
        doses = tuple(dose for dose in found if dose.cycle_day == number)
        days.append(Day(number, on, doses, on == today, tuple(one for one in beside if one.on == on)))
    drugs = dict.fromkeys((*(dose.drug for dose in found), *(one.drug for one in beside)))
    figures = tuple((drug, _figures(drug, found, beside, now)) for drug in drugs)
    return CycleView(cycle.number, cycle.first_date, tuple(days), figures)


def _figures(drug: str, found: list[Dose], beside: Sequence[OffPlan], now: datetime) -> Tally:
    planned = tally([dose.fact for dose in found if dose.drug == drug], now)
    return replace(planned, extra=planned.extra + sum(one.quantity for one in beside if one.drug == drug))
