"""From a study and what happened to one participant to the doses that are due, and when.

The same study and timeline always give the same doses. A change counts from its instant on and never
touches a dose that was due before it. Never decides on one: arms, levels, holds and cycles come from staff.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Protocol, TypeVar

from schedules.localtime import instant
from schedules.study import Study


class _Change(Protocol):
    @property
    def effective_from(self) -> datetime: ...


_C = TypeVar("_C", bound=_Change)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm from this instant on. Before the first assignment nothing is planned."""

    effective_from: datetime
    arm: str


@dataclass(frozen=True, slots=True)
class DoseLevel:
    """A drug's level from this instant on, kept through a change of arm. Without one: the arm's start."""

    drug: str
    effective_from: datetime
    level: str


@dataclass(frozen=True, slots=True)
class Hold:
    """No dose is to be taken from `effective_from` until just before `until` (None: open). Drug None: all."""

    drug: str | None
    effective_from: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle and the local date of its day 1."""

    number: int
    first_date: date


@dataclass(frozen=True, slots=True)
class Habit:
    """Zone and dose time from this instant on."""

    effective_from: datetime
    zone: str
    dose_time: time


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that can change for one participant, and from when. All instants aware and in UTC.

    Order within a tuple matters only for changes from the same instant: the last one counts. `habits[0]`, the
    habit at enrolment, also counts before its instant, so that a habit entered late loses no dose. `cycles`
    are those to be planned (released); no dose is due at or after `ends_at`.
    """

    assignments: tuple[Assignment, ...]
    cycles: tuple[Cycle, ...]
    habits: tuple[Habit, ...]
    levels: tuple[DoseLevel, ...] = ()
    holds: tuple[Hold, ...] = ()
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlannedDose:
    """One dose. `local_time` is what the participant's clock is meant to show in `zone`; `due_at` is UTC."""

    drug: str
    cycle: int
    cycle_day: int
    dose_mg: Decimal
    local_date: date
    local_time: time
    zone: str
    due_at: datetime
    held: bool


def planned_doses(study: Study, timeline: Timeline) -> tuple[PlannedDose, ...]:
    """The doses of the given cycles, ordered by due_at, then drug.

    A cycle ends where the next one begins (early start). What is in force when a dose is due decides its arm,
    level and hold. KeyError for an arm or level that the study does not know; nothing without a habit.
    """
    if not timeline.habits:
        return ()
    found = [
        dose
        for cycle, length in cycle_spans(study, timeline.cycles)
        for dose in _doses_of_cycle(study, timeline, cycle, length, study.drugs)
    ]
    return tuple(sorted(found, key=lambda dose: (dose.due_at, dose.drug, dose.local_date)))


def cycle_spans(study: Study, cycles: Sequence[Cycle]) -> tuple[tuple[Cycle, int], ...]:
    """Each cycle with its length in days, at most the study's: never two cycles on one date."""
    ordered = sorted(cycles, key=lambda cycle: (cycle.first_date, cycle.number))
    starts = [cycle.first_date for cycle in ordered[1:]] + [date.max]
    return tuple(
        (cycle, min(study.cycle_days, (following - cycle.first_date).days))
        for cycle, following in zip(ordered, starts, strict=False)
    )


def expected_cycle(study: Study, timeline: Timeline) -> Cycle | None:
    """The next cycle, on the date it would start without delay. None before the first, which staff start."""
    if not timeline.cycles:
        return None
    last = max(timeline.cycles, key=lambda cycle: (cycle.first_date, cycle.number))
    return Cycle(last.number + 1, last.first_date + timedelta(days=study.cycle_days))


def next_due(study: Study, timeline: Timeline, drug: str, after: datetime) -> datetime | None:
    """When this drug is due next after that instant, held or not, the expected cycle included.

    Late rules need it: the dose after day 15 belongs to a cycle that staff may not have released yet.
    """
    if not timeline.habits:
        return None
    expected = expected_cycle(study, timeline)
    spans = cycle_spans(study, (*timeline.cycles, expected) if expected else timeline.cycles)
    # Asked with every reminder: only the days around are looked at. Zones and changes of zone are worth two days.
    around = timedelta(days=2)
    found: datetime | None = None
    for cycle, length in spans:
        for dose in _doses_of_cycle(study, timeline, cycle, length, [drug], after.date() - around):
            if found is not None and dose.local_date > found.date() + around:
                return found
            if dose.due_at > after and (found is None or dose.due_at < found):
                found = dose.due_at
    return found


