"""Relative dose intensity: milligrams a day really taken, over the milligrams a day that the study plans.

Doctor-ordered holds, reductions and delays lower it by design; they never touch adherence (adherence.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from schedules.adherence import percent
from schedules.localtime import local
from schedules.regimen import Cycle, Timeline, habit_of_day, planned_doses, zone_in_force
from schedules.study import Study


@dataclass(frozen=True, slots=True)
class Intensity:
    """Dose intensity of one drug. Planned: full cycles at the arm's starting level, nothing held.

    `actual_days` runs from day 1 of the drug's first cycle to day 28 of its last started one; in a running
    cycle the figure is therefore provisional: later doses are planned already and not yet taken.
    """

    actual_mg: Decimal
    actual_days: int
    planned_mg: Decimal
    planned_days: int

    @property
    def rdi_pct(self) -> Decimal | None:
        """(actual mg / actual days) / (planned mg / planned days) in percent; may exceed 100."""
        return percent(self.actual_mg * self.planned_days, self.planned_mg * self.actual_days)


def intensity(study: Study, timeline: Timeline, drug: str, actual_mg: Decimal, as_of: datetime) -> Intensity:
    """`actual_mg`: swallowed by the as-of (adherence.taken_mg). Only cycles that have the drug count."""
    planned = {cycle: _planned_mg(study, timeline, drug, cycle) for cycle in started_cycles(timeline, as_of)}
    with_drug = [cycle for cycle, mg in planned.items() if mg]
    return Intensity(
        actual_mg=actual_mg,
        actual_days=_span_days(study, with_drug),
        planned_mg=sum(planned.values(), Decimal(0)),
        planned_days=study.cycle_days * len(with_drug),
    )


def started_cycles(timeline: Timeline, as_of: datetime) -> tuple[Cycle, ...]:
    """Cycles whose day 1 has come by the participant's calendar, the earliest first. After an end none begins."""
    if not timeline.habits:
        return ()
    today = local(as_of, zone_in_force(timeline, as_of)).date()
    ends_at = timeline.ends_at
    begun = [
        cycle
        for cycle in timeline.cycles
        if cycle.first_date <= today
        and (ends_at is None or habit_of_day(timeline, cycle.first_date)[1] < ends_at)
    ]
    return tuple(sorted(begun, key=lambda cycle: (cycle.first_date, cycle.number)))


def _planned_mg(study: Study, timeline: Timeline, drug: str, cycle: Cycle) -> Decimal:
    # The cycle alone, uncut, unreduced, without holds: what the study meant to give.
    ideal = replace(timeline, cycles=(cycle,), levels=(), holds=(), ends_at=None)
    return sum((dose.dose_mg for dose in planned_doses(study, ideal) if dose.drug == drug), Decimal(0))


def _span_days(study: Study, cycles: Sequence[Cycle]) -> int:
    if not cycles:
        return 0
    return (cycles[-1].first_date - cycles[0].first_date).days + study.cycle_days
