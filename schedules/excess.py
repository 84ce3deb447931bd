"""Was more taken than was meant? Two at once, two too close together, or one that no plan had.

Judges what was told and nothing else: what must be done about it, a person says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from schedules.localtime import elapsed
from schedules.study import Extra


class Excess(StrEnum):
    """Why; the first that is true. The words stand in alerts."""

    MORE_THAN_ONE = "more_than_one"
    TOO_CLOSE = "too_close"
    UNPLANNED = "unplanned"


@dataclass(frozen=True, slots=True)
class Intake:
    """One intake as told. `at` None: nobody knows when. `planned`: it belongs to a dose of the plan that was not held."""

    at: datetime | None
    quantity: int = 1
    planned: bool = True


def excess(rule: Extra, intake: Intake, others: Iterable[Intake]) -> Excess | None:
    """`others`: the drug's other intakes, as told. Two exactly `min_gap_hours` apart are not too close."""
    if intake.quantity > 1:
        return Excess.MORE_THAN_ONE
    gap = timedelta(hours=rule.min_gap_hours)
    if any(_apart(intake, other) < gap for other in others if intake.at is not None and other.at is not None):
        return Excess.TOO_CLOSE
    return None if intake.planned else Excess.UNPLANNED


def _apart(one: Intake, other: Intake) -> timedelta:
    assert one.at is not None and other.at is not None
    return abs(elapsed(one.at, other.at))
