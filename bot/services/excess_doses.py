"""More taken than was meant: staff are told at once, and whoever said it gets the fixed text of that urgency.

Looked at whenever an intake is recorded, by whomever. Nothing is refused: what was swallowed stands in the record.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Executable, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.built import built
from bot.db.doses import DoseEvent, DoseReport
from bot.services import alert_life, danger
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.people import Who
from bot.services.timeline import Course
from schedules.excess import Excess, Intake, excess
from schedules.regimen import is_held

RULE = "rf14_{reason}@1"  # red flag RF-14: an extra dose


async def look(
    tx: Tx, course: Course, report_id: int, who: Who | None, inbox_id: int | None, *, expected: bool = False
) -> Excess | None:
    """Judge one recorded intake beside the drug's others; raise the alert that its study rule names.

    `expected`: no plan has it, and yet it was to be expected on that day.
    """
    intakes = await _intakes(tx, course)
    report = intakes.get(report_id)
    if report is None:
        return None
    drug, intake = report
    intake = replace(intake, planned=intake.planned or expected)
    rule = course.study.drugs[drug].extra
    if rule is None:
        return None
    others = [one for key, (name, one) in intakes.items() if name == drug and key != report_id]
    found = excess(rule, intake, others)
    if found is None:
        return None
    cause = Cause(
        course.participant_id,
        "extra_dose",
        rule.tier,
        RULE.format(reason=found.value),
        f"extra_dose:{report_id}",
        definition=course.study_hash,
        inbox_id=inbox_id,
    )
    if await raise_alert(tx, cause) is not None:
        await alert_life.reopen_milder(tx, course.participant_id, rule.tier)
        if who is not None:
            await danger.answer(tx, who, rule.tier, inbox_id, cause.key)
    return found


@built
def _planned(participant_id: Any) -> Executable:
    return (
        select(DoseReport, DoseEvent.due_at)
        .join(DoseEvent, DoseEvent.dose_id == DoseReport.dose_id)
        .ext(distinct_on(DoseReport.dose_id))
        .where(DoseReport.participant_id == participant_id)
        .order_by(DoseReport.dose_id, DoseReport.dose_report_id.desc())
    )


@built
def _beside(participant_id: Any) -> Executable:
    return select(DoseReport).where(DoseReport.participant_id == participant_id, DoseReport.dose_id.is_(None))


async def _intakes(tx: Tx, course: Course) -> dict[int, tuple[str, Intake]]:
    """What now counts as taken: the latest word about each dose, and every intake beside the plan; by report.

    What was written again elsewhere (the plan moved, or it belongs to a dose by now) is one intake and not two.
    """
    planned = await tx.all(_planned(course.participant_id))
    beside = await tx.all(_beside(course.participant_id))
    replaced = {row.supersedes for row in (*planned, *beside)}
    found: dict[int, tuple[str, Intake]] = {}
    for row in planned:
        held = is_held(course.timeline, row.drug, row.due_at)
        found[row.dose_report_id] = (row.drug, Intake(row.taken_at, row.quantity, planned=not held))
    for row in beside:
        found[row.dose_report_id] = (row.drug, Intake(row.taken_at, row.quantity, planned=False))
    return {
        key: found[key]
        for row in (*planned, *beside)
        if row.status == "taken" and row.dose_report_id not in replaced
        for key in (row.dose_report_id,)
    }
