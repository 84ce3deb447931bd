"""A dose that no plan had: asked which and when, recorded, never refused. And a dose that came up again."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, exists, func, insert, literal, select

from bot.db.doses import DoseEvent, DoseIncident, DoseReport
from bot.dialogue.notes import AmountTold, DoseReported, DoseVomited, UnplannedTaken
from bot.dialogue.turn import JSON, Phrase, Say
from bot.services import dosing, excess_doses, judging, not_taken
from bot.services.alerts import Cause, raise_alert
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.people import Who
from bot.services.timeline import Course, load
from schedules.dosing import closes_at
from schedules.localtime import dosing_date, local
from schedules.regimen import Cycle, expected_cycle, is_held

EARLIEST = timedelta(days=14)
VOMITED_WITHIN = timedelta(hours=24)


def slots(tx: Tx, course: Course, who: Who) -> dict[str, JSON]:
    """What the script `unplanned` is begun with: every drug of the study, for it may be one of an earlier arm."""
    drugs: list[JSON] = [{"drug": name} for name in course.study.drugs]
    earliest = local(tx.now - EARLIEST, course.zone).isoformat()
    return {"drugs": drugs, "earliest": earliest, "site_phone": who.site_phone}


async def told(tx: Tx, who: Who, note: UnplannedTaken, inbox_id: int | None) -> Done:
    """Record it: to the planned dose of that day that nobody has told of (a held one), to one that was told as not taken
    and could still be taken then, else beside the plan.

    Of a cycle that should have begun and was never released, staff learn that it may have begun; that is no red flag.
    Two too close together are, and a second one on a day, whatever is released.
    """
    assert who.participant_id is not None
    course = await load(tx, who.participant_id)
    if note.drug not in course.study.drugs:
        return NOTHING
    author = Author.of(who, inbox_id)
    dose = await _untold_of_day(tx, course, note)
    dose = dose or await not_taken.meant(tx, course, note.drug, note.taken_at or tx.now)
    if dose is not None:
        said = DoseReported(str(dose.dose_id), "taken", note.taken_at, note.precision, quantity=note.quantity)
        return await dosing.reported(tx, who, said, inbox_id)
    report_id: int = (
        await tx.execute(
            insert(DoseReport)
            .values(
                participant_id=course.participant_id,
                dose_id=None,
                drug=note.drug,
                status="taken",
                taken_at=note.taken_at,
                precision=note.precision,
                quantity=note.quantity,
                recorded_at=tx.now,
                **dataclasses.asdict(author),
            )
            .returning(DoseReport.dose_report_id)
        )
    ).scalar_one()
    of_participant(
        tx, course.participant_id, author.recorded_by, "unplanned_dose", drug=note.drug, report=report_id
    )
    cycle = _unreleased(tx, course, note)
    first = cycle is not None and not await _another_of_day(tx, course, note, report_id)
    await excess_doses.look(tx, course, report_id, who, inbox_id, expected=first)
    if cycle is None:
        return NOTHING
    key = f"cycle_begun:{course.participant_id}:{cycle.number}"
    await raise_alert(
        tx, Cause(course.participant_id, "cycle_begun", "urgent", "cycle_begun@1", key, inbox_id=inbox_id)
    )
    return NOTHING


async def amount(tx: Tx, who: Who, note: AmountTold, inbox_id: int | None) -> Done:
    """More than planned was taken at once: recorded with its number, to the dose that is meant, else beside the plan.

    The hour is not asked: whoever has just been told to telephone is not kept with questions.
    """
    assert who.participant_id is not None
    of_participant(tx, who.participant_id, who.actor, "amount_told", answer=note.answer, inbox=inbox_id)
    course = await load(tx, who.participant_id)
    if note.answer != "more" or note.drug not in course.study.drugs:
        return NOTHING
    dose = await _dose_meant(tx, course, note.drug)
    if dose is None:
        return await told(tx, who, UnplannedTaken(note.drug, quantity=note.quantity), inbox_id)
    before = await judging.latest(tx, dose.dose_id)
    said = DoseReported(str(dose.dose_id), "taken", quantity=note.quantity)
    if before is not None and before.status == "taken":
        said = dataclasses.replace(said, taken_at=before.taken_at, precision=before.precision)
    return await dosing.reported(tx, who, said, inbox_id)


async def _dose_meant(tx: Tx, course: Course, drug: str) -> Row[Any] | None:
    """The oldest that still waits for its answer, else today's, told or not yet due."""
    today = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
    rows = await tx.all(
        select(DoseEvent, exists(literal(1)).where(DoseReport.dose_id == DoseEvent.dose_id).label("told"))
        .where(DoseEvent.participant_id == course.participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.drug == drug, DoseEvent.due_at > tx.now - EARLIEST, DoseEvent.local_date <= today)
        .order_by(DoseEvent.due_at)
    )
    rule = course.study.drugs[drug]
    waiting = [row for row in rows if not row.told and closes_at(rule, row.due_at) > tx.now >= row.due_at]
    return next(iter([*waiting, *(row for row in rows if row.local_date == today)]), None)


