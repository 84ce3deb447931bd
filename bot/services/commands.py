"""What is always there: the menu, today's medicines, the calendar, corrections, a nurse, help, stop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, or_, select

from bot.db.doses import DoseEvent, DosePrompt, DoseReport
from bot.dialogue.turn import JSON, Option, Phrase, Say
from bot.services import patient_calendar, people, timeline
from bot.services.context import Tx
from bot.services.done import Begin, Done
from bot.services.dose_slots import dose_slot
from bot.services.people import Who
from bot.services.symptom_slots import begin_told
from schedules.localtime import dosing_date, instant, local
from schedules.regimen import is_held

MENU = ("today", "calendar", "correct", "report", "nurse", "help", "stop")
TELLING = ("today", "calendar", "correct", "report")  # of medicines and symptoms: after consent only
CORRECTABLE_DAYS = timedelta(days=14)
CORRECTABLE_DOSES = 6


def menu_options() -> tuple[Option, ...]:
    return tuple(Option(name, Phrase(f"menu.{name}")) for name in MENU)


async def run(tx: Tx, who: Who, command: str) -> Done:
    if who.participant_id is None:
        return Done(says=(Say((Phrase("link.first"),)),))
    if command in TELLING and not await people.may_hear(tx, who):
        return Done(says=(Say((Phrase("welcome.first"),)),))
    return await COMMANDS[command](tx, who)


async def _menu(tx: Tx, who: Who) -> Done:
    return Done(says=(Say((Phrase("menu.text"),), menu_options()),))


async def _help(tx: Tx, who: Who) -> Done:
    return Done(says=(Say((Phrase("help.text", {"site_phone": who.site_phone}),), menu_options()),))


async def _today(tx: Tx, who: Who) -> Done:
    """The doses of the patient's own day, which ends in the small hours, with what is recorded of each."""
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    day = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
    # A dose at half past midnight belongs to the evening before, like the clock that asks.
    begins, ends = (
        instant(day + timedelta(days=later), course.study.dosing_day_ends, course.zone) for later in (0, 1)
    )
    rows = await tx.all(
        select(DoseEvent)
        .where(DoseEvent.participant_id == who.participant_id)
        .where(DoseEvent.due_at >= begins, DoseEvent.due_at < ends)
        .where(DoseEvent.superseded_at.is_(None))
        .order_by(DoseEvent.due_at, DoseEvent.drug)
    )
    if not rows:
        return Done(says=(Say((Phrase("today.none", {"date": day}),)),))
    lines = [await _line(tx, course, row) for row in rows]
    return Done(says=(Say((Phrase("today.head", {"date": day}), *lines)),))


async def _line(tx: Tx, course: timeline.Course, dose: Row[Any]) -> Phrase:
    report = await _latest_report(tx, dose.dose_id)
    values: dict[str, Any] = {"drug": Phrase(f"drug.{dose.drug}")}
    if is_held(course.timeline, dose.drug, dose.due_at):
        return Phrase("today.line.held", values)
    values["dose"] = _mg(dose)
    if report is not None and report.status == "not_taken":
        return Phrase("today.line.not_taken", values)
    if report is not None:
        told = report.taken_at or dose.due_at
        return Phrase("today.line.taken", values | {"time": local(told, dose.zone)})
    values["time"] = local(dose.due_at, dose.zone).time()
    return Phrase("today.line.waiting" if dose.due_at <= tx.now else "today.line.due", values)


def _mg(dose: Row[Any]) -> str:
    return f"{dose.dose_mg.normalize():f}"


async def _latest_report(tx: Tx, dose_id: int) -> Row[Any] | None:
    return await tx.first(
        select(DoseReport)
        .where(DoseReport.dose_id == dose_id)
        .order_by(DoseReport.dose_report_id.desc())
        .limit(1)
    )


async def _correct(tx: Tx, who: Who) -> Done:
    """The latest doses that were answered, and those that were asked about in vain."""
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    rows = await tx.all(
        select(DoseEvent)
        .where(DoseEvent.participant_id == who.participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at > tx.now - CORRECTABLE_DAYS)
        .where(
            or_(
                DoseEvent.dose_id.in_(select(DoseReport.dose_id)),
                DoseEvent.dose_id.in_(select(DosePrompt.dose_id)) & (DoseEvent.due_at <= tx.now),
            )
        )
        .order_by(DoseEvent.due_at.desc(), DoseEvent.drug)
    )
    slots: list[JSON] = []
    for dose in [row for row in rows if not is_held(course.timeline, row.drug, row.due_at)][
        :CORRECTABLE_DOSES
    ]:
        report = await _latest_report(tx, dose.dose_id)
        taken_at = local(report.taken_at, dose.zone).isoformat() if report and report.taken_at else ""
        status = report.status if report is not None else "unanswered"
        slots.append(await dose_slot(tx, course, dose, "correct") | {"status": status, "taken_at": taken_at})
    return Done(begin=Begin("correct", {"doses": slots, "site_phone": who.site_phone}))


async def _report(tx: Tx, who: Who) -> Done:
    return Done(begin=await begin_told(tx, who, "told"))


async def _nurse(tx: Tx, who: Who) -> Done:
    return Done(begin=Begin("nurse", {"site_phone": who.site_phone}))


async def _stop(tx: Tx, who: Who) -> Done:
    return Done(begin=Begin("stop", {"site_phone": who.site_phone}))


async def _resume(tx: Tx, who: Who) -> Done:
    return Done(begin=Begin("resume_reminders"))


COMMANDS: dict[str, Callable[[Tx, Who], Awaitable[Done]]] = {
    "menu": _menu,
    "today": _today,
    "calendar": patient_calendar.calendar,
    "correct": _correct,
    "report": _report,
    "nurse": _nurse,
    "help": _help,
    "stop": _stop,
    "resume": _resume,
}
