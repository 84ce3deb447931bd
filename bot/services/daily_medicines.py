"""Medicines that protect, asked about every day where staff chose it: after the day's dose, or by a prompt of their own.

Answers are kept as the weekly ones are, and are in no figure about the study drugs.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import or_, select

from bot.db.companions import CompanionAnswer
from bot.dialogue.notes import DailyWanted
from bot.dialogue.turn import JSON
from bot.services import timeline, timers
from bot.services.context import Tx
from bot.services.done import NOTHING, Begin, Done
from bot.services.people import Who
from bot.services.timeline import Course
from bot.services.visit_plan import CLOSE
from schedules.companions import in_force, medicines
from schedules.localtime import dosing_date, local
from schedules.visit_rules import DAILY
from schedules.visits import dose_days

SCRIPT = "daily"


def comes_with_dose(tx: Tx, course: Course) -> bool:
    """A dose of the study is due today: its question brings this one."""
    return local(tx.now, course.zone).date() in dose_days(course.study, course.timeline)


async def wanted(tx: Tx, who: Who, note: DailyWanted, inbox_id: int | None) -> Done:
    """The day's dose is told: what is daily is asked in the same breath, unless it was told already."""
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    today = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
    slots = await slots_for(tx, course, today)
    if slots is None or course.study.visits is None:
        return NOTHING
    topic = f"daily:{course.participant_id}:{today.isoformat()}"
    over = tx.now + timedelta(hours=course.study.visits.daily_close_after_hours)
    limit = over + timedelta(days=3650)
    await timers.set_timer(tx, CLOSE, topic, course.participant_id, over, limit, {"topic": topic})
    return Done(begin=Begin(SCRIPT, slots, topic))


async def slots_for(tx: Tx, course: Course, on: date) -> dict[str, JSON] | None:
    """What is to be asked on this day; None where it is told, or a doctor stopped it and staff have not looked yet."""
    daily = medicines(course.companions, tx.now, DAILY)
    if not daily:
        return None
    chosen = in_force(course.companions, tx.now)
    rows = await tx.all(
        select(CompanionAnswer.matter, CompanionAnswer.due_on, CompanionAnswer.recorded_at)
        .where(CompanionAnswer.participant_id == course.participant_id, CompanionAnswer.matter.in_(daily))
        .where(or_(CompanionAnswer.due_on == on, CompanionAnswer.answer == "stopped"))
    )
    told = {
        row.matter for row in rows if row.due_on == on or row.recorded_at > chosen[row.matter].effective_from
    }
    left: list[JSON] = [{"matter": name} for name in daily if name not in told]
    if not left:
        return None
    return {"medicines": left, "about": {"due_on": on.isoformat()}}