async def _untold_of_day(tx: Tx, course: Course, note: UnplannedTaken) -> Row[Any] | None:
    day = dosing_date(note.taken_at or tx.now, course.zone, course.study.dosing_day_ends)
    told_of = select(DoseReport.dose_id).where(DoseReport.dose_id.is_not(None))
    return await tx.first(
        select(DoseEvent)
        .where(DoseEvent.participant_id == course.participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.drug == note.drug, DoseEvent.local_date == day, DoseEvent.dose_id.not_in(told_of))
        .limit(1)
    )


async def _another_of_day(tx: Tx, course: Course, note: UnplannedTaken, report_id: int) -> bool:
    """Whether this drug was taken beside the plan before, on the dosing day of this one."""
    ends = course.study.dosing_day_ends
    rows = await tx.all(
        select(func.coalesce(DoseReport.taken_at, DoseReport.recorded_at).label("at"))
        .where(DoseReport.participant_id == course.participant_id, DoseReport.dose_id.is_(None))
        .where(DoseReport.drug == note.drug, DoseReport.status == "taken")
        .where(DoseReport.dose_report_id != report_id)
    )
    days = {dosing_date(row.at, course.zone, ends) for row in rows}
    return dosing_date(note.taken_at or tx.now, course.zone, ends) in days


def _unreleased(tx: Tx, course: Course, note: UnplannedTaken) -> Cycle | None:
    """The expected cycle, where this would have been a dose of it."""
    cycle = expected_cycle(course.study, course.timeline)
    at = note.taken_at or tx.now
    if cycle is None or is_held(course.timeline, note.drug, at):
        return None
    number = (dosing_date(at, course.zone, course.study.dosing_day_ends) - cycle.first_date).days + 1
    return cycle if number in course.study.drugs[note.drug].days else None


async def vomited_slots(tx: Tx, who: Who) -> dict[str, JSON] | None:
    """The doses told as taken within a day; None where there is none to speak of."""
    assert who.participant_id is not None
    rows = await tx.all(
        select(DoseReport, DoseEvent.zone)
        .join(DoseEvent, DoseEvent.dose_id == DoseReport.dose_id)
        .where(DoseReport.participant_id == who.participant_id, DoseReport.status == "taken")
        .where(DoseReport.taken_at > tx.now - VOMITED_WITHIN)
        .order_by(DoseReport.dose_report_id.desc())
    )
    found: dict[int, JSON] = {}
    replaced = {row.supersedes for row in rows}  # by a later word, or because it went elsewhere with the plan
    for row in (row for row in rows if row.dose_report_id not in replaced):
        at = local(row.taken_at, row.zone).isoformat()
        found.setdefault(row.dose_id, {"dose_id": str(row.dose_id), "drug": row.drug, "taken_at": at})
    return {"doses": [*found.values()], "site_phone": who.site_phone} if found else None


async def vomited(tx: Tx, who: Who, note: DoseVomited, inbox_id: int | None) -> Done:
    """The label's word (do not repeat it), a record, and the nurse the same day."""
    assert who.participant_id is not None
    await write_vomited(tx, who.participant_id, int(note.dose_id), Author.of(who, inbox_id))
    return Done(says=(Say((await vomited_text(tx, who),)),))


async def vomited_text(tx: Tx, who: Who) -> Phrase:
    """What the study says to somebody who vomited after a dose."""
    assert who.participant_id is not None
    texts = (await load(tx, who.participant_id)).study.question_texts
    return Phrase(texts.vomited, {"site_phone": who.site_phone})


async def came_up(tx: Tx, dose_id: int) -> bool:
    """Whether it was told that this dose was vomited."""
    query = select(DoseIncident.dose_incident_id).where(DoseIncident.dose_id == dose_id).limit(1)
    return await tx.first(query) is not None


async def write_vomited(tx: Tx, participant_id: int, dose_id: int, author: Author) -> None:
    """Once per dose. Adherence and judgement stay: it was swallowed, and whether it was absorbed nobody knows."""
    own = await tx.scalar(
        select(DoseEvent.dose_id).where(
            DoseEvent.dose_id == dose_id, DoseEvent.participant_id == participant_id
        )
    )
    if own is None or await came_up(tx, dose_id):
        return
    await tx.execute(
        insert(DoseIncident).values(
            participant_id=participant_id,
            dose_id=dose_id,
            kind="vomited",
            happened_at=tx.now,
            recorded_at=tx.now,
            **dataclasses.asdict(author),
        )
    )
    of_participant(tx, participant_id, author.recorded_by, "dose_vomited", dose=dose_id)
    cause = Cause(
        participant_id, "vomited", "urgent", "vomited_dose@1", f"vomited:{dose_id}", dose_id=dose_id
    )
    await raise_alert(tx, cause)
