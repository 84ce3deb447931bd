"""The study's calendar worked out a second time, from the orders in a ledger, with nothing but a table and dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.rehearsal.ledger import Order

DAYS = {"ixazomib": (1, 8, 15), "lenalidomide": tuple(range(1, 22, 2))}
ARMS = {
    "ixazomib": ("ixazomib",),
    "lenalidomide": ("lenalidomide",),
    "combination": ("ixazomib", "lenalidomide"),
}
CLOSES = {"ixazomib": timedelta(hours=96), "lenalidomide": timedelta(hours=48)}
ON_TIME = {"ixazomib": timedelta(hours=24), "lenalidomide": timedelta(hours=12)}
IF_EXTRA = {"ixazomib": "emergency", "lenalidomide": "urgent"}  # one taken beside the plan: how urgent it is
NEAREST = {
    "ixazomib": timedelta(hours=72),
    "lenalidomide": timedelta(hours=24),
}  # two of one medicine, by its label
CYCLE = 28
DAY_ENDS = timedelta(hours=3)
BEGINS_WITH = {"ixazomib": "4mg", "lenalidomide": "25mg"}


@dataclass(frozen=True, slots=True)
class Dose:
    drug: str
    cycle: int
    day: int
    on: date
    due: datetime  # UTC
    held: bool

    @property
    def closes(self) -> datetime:
        return self.due + CLOSES[self.drug]


def doses(orders: Sequence[Order]) -> list[Dose]:
    """Every dose of the released cycles, by due time, as the orders say now."""
    starts = cycle_starts(orders)
    found = []
    for number, first in starts.items():
        following = [day for other, day in starts.items() if other > number]
        length = min([CYCLE, *((day - first).days for day in following)])
        for day in range(1, length + 1):
            on = first + timedelta(days=day - 1)
            due = due_on(orders, on)
            if over(orders, due):
                continue
            for drug in ARMS.get(value_at(orders, "arm", due), ()):
                if day in DAYS[drug]:
                    found.append(Dose(drug, number, day, on, due, held(orders, drug, due)))
    return sorted(found, key=lambda dose: (dose.due, dose.drug))


def with_expected(orders: Sequence[Order]) -> list[Dose]:
    """As above, with the next cycle where it would begin without delay."""
    starts = cycle_starts(orders)
    if not starts:
        return []
    last = max(starts)
    on = starts[last] + timedelta(days=CYCLE)
    given = orders[0]
    return doses([*orders, replace(given, what="cycle", cycle=last + 1, on=on, value="", drug="")])


def cycle_starts(orders: Sequence[Order]) -> dict[int, date]:
    """Of each cycle the start that was ordered last."""
    return {order.cycle: order.on for order in orders if order.what == "cycle" and order.on is not None}


def cycle_at(orders: Sequence[Order], at: datetime) -> int:
    """The cycle that had begun last by the calendar of whoever it is; 0 before the first."""
    return max((number for number, _ in begun(orders, at)), default=0)


def day_of(orders: Sequence[Order], at: datetime) -> date:
    """What whoever it is calls the day: until three the night belongs to the day before."""
    return (at.astimezone(ZoneInfo(value_at(orders, "habit", at).split()[0])) - DAY_ENDS).date()


def begun(orders: Sequence[Order], at: datetime) -> list[tuple[int, date]]:
    """The cycles whose first day has come, in order. None begins after an end."""
    today = at.astimezone(ZoneInfo(value_at(orders, "habit", at).split()[0])).date()
    come = ((number, first) for number, first in cycle_starts(orders).items() if first <= today)
    return sorted((number, first) for number, first in come if not over(orders, due_on(orders, first)))


def tenths(orders: Sequence[Order], drug: str, at: datetime) -> int:
    """Milligrams of a capsule by the level in force, in tenths."""
    level = value_at([one for one in orders if one.drug == drug], "level", at) or BEGINS_WITH[drug]
    whole, _, part = level.removesuffix("mg").partition(".")
    return int(whole) * 10 + int(part or 0)


def value_at(orders: Sequence[Order], what: str, at: datetime) -> str:
    value, since = "", None
    for order in orders:
        if (
            order.what == what
            and order.effective_from <= at
            and (since is None or order.effective_from >= since)
        ):
            value, since = order.value, order.effective_from
    return value


def held(orders: Sequence[Order], drug: str, at: datetime) -> bool:
    """A resume ends every earlier hold of the same drug (or of all drugs) that was still open."""
    spans: list[list[datetime | None]] = []
    for scope in (drug, ""):
        running: list[list[datetime | None]] = []
        for order in orders:
            if order.what == "hold" and order.drug == scope:
                running.append([order.effective_from, None])
            elif order.what == "resume" and order.drug == scope:
                spans += [[start, order.effective_from] for start, _ in running]
                running = []
        spans += running
    return any(start is not None and start <= at and (end is None or at < end) for start, end in spans)


def over(orders: Sequence[Order], at: datetime) -> bool:
    """An end is final, whatever is dated after it: nobody here takes one back. Of two, the one ordered last counts."""
    ends = [one.effective_from for one in orders if one.what == "status" and one.value == "ended"]
    return bool(ends) and at >= ends[-1]


def due_on(orders: Sequence[Order], on: date) -> datetime:
    """A new hour counts for a day when it and the old one were both still to come as it was told."""
    habits = sorted((one for one in orders if one.what == "habit"), key=lambda one: one.effective_from)
    due = clock(habits[0].value, on)
    for later in habits:
        if due <= later.effective_from:
            break
        moved = clock(later.value, on)
        if moved >= later.effective_from:
            due = moved
    return due


def clock(habit: str, on: date) -> datetime:
    """`Asia/Shanghai 08:00 21:30 07:30` on a day. A time that the clocks skip comes as much later."""
    zone, hour, *_ = habit.split()
    return datetime.combine(on, time.fromisoformat(hour), ZoneInfo(zone)).astimezone(UTC)


def quiet(orders: Sequence[Order], at: datetime) -> bool:
    zone, _, start, end = value_at(orders, "habit", at).split()
    shown = at.astimezone(ZoneInfo(zone)).time()
    begins, ends = time.fromisoformat(start), time.fromisoformat(end)
    return begins <= shown < ends if begins <= ends else shown >= begins or shown < ends
