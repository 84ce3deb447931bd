"""On which days blood tests, visits, pregnancy tests and contraception are reminded of, and other medicines asked about.

Days count as those of the symptom check: from a day of each cycle on, every so many days. Who has which trait is told.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from schedules.regimen import Timeline
from schedules.symptom_days import planned_days
from schedules.visit_rules import Talk, Visits


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """Everything of one talk that is due on one day: said together, in one message."""

    talk: Talk
    due_on: date
    due_at: datetime
    rules: tuple[str, ...]


def planned_visits(
    visits: Visits | None, timeline: Timeline, traits: Collection[str], until: date
) -> tuple[PlannedVisit, ...]:
    """In order of time; rules in the order of the file."""
    if visits is None:
        return ()
    found: dict[tuple[datetime, Talk], list[str]] = {}
    days: dict[tuple[datetime, Talk], date] = {}
    for rule in visits.rules:
        if rule.trait is not None and rule.trait not in traits:
            continue
        for one in planned_days(rule, timeline, until):
            found.setdefault((one.due_at, rule.talk), []).append(rule.id)
            days[one.due_at, rule.talk] = one.due_on
    return tuple(
        PlannedVisit(talk, days[at, talk], at, tuple(rules)) for (at, talk), rules in sorted(found.items())
    )
