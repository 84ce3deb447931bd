"""Dose intensity a second time: milligrams a day swallowed, over the milligrams a day that the study means to give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.rehearsal.ledger import Order
from bot.rehearsal.plain.calendar import ARMS, CYCLE, DAYS, begun, due_on, tenths, value_at
from bot.rehearsal.plain.figures import share


@dataclass(frozen=True, slots=True)
class Intensity:
    """Of one medicine. Milligrams in tenths; `meant`: in whole cycles at the level of the beginning, with nothing held."""

    taken: int
    days: int
    meant: int
    meant_days: int

    @property
    def percent(self) -> str | None:
        return share(self.taken * self.meant_days, self.meant * self.days)


def meant(orders: list[Order], drug: str, as_of: datetime) -> tuple[int, int, int]:
    """Days from the first cycle with this medicine to the end of the last, milligrams meant, and days in cycles with it."""
    unreduced = [one for one in orders if one.what != "level"]
    of_cycle = {}
    for _, first in begun(orders, as_of):
        due = [due_on(orders, first + timedelta(days=day - 1)) for day in DAYS[drug]]
        mine = [at for at in due if drug in ARMS.get(value_at(orders, "arm", at), ())]
        if mine:
            of_cycle[first] = sum(tenths(unreduced, drug, at) for at in mine)
    if not of_cycle:
        return 0, 0, 0
    days = (max(of_cycle) - min(of_cycle)).days + CYCLE
    return days, sum(of_cycle.values()), CYCLE * len(of_cycle)


def together(people: Iterable[Intensity]) -> Intensity:
    """Everybody weighs as long as the treatment lasted."""
    found = list(people)
    return Intensity(
        sum(one.taken for one in found),
        sum(one.days for one in found),
        sum(one.meant for one in found),
        sum(one.meant_days for one in found),
    )
