"""Compliance counted a second time, from what people said and saw. Each planned dose lies in exactly one category."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.rehearsal.ledger import Ledger, Said
from bot.rehearsal.plain.calendar import ON_TIME, Dose, doses, with_expected

NUMBERS = (
    "planned",
    "held",
    "in_window",
    "late",
    "early",
    "missed",
    "unanswered",
    "not_asked",
    "open",
    "extra",
)
A_MOMENT = timedelta(minutes=2)  # an act at the very edge of a rule may be handled a moment later


@dataclass(slots=True)
class Count:
    """What is certain, and for each dose that a fault left open the categories that it may be in."""

    sure: Counter[str] = field(default_factory=Counter)
    either: list[tuple[Dose, tuple[str, ...]]] = field(default_factory=list)


def counts(ledger: Ledger, as_of: datetime, fates: dict[str, str]) -> dict[str, Count]:
    """By drug. `fates`: what became of acts said on a screen that a fault had left behind, by external id."""
    found: dict[str, Count] = {}
    ahead = with_expected(ledger.orders)
    for dose in doses(ledger.orders):
        if dose.due <= as_of:
            following = next((one.due for one in ahead if one.drug == dose.drug and one.due > dose.due), None)
            _place(found.setdefault(dose.drug, Count()), ledger, dose, following, as_of, fates)
    _beyond_the_plan(found, ledger, fates)
    return found


def _beyond_the_plan(found: dict[str, Count], ledger: Ledger, fates: dict[str, str]) -> None:
    """Told of a dose that, as it turned out later, was none: after an end, or in a cycle that was over. It was extra."""
    planned = {(dose.drug, dose.on) for dose in doses(ledger.orders)}
    last = {(one.drug, one.on): one for one in ledger.said if _counts(ledger, one, fates)}
    for key, said in last.items():
        if key not in planned and said.status == "taken":
            found.setdefault(said.drug, Count()).sure["extra"] += 1


def _place(
    count: Count,
    ledger: Ledger,
    dose: Dose,
    following: datetime | None,
    as_of: datetime,
    fates: dict[str, str],
) -> None:
    options = _options(ledger, dose, following, as_of, fates)
    if len(options) == 1:
        add(count.sure, next(iter(options)))
    else:
        count.either.append((dose, tuple(sorted(options))))


def add(numbers: Counter[str], where: str) -> None:
    """`early` is a part of `late`, and what was swallowed beyond the plan stands beside its dose: `held+extra`."""
    category, _, extra = where.partition("+")
    numbers["planned"] += 1
    numbers["late" if category == "early" else category] += 1
    numbers["early"] += category == "early"
    numbers["extra"] += bool(extra)


def _options(
    ledger: Ledger, dose: Dose, following: datetime | None, as_of: datetime, fates: dict[str, str]
) -> set[str]:
    said = [
        one
        for one in ledger.said
        if (one.drug, one.on) == (dose.drug, dose.on) and _counts(ledger, one, fates)
    ]
    options = {_where(ledger, dose, last_of(said), following, as_of)}
    if options & {"unanswered", "not_asked"} and _lost_something(ledger, dose):
        options |= {"unanswered", "not_asked"}
    if said and said[-1].now and said[-1].taken_at and _at_an_edge(dose, said[-1].taken_at):
        options |= {"in_window", "late"}
    return options


def last_of(said: list[Said]) -> Said | None:
    """What stands in the end. "Taken" without an hour adds nothing to "taken" with one."""
    last: Said | None = None
    for one in said:
        if last is None or (one.status, one.taken_at, last.status) != ("taken", None, "taken"):
            last = one
    return last


def _counts(ledger: Ledger, said: Said, fates: dict[str, str]) -> bool:
    if said.act.acknowledged_at is None:
        return False
    doubtful = said.doubtful or said.act.acknowledged_at != said.act.at or ledger.forgotten(said.act)
    return not doubtful or fates.get(said.act.external_id) in ("answered", "dose_told")


def _where(ledger: Ledger, dose: Dose, said: Said | None, following: datetime | None, as_of: datetime) -> str:
    taken = said is not None and said.status == "taken"
    if dose.held:
        return "held+extra" if taken else "held"
    if said is None or said.status == "cannot_say":
        return _unsaid(ledger, dose, as_of)
    if not taken:
        return "missed"
    if said.taken_at is None:
        return "late"
    if following is not None and said.taken_at >= following:
        return "missed+extra"
    if said.taken_at - dose.due > ON_TIME[dose.drug]:
        return "late"
    return "early" if dose.due - said.taken_at > ON_TIME[dose.drug] else "in_window"


def _unsaid(ledger: Ledger, dose: Dose, as_of: datetime) -> str:
    if as_of < dose.closes:
        return "open"
    asked = (one for one in ledger.asked if (one.drug, one.on) == (dose.drug, dose.on))
    return "unanswered" if any(one.at < dose.closes for one in asked) else "not_asked"


def _lost_something(ledger: Ledger, dose: Dose) -> bool:
    """A fault kept something from him, or he paused or left, while it could be asked about."""
    told = [order.effective_from for order in ledger.orders if order.what == "status"]
    left = [one.at for one in ledger.agreed[1:]]
    return any(dose.due - A_MOMENT <= at < dose.closes for at in [*ledger.losses, *told, *left])


def _at_an_edge(dose: Dose, taken_at: datetime) -> bool:
    return abs(abs(taken_at - dose.due) - ON_TIME[dose.drug]) < A_MOMENT


def share(part: int, whole: int) -> str | None:
    """Percent to two decimals, half up, in whole numbers only."""
    if whole == 0:
        return None
    hundredths = (part * 100_00 * 2 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02}"
