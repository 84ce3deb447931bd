"""The study's conditions before a cycle is released: shown with the preview, kept with it, overruled by a reason."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.labs import GateOutcome
from bot.db.symptoms import ProvisionalGrade, SymptomReport
from bot.errors import Refused
from bot.services import labs
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.gates import Finding, LabFact, Symptoms, ToxicityFact, assess, passed
from schedules.localtime import instant, local
from schedules.regimen import arm_in_force

OVERRIDES = ("investigator", "known_elsewhere", "part_of_drugs", "correction")


def is_release(course: Course, cycle: int) -> bool:
    """A cycle that has not been released before; a corrected first day is none."""
    return cycle > max((one.number for one in course.timeline.cycles), default=0)


async def findings(tx: Tx, course: Course, first_day: date) -> tuple[Finding, ...]:
    """What the conditions of the arm in force on that day come to, on what is on record now."""
    starts = instant(first_day, time(12, 0), course.zone)
    arm = arm_in_force(course.timeline, max(starts, tx.now))
    drugs = [one.drug for one in course.study.arms[arm].drugs] if arm else []
    known: dict[str, tuple[LabFact, ...]] = {}
    for row in await labs.results(tx, course.participant_id):
        known[row.test] = (*known.get(row.test, ()), LabFact(row.canonical, row.collected_on))
    symptoms = await _symptoms(tx, course, starts)
    return assess(course.study.cycle_gate, drugs, known, symptoms, first_day)


async def _symptoms(tx: Tx, course: Course, before: datetime) -> Symptoms | None:
    """Of every term the newest grade of the newest complete check, and the last one before treatment began."""
    latest = await tx.first(
        select(SymptomReport.symptom_report_id, SymptomReport.recorded_at)
        .where(SymptomReport.participant_id == course.participant_id, SymptomReport.complete)
        .where(SymptomReport.recorded_at <= max(before, tx.now))
        .order_by(SymptomReport.symptom_report_id.desc())
        .limit(1)
    )
    if latest is None:
        return None
    rows = await tx.all(
        select(ProvisionalGrade).where(ProvisionalGrade.symptom_report_id == latest.symptom_report_id)
    )
    baselines = await _baselines(tx, course)
    grades = tuple(ToxicityFact(row.term, row.grade, baselines.get(row.term)) for row in rows)
    return Symptoms(local(latest.recorded_at, course.zone).date(), grades)


async def _baselines(tx: Tx, course: Course) -> dict[str, int]:
    if not course.timeline.cycles:
        return {}
    first = min(one.first_date for one in course.timeline.cycles)
    rows = await tx.all(
        select(ProvisionalGrade.term, ProvisionalGrade.grade)
        .ext(distinct_on(ProvisionalGrade.term))
        .where(ProvisionalGrade.participant_id == course.participant_id)
        .where(ProvisionalGrade.recorded_at < instant(first, time(12, 0), course.zone))
        .order_by(ProvisionalGrade.term, ProvisionalGrade.provisional_grade_id.desc())
    )
    return {row.term: row.grade for row in rows}


def require(found: tuple[Finding, ...], override: str | None) -> None:
    """Raises Refused: a condition is not met or not assessable, and nobody says why the cycle begins all the same."""
    if passed(found):
        return
    if override not in OVERRIDES:
        raise Refused("console.gate.override")


async def keep(
    tx: Tx,
    course: Course,
    cycle: int,
    first_day: date,
    found: tuple[Finding, ...],
    override: str | None,
    by: str,
) -> None:
    """What was known when it was released, beside the release."""
    if not found:
        return
    reason = None if passed(found) else override
    await tx.execute(
        insert(GateOutcome),
        [
            {
                "participant_id": course.participant_id,
                "cycle": cycle,
                "first_day": first_day,
                "rule": f"{one.rule.id}@{one.rule.version}",
                "outcome": one.outcome.value,
                "why": one.why,
                "shown": one.shown or None,
                "fact_on": one.on,
                "definition": course.study_hash,
                "override_reason": reason,
                "recorded_at": tx.now,
                "recorded_by": by,
            }
            for one in found
        ],
    )
