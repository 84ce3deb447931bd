"""On which days the study's symptom check is due, and at what hour. Computed from cycles and habits, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Protocol

from schedules.localtime import instant
from schedules.regimen import Timeline, habit_of_day
from schedules.study import Study


class DayRule(Protocol):
    """From `first_day` of a cycle on, every so many days, at an hour of its own or (None) at the dose time."""

    @property
    def first_day(self) -> int: ...

    @property
    def every_days(self) -> int: ...

    @property
    def time(self) -> time | None: ...


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """`due_on` is the participant's local date, by which the check is known."""

    due_on: date
    due_at: datetime
    zone: str


def planned_checks(study: Study, timeline: Timeline, until: date) -> tuple[PlannedCheck, ...]:
    """Every check from the first cycle to `until`, in order; none after an end, nor without a rule or a cycle.

    Counted from day 1 of each cycle, and on past its last day while the next one has not started: in a delay,
    which is when somebody is ill, nobody falls silent.
    """
    return planned_days(study.symptom_check, timeline, until) if study.symptom_check else ()


def planned_days(rule: DayRule, timeline: Timeline, until: date) -> tuple[PlannedCheck, ...]:
    """The days of any rule that counts like the symptom check's."""
    if not timeline.habits:
        return ()
    found: list[PlannedCheck] = []
    starts = sorted(cycle.first_date for cycle in timeline.cycles)
    for start, following in pairwise((*starts, date.max)):
        day = start + timedelta(days=rule.first_day - 1)
        while day <= until and day < following:
            found.append(_planned(timeline, day, rule.time))
            day += timedelta(days=rule.every_days)
    ends_at = timeline.ends_at
    return tuple(one for one in found if ends_at is None or one.due_at < ends_at)


def _planned(timeline: Timeline, day: date, own_hour: time | None) -> PlannedCheck:
    habit, dose_at = habit_of_day(timeline, day)
    due_at = dose_at if own_hour is None else instant(day, own_hour, habit.zone)
    return PlannedCheck(day, due_at, habit.zone)
