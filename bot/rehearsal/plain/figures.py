"""Compliance counted a second time, from what people said and saw. Each planned dose lies in exactly one category."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.rehearsal.ledger import Act, Extra, Ledger, Said
from bot.rehearsal.plain.calendar import (
    ON_TIME,
    Dose,
    cycle_at,
    day_of,
    doses,
    due_on,
    tenths,
    value_at,
    with_expected,
)

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

Place = tuple[str, str, int]  # arm in force when it was due, medicine, cycle
Numbers = tuple[int, ...]  # as many as NUMBERS
Sum = tuple[Numbers, int]  # and the milligrams swallowed, in tenths


@dataclass(slots=True)
class Count:
    """What is certain, and for each dose that a fault left open the sums that it may add."""

    sure: Sum = ((0,) * len(NUMBERS), 0)
    either: list[tuple[Sum, ...]] = field(default_factory=list)

    def take(self, options: Collection[str], mg: int) -> None:
        sums = tuple(sorted({of(where, mg) for where in options}))
        if len(sums) == 1:
            self.sure = plus(self.sure, sums[0])
        else:
            self.either.append(sums)

    def possible(self) -> set[Sum]:
        found = {self.sure}
        for sums in self.either:
            found = {plus(one, more) for one in found for more in sums}
        return found


def counts(ledger: Ledger, as_of: datetime, fates: dict[str, str]) -> dict[Place, Count]:
    """By place. `fates`: what became of acts said on a screen that a fault had left behind, by external id."""
    found: dict[Place, Count] = {}
    ahead = with_expected(ledger.orders)
    for dose in doses(ledger.orders):
        if dose.due <= as_of:
            following = next((one.due for one in ahead if one.drug == dose.drug and one.due > dose.due), None)
            options = _options(ledger, dose, following, as_of, fates)
            place = (value_at(ledger.orders, "arm", dose.due), dose.drug, dose.cycle)
            found.setdefault(place, Count()).take(options, tenths(ledger.orders, dose.drug, dose.due))
    _beyond_the_plan(found, ledger, fates)
    return found


def _beyond_the_plan(found: dict[Place, Count], ledger: Ledger, fates: dict[str, str]) -> None:
    """Swallowed on a day without a dose. Or told of a dose that, as it turned out later, was none: after an end, or in a
    cycle that was over.
    """
    plan = doses(ledger.orders)
    planned = {(dose.drug, dose.on) for dose in plan}
    of_doses = [one for dose in plan for one in [_begun_with(ledger, dose, fates)] if one is not None]
    last = {(one.drug, one.on): one for one in ledger.said if _counts(ledger, one.act, fates, one.doubtful)}
    for (drug, on), said in last.items():
        if (drug, on) not in planned and said.status == "taken":
            _extra(found, ledger, drug, due_on(ledger.orders, on), ("+extra",))
    for extra in ledger.extras:
        if any(extra is one for one in of_doses):
            continue
        if extra.told and _counts(ledger, extra.told, fates, extra.doubtful):
            _extra(found, ledger, extra.drug, extra.taken_at or extra.told.acknowledged_at, ("+extra",))
        elif _counts(ledger, extra.named, fates, extra.named_in_doubt):
            _extra(found, ledger, extra.drug, extra.named.acknowledged_at, ("", "+extra"))


def _extra(
    found: dict[Place, Count], ledger: Ledger, drug: str, at: datetime | None, options: tuple[str, ...]
) -> None:
    assert at is not None  # what counts was acknowledged
    place = (value_at(ledger.orders, "arm", at), drug, cycle_at(ledger.orders, at))
    found.setdefault(place, Count()).take(options, tenths(ledger.orders, drug, at))


def of(where: str, mg: int) -> Sum:
    """One dose. `early` is a part of `late`, and what was swallowed beyond the plan stands beside its dose: `held+extra`, or
    beside none: `+extra`.
    """
    category, _, extra = where.partition("+")
    names = {"early": ("planned", "late", "early"), "": ()}.get(category, ("planned", category))
    capsules = (category in ("in_window", "late", "early")) + bool(extra)
    return tuple(int(name in (*names, extra)) for name in NUMBERS), capsules * mg


def plus(one: Sum, other: Sum) -> Sum:
    return added(one[0], other[0]), one[1] + other[1]


def added(one: Numbers, other: Numbers) -> Numbers:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def on_its_word(ledger: Ledger) -> int:
    """How many acts were said on a screen that a fault had left behind, or were late on their way: only the product knows
    whether they were heard, and it is believed.
    """
    acts = [(one.act, one.doubtful) for one in ledger.said]
    acts += [(one.named, one.named_in_doubt) for one in ledger.extras]
    acts += [(one.told, one.doubtful) for one in ledger.extras if one.told]
    return len({act.external_id for act, doubtful in acts if in_doubt(ledger, act, doubtful)})


def _begun_with(ledger: Ledger, dose: Dose, fates: dict[str, str]) -> Extra | None:
    """Told beside the plan, on a day that got its dose only afterwards (a cycle released when it had begun), or before
    anything else was told of that dose: then it is that dose.
    """
    for extra in ledger.extras:
        told = extra.told
        if told is None or extra.drug != dose.drug or not _counts(ledger, told, fates, extra.doubtful):
            continue
        at = extra.taken_at or told.acknowledged_at
        before = any(
            one.act.at < told.at for one in ledger.said if (one.drug, one.on) == (dose.drug, dose.on)
        )
        if at is not None and day_of(ledger.orders, at) == dose.on and not before:
            return extra
    return None


def _options(
    ledger: Ledger, dose: Dose, following: datetime | None, as_of: datetime, fates: dict[str, str]
) -> set[str]:
    said = [
        one
        for one in ledger.said
        if (one.drug, one.on) == (dose.drug, dose.on) and _counts(ledger, one.act, fates, one.doubtful)
    ]
    begun = _begun_with(ledger, dose, fates)
    if begun is not None and begun.told is not None:
        said.insert(0, Said(begun.told, dose.drug, dose.on, "taken", begun.taken_at))
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


def _counts(ledger: Ledger, act: Act, fates: dict[str, str], doubtful: bool) -> bool:
    if act.acknowledged_at is None:
        return False
    return not in_doubt(ledger, act, doubtful) or fates.get(act.external_id) in ("answered", "dose_told")


def in_doubt(ledger: Ledger, act: Act, doubtful: bool) -> bool:
    known = act.acknowledged_at
    return known is not None and (doubtful or known != act.at or ledger.forgotten(act))


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
