"""Capsules handed out, brought back, taken and counted. What should be left is arithmetic; why it differs, a question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Supply:
    """`quantity` in capsules. `counted`: what was there at home or at the visit on that day."""

    kind: Literal["dispensed", "returned", "counted"]
    on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class Count:
    """`expected`: dispensed less returned less told as taken, up to and including that day."""

    on: date
    counted: int
    expected: int

    @property
    def difference(self) -> int:
        """Above 0: more capsules are left than what was told leaves; fewer were taken than told, or some were not listed."""
        return self.counted - self.expected


@dataclass(frozen=True, slots=True)
class Stock:
    """Sums of one drug. Before anything was dispensed nothing is expected, whatever was taken."""

    dispensed: int
    returned: int
    taken: int
    counts: tuple[Count, ...]

    @property
    def left(self) -> int:
        return self.dispensed - self.returned - self.taken


def stock(supplies: Iterable[Supply], intakes: Iterable[tuple[date, int]]) -> Stock:
    """`intakes`: day and number of capsules told as taken. Those before the first dispensing came from elsewhere."""
    known = list(supplies)
    handed = [one for one in known if one.kind == "dispensed"]
    first = min((one.on for one in handed), default=None)
    eaten = [(on, number) for on, number in intakes if first is not None and on >= first]

    def until(kind: str, day: date) -> int:
        return sum(one.quantity for one in known if one.kind == kind and one.on <= day)

    def left(day: date) -> int:
        return until("dispensed", day) - until("returned", day) - sum(n for on, n in eaten if on <= day)

    counts = [Count(one.on, one.quantity, left(one.on)) for one in known if one.kind == "counted"]
    return Stock(
        sum(one.quantity for one in handed),
        sum(one.quantity for one in known if one.kind == "returned"),
        sum(number for _, number in eaten),
        tuple(sorted(counts, key=lambda count: count.on)),
    )
