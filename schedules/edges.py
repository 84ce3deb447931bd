"""The edges of a cycle, when capsules go astray: the day after its last dose, and the day the next one should begin.

Half of the errors with drugs that have days off happen there (doses in the days off, too many or too few of them).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from schedules.regimen import Timeline, expected_cycle, habit_of_day, planned_doses
from schedules.study import Study


class EdgeKind(StrEnum):
    OFF_WEEK = "off_week"  # the last day is over: is anything left, and was anything taken since?
    CYCLE_START = "cycle_start"  # a cycle should begin today and nobody has released it: did you begin?


@dataclass(frozen=True, slots=True)
class Edge:
    """`due_on` is the participant's local date; `due_at` his dose time on it, in UTC.

    `about`: the day that the question names, the last one with a dose that was to be taken, or the one to begin on.
    """

    kind: EdgeKind
    cycle: int
    due_on: date
    due_at: datetime
    about: date


def planned_edges(study: Study, timeline: Timeline) -> tuple[Edge, ...]:
    """Every edge that the study asks about, in order. A cycle whose doses were all held has no last one."""
    rule = study.edges
    if rule is None or not timeline.habits:
        return ()
    found = [*_off_weeks(study, timeline)] if rule.off_week else []
    following = expected_cycle(study, timeline)
    if rule.cycle_start and following is not None and study.cycle_release == "staff":
        first = following.first_date
        found.append(_edge(timeline, EdgeKind.CYCLE_START, following.number, first, first))
    ends_at = timeline.ends_at
    return tuple(
        sorted(
            (one for one in found if ends_at is None or one.due_at < ends_at),
            key=lambda one: (one.due_at, one.kind),
        )
    )


def _off_weeks(study: Study, timeline: Timeline) -> list[Edge]:
    """Only where the cycle goes on for a day without a dose after its last one.

    A hold ends no cycle: until its last planned day is over, the medicine may be gone on with.
    """
    over: dict[int, date] = {}
    last: dict[int, date] = {}
    planned_days = set()
    for dose in planned_doses(study, timeline):
        over[dose.cycle] = max(over.get(dose.cycle, date.min), dose.local_date)
        planned_days.add(dose.local_date)
        if not dose.held:
            last[dose.cycle] = max(last.get(dose.cycle, date.min), dose.local_date)
    edges = [(cycle, over[cycle] + timedelta(days=1), day) for cycle, day in last.items()]
    return [_edge(timeline, EdgeKind.OFF_WEEK, *edge) for edge in edges if edge[1] not in planned_days]


def _edge(timeline: Timeline, kind: EdgeKind, cycle: int, day: date, about: date) -> Edge:
    return Edge(kind, cycle, day, habit_of_day(timeline, day)[1], about)
