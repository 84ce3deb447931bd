"""On which days blood tests, visits, pregnancy tests and contraception are reminded of, and other medicines asked about.

Days count as those of the symptom check: from a day of each cycle on, every so many days. Who has which trait is told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from schedules.companions import Companion, medicines
from schedules.regimen import Timeline, habit_of_day, planned_doses
from schedules.study import Study
from schedules.symptom_days import PlannedCheck, planned_days
from schedules.visit_rules import DAILY, AfterLinking, Talk, VisitRule, Visits

FIRST = "after_linking"  # stands for a rule: what is asked once after the welcome


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """Everything of one talk that is due on one day: said together, in one message."""

    talk: Talk | Literal["daily"]
    due_on: date
    due_at: datetime
    rules: tuple[str, ...]


def planned_visits(
    visits: Visits | None,
    timeline: Timeline,
    traits: Collection[str],
    until: date,
    first_on: date | None = None,
) -> tuple[PlannedVisit, ...]:
    """In order of time; rules in the order of the file. `first_on`: when was asked what is asked once after the welcome."""
    if visits is None:
        return ()
    found: dict[tuple[datetime, Talk], list[str]] = {}
    days: dict[tuple[datetime, Talk], date] = {}
    for rule in visits.rules:
        if rule.trait is not None and rule.trait not in traits:
            continue
        for one in _days_of(rule, visits.after_linking, timeline, until, first_on):
            found.setdefault((one.due_at, rule.talk), []).append(rule.id)
            days[one.due_at, rule.talk] = one.due_on
    first = first_visit(visits, timeline, first_on)
    planned = (PlannedVisit(talk, days[at, talk], at, tuple(rules)) for (at, talk), rules in found.items())
    return tuple(sorted((*planned, *first), key=lambda one: (one.due_at, one.talk)))


def first_visit(visits: Visits, timeline: Timeline, first_on: date | None) -> tuple[PlannedVisit, ...]:
    """What is asked once after the welcome, at the participant's hour; none after an end."""
    if visits.after_linking is None or first_on is None or not timeline.habits:
        return ()
    _, due_at = habit_of_day(timeline, first_on)
    over = timeline.ends_at is not None and due_at >= timeline.ends_at
    return () if over else (PlannedVisit(visits.after_linking.talk, first_on, due_at, (FIRST,)),)


def _days_of(
    rule: VisitRule, once: AfterLinking | None, timeline: Timeline, until: date, first_on: date | None
) -> Iterator[PlannedCheck]:
    """The rule's days. Of a talk that was begun after the welcome, none comes sooner than agreed: it moves back."""
    if once is None or first_on is None or rule.talk != once.talk:
        yield from planned_days(rule, timeline, until)
        return
    last = first_on
    for one in planned_days(rule, timeline, until):
        if one.due_on <= first_on:
            continue
        last = max(one.due_on, last + timedelta(days=once.apart_days))
        moved = habit_of_day(timeline, last)[1]
        if last <= until and (timeline.ends_at is None or moved < timeline.ends_at):
            yield PlannedCheck(last, moved, one.zone)


def dose_days(study: Study, timeline: Timeline) -> frozenset[date]:
    """Local dates with a dose of the study that is not held: what is daily is asked together with it."""
    return frozenset(dose.local_date for dose in planned_doses(study, timeline) if not dose.held)


def daily_visits(
    study: Study, timeline: Timeline, decisions: Collection[Companion], since: date, until: date
) -> tuple[PlannedVisit, ...]:
    """One prompt at the participant's hour for each day without a dose on which a medicine is asked about daily."""
    if not timeline.habits or not any(one.rhythm == DAILY for one in decisions):
        return ()
    taken = dose_days(study, timeline)
    days = (since + timedelta(days=number) for number in range((until - since).days + 1))
    hours = ((on, habit_of_day(timeline, on)[1]) for on in days if on not in taken)
    return tuple(
        PlannedVisit(DAILY, on, at, (DAILY,))
        for on, at in hours
        if medicines(decisions, at, DAILY) and (timeline.ends_at is None or at < timeline.ends_at)
    )
