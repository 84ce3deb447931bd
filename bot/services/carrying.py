"""What was told of a dose goes with it when the plan moves: nobody is asked again about what he has told.

A capsule that was swallowed stays on record whatever becomes of its dose: as the dose that is now planned on that day, or
beside the plan. The word itself is never touched: it is written again where it now belongs, and names what it replaces.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.doses import DosePrompt, DoseReport
from bot.services import judging, off_plan
from bot.services.auditing import of_participant
from bot.services.context import Tx
from bot.services.timeline import Course

Told = tuple[Row[Any], Row[Any]]  # a dose that is planned no more, and what was last told of it
AS_TOLD = ("drug", "status", "precision", "quantity", "reason", "note_sealed")
BY_WHOM = ("recorded_by", "as_whom", "contact_id", "inbox_id")


async def reports(tx: Tx, dose_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """What was last told of each of these doses."""
    if not dose_ids:
        return {}
    rows = await tx.all(
        select(DoseReport)
        .ext(distinct_on(DoseReport.dose_id))
        .where(DoseReport.dose_id.in_(dose_ids))
        .order_by(DoseReport.dose_id, DoseReport.dose_report_id.desc())
    )
    return {row.dose_id: row for row in rows}


async def prompted(tx: Tx, dose_ids: Sequence[int]) -> set[int]:
    """Of these doses those that were asked about, or begun to be told of before they were due."""
    if not dose_ids:
        return set()
    return set(
        (await tx.execute(select(DosePrompt.dose_id).where(DosePrompt.dose_id.in_(dose_ids)))).scalars()
    )


async def carry(tx: Tx, course: Course, fresh: Sequence[Row[Any]], gone: Sequence[Told]) -> None:
    """`fresh`: doses planned just now. Each takes the word about the same medicine on the same day, if there is one: that of
    a dose which gave way to it, or of an intake beside the plan ("I have begun", and then the cycle is released).
    """
    left = sorted(gone, key=lambda told: told[1].status != "taken")
    beside = await off_plan.intakes(tx, course) if fresh else []
    for dose in fresh:
        place = (dose.drug, dose.local_date)
        given = next((told for told in left if (told[0].drug, told[0].local_date) == place), None)
        stray = next((one for one in beside if (one.drug, one.on) == place), None)
        if given is not None:
            left.remove(given)
            await _write(tx, course, given[1], dose.dose_id, given[1].taken_at)
        elif stray is not None:
            beside.remove(stray)
            (report,) = stray.reports
            await _write(tx, course, report, dose.dose_id, report.taken_at)
        else:
            continue
        await judging.rejudge(tx, course, dose)
    for dose, report in left:
        if report.status == "taken":
            # Without an hour it keeps the day of its dose: that much was told.
            await _write(tx, course, report, None, report.taken_at or min(dose.due_at, report.recorded_at))


async def _write(
    tx: Tx, course: Course, report: Row[Any], dose_id: int | None, taken_at: datetime | None
) -> None:
    as_told = {name: getattr(report, name) for name in (*AS_TOLD, *BY_WHOM)}
    written = await tx.scalar(
        insert(DoseReport)
        .values(
            participant_id=course.participant_id,
            dose_id=dose_id,
            taken_at=taken_at,
            supersedes=report.dose_report_id,
            recorded_at=tx.now,
            **as_told,
        )
        .returning(DoseReport.dose_report_id)
    )
    of_participant(tx, course.participant_id, "system", "dose_carried", dose=dose_id, report=written)
