"""What the study's rules make of a dose: of what was last told of it, and of the holds. A conclusion is only ever added."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, Row, insert, select

from bot.db.built import built
from bot.db.doses import DoseJudgement, DoseReport
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.dosing import Report, judge
from schedules.regimen import is_held, next_due


async def latest(tx: Tx, dose_id: int) -> Row[Any] | None:
    """What was last told of a dose."""
    return await tx.first(_newest(dose_id))


@built
def _newest(dose_id: Any) -> Executable:
    return (
        select(DoseReport)
        .where(DoseReport.dose_id == dose_id)
        .order_by(DoseReport.dose_report_id.desc())
        .limit(1)
    )


async def rejudge(tx: Tx, course: Course, dose: Row[Any]) -> None:
    """Conclude again from the latest report and the holds; only a changed conclusion is a new row."""
    last = await latest(tx, dose.dose_id)
    # "I cannot say" is an answer, but no word about the dose: it stays unanswered in the figures.
    told = last is not None and last.status != "cannot_say"
    report = Report(last.status == "taken", last.taken_at, last.quantity) if last and told else None
    judgement = judge(
        course.study.drugs[dose.drug].window,
        dose.due_at,
        held=is_held(course.timeline, dose.drug, dose.due_at),
        report=report,
        next_due_at=next_due(course.study, course.timeline, dose.drug, dose.due_at),
    )
    before = await tx.first(_judged(dose.dose_id))
    status, extra = (judgement.status.value, judgement.extra) if judgement else ("none", 0)
    if (status, extra) == ((before.status, before.extra) if before else ("none", 0)):
        return
    cause = f"report:{last.dose_report_id}" if last else "hold"
    row = {"dose_id": dose.dose_id, "status": status, "extra": extra, "definition": course.study_hash}
    await tx.do(_JUDGEMENT, [{**row, "cause": cause, "recorded_at": tx.now}])


_JUDGEMENT = insert(DoseJudgement)


@built
def _judged(dose_id: Any) -> Executable:
    return (
        select(DoseJudgement.status, DoseJudgement.extra)
        .where(DoseJudgement.dose_id == dose_id)
        .order_by(DoseJudgement.dose_judgement_id.desc())
        .limit(1)
    )