def ideal_timeline(
    study: Study,
    arm: str,
    start: date,
    cycles: int,
    zone: str,
    dose_time: time,
    delays: Mapping[int, int] | None = None,
) -> Timeline:
    """A participant to whom nothing happens but `delays`: cycle number -> days later than planned.

    Cycles after a delayed one follow it, each `cycle_days` after the one before. Negative: earlier.
    """
    days = 0
    starts = []
    for number in range(1, cycles + 1):
        days += (delays or {}).get(number, 0)
        starts.append(Cycle(number, start + timedelta(days=days)))
        days += study.cycle_days
    begins = instant(start, time.min, zone)
    return Timeline((Assignment(begins, arm),), tuple(starts), (Habit(begins, zone, dose_time),))


def zone_in_force(timeline: Timeline, at: datetime) -> str:
    """The participant's zone at that instant; the timeline needs at least one habit."""
    return (_in_force(timeline.habits, at) or timeline.habits[0]).zone


def arm_in_force(timeline: Timeline, at: datetime) -> str | None:
    """The arm at that instant; None before the first assignment."""
    found = _in_force(timeline.assignments, at)
    return found.arm if found else None


def level_in_force(study: Study, timeline: Timeline, drug: str, at: datetime) -> str | None:
    """The drug's level at that instant; None when the arm in force does not have the drug."""
    arm = arm_in_force(timeline, at)
    starting = study.arms[arm].starting_level(drug) if arm else None
    if starting is None:
        return None
    found = _in_force([level for level in timeline.levels if level.drug == drug], at)
    return found.level if found else starting


def is_held(timeline: Timeline, drug: str, at: datetime) -> bool:
    """Whether a hold of this drug, or of all, covers that instant."""
    return any(
        hold.effective_from <= at and (hold.until is None or at < hold.until)
        for hold in timeline.holds
        if hold.drug in (None, drug)
    )


def _in_force(changes: Sequence[_C], at: datetime) -> _C | None:
    found: _C | None = None
    for change in changes:
        if change.effective_from <= at and (found is None or change.effective_from >= found.effective_from):
            found = change
    return found


def _doses_of_cycle(
    study: Study,
    timeline: Timeline,
    cycle: Cycle,
    length: int,
    among: Iterable[str],
    since: date = date.min,
) -> Iterator[PlannedDose]:
    """Of the drugs `among`, from the date `since` on."""
    changes = sorted(timeline.habits, key=lambda habit: habit.effective_from)
    for day in range(max(1, (since - cycle.first_date).days + 1), length + 1):
        drugs = [name for name in among if day in study.drugs[name].days]
        if not drugs:
            continue
        on = cycle.first_date + timedelta(days=day - 1)
        habit, due_at = _habit_for(timeline.habits[0], changes, on)
        if timeline.ends_at is not None and due_at >= timeline.ends_at:
            continue
        for drug in drugs:
            level = level_in_force(study, timeline, drug, due_at)
            if level is not None:
                mg = study.drugs[drug].mg(level)
                hold = is_held(timeline, drug, due_at)
                yield PlannedDose(drug, cycle.number, day, mg, on, habit.dose_time, habit.zone, due_at, hold)


def habit_of_day(timeline: Timeline, on: date) -> tuple[Habit, datetime]:
    """The habit that sets this date, and the instant of its dose time; the timeline needs at least one habit."""
    changes = sorted(timeline.habits, key=lambda habit: habit.effective_from)
    return _habit_for(timeline.habits[0], changes, on)


def _habit_for(first: Habit, changes: Sequence[Habit], on: date) -> tuple[Habit, datetime]:
    """The habit that sets this date's dose, and the instant it sets.

    A new habit counts for a date when both its own time and the old one are still to come: a dose that was
    due keeps its time, and a new time already past must not make today's dose vanish, or late at once.
    """
    habit, due_at = first, instant(on, first.dose_time, first.zone)
    for later in changes:
        if due_at <= later.effective_from:  # due at this very instant is due
            break
        moved = instant(on, later.dose_time, later.zone)
        if moved >= later.effective_from:
            habit, due_at = later, moved
    return habit, due_at
