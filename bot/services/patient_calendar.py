"""The patient's calendar in words: the days with medicine of this cycle and the next, and what was taken beside them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bot.dialogue.turn import Phrase, Say
from bot.services import dose_calendar, off_plan, timeline
from bot.services.context import Tx
from bot.services.done import Done
from bot.services.off_plan import cycle_of
from bot.services.people import Who
from bot.services.timeline import Course
from schedules.localtime import dosing_date
from schedules.regimen import cycle_spans, expected_cycle, planned_doses

Beside = list[tuple[date, str]]  # day and drug of each intake that no plan had


async def calendar(tx: Tx, who: Who) -> Done:
    """This cycle day by day, and the next one with the words that the site has still to confirm it."""
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    today = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
    started = [
        cycle for cycle in course.timeline.cycles if cycle.first_date <= today
    ] or course.timeline.cycles[:1]
    if not started:
        return Done(says=(Say((Phrase("calendar.none"),)),))
    shown = [
        one
        for one in cycle_spans(course.study, course.timeline.cycles)
        if one[0].number >= started[-1].number
    ]
    numbers = {cycle.number for cycle, _ in shown}
    beside = [
        one for one in await _beside(tx, course) if cycle_of(course.timeline.cycles, one[0]).number in numbers
    ]
    lines: list[Phrase] = []
    for cycle, days in shown:
        end = cycle.first_date + timedelta(days=days - 1)
        head: dict[str, Any] = {"cycle": cycle.number, "start": cycle.first_date, "end": end}
        own = [one for one in beside if cycle_of(course.timeline.cycles, one[0]) == cycle]
        lines += [Phrase("calendar.head", head), *_days(course, cycle.number, own)]
    lines += [Phrase("calendar.beside.legend")] if beside else []
    lines.append(Phrase("calendar.rest"))
    following = expected_cycle(course.study, course.timeline)
    if following is not None:
        text = "calendar.unconfirmed" if following.first_date <= today else "calendar.next"
        lines.append(Phrase(text, {"cycle": following.number, "start": following.first_date}))
    return Done(says=(Say(tuple(lines)),))


async def _beside(tx: Tx, course: Course) -> Beside:
    """Intakes on days without that medicine, and those beyond a planned dose: while it was held, or twice."""
    found = [(one.on, one.drug) for one in await off_plan.intakes(tx, course)]
    return found + [
        (dose_calendar.taken_on(course, dose), dose.drug)
        for dose in await dose_calendar.doses(tx, course)
        if dose.extra
    ]


def _days(course: Course, cycle: int, beside: Beside) -> list[Phrase]:
    days: dict[date, list[str]] = {}
    for dose in planned_doses(course.study, course.timeline):
        if dose.cycle == cycle and not dose.held:
            days.setdefault(dose.local_date, []).append(dose.drug)
    lines = [
        (day, 0, Phrase("calendar.line", {"date": day, "drugs": _drugs(drugs)}))
        for day, drugs in days.items()
    ]
    lines += [
        (day, 1, Phrase("calendar.beside", {"date": day, "drug": Phrase(f"drug.{drug}")}))
        for day, drug in dict.fromkeys(sorted(beside))
    ]
    return [phrase for _, _, phrase in sorted(lines, key=lambda line: line[:2])]


def _drugs(names: list[str]) -> Phrase:
    if len(names) == 1:
        return Phrase(f"drug.{names[0]}")
    return Phrase("drug.two", {"first": Phrase(f"drug.{names[0]}"), "second": Phrase(f"drug.{names[1]}")})
