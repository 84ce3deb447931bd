"""Laboratory values: from a typed number with its unit to one that can be compared, and its CTCAE grade.

For staff only. A value that cannot be true is refused, never graded; what a number alone cannot say stays open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bot.symptoms.lab_words import normal_form


class LabFault(ValueError):
    """A value that cannot be used. `code` and `values` are for a text in the reader's language; the message is English."""

    def __init__(self, code: str, message: str, **values: str) -> None:
        super().__init__(message)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Unit:
    """`factors`: every accepted spelling, in normal form -> how many of `name` one of it is; `offered`: one of each."""

    name: str
    factors: Mapping[str, Decimal]
    offered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`value < 1.5 uln`: a sign, a number, and what it multiplies (None: nothing, the number is in the test's unit)."""

    sign: str
    number: Decimal
    of: str | None

    def met(self, value: Decimal, reference: Decimal) -> bool:
        bound = self.number * reference
        return {"<": value < bound, ">": value > bound, ">=": value >= bound}[self.sign]


@dataclass(frozen=True, slots=True)
class LabRule:
    """`only`: "normal" or "raised", the baseline for which it counts; None: any."""

    id: str
    version: int
    grade: int
    when: Comparison
    only: str | None
    source: str


@dataclass(frozen=True, slots=True)
class LabTest:
    """`plausible`: lowest and highest value that can be true, in `unit.name`; `zero`: 0 can be, too.

    Without a term nothing is graded.
    """

    id: str
    label: str
    unit: Unit
    plausible: tuple[Decimal, Decimal]
    zero: bool
    term: str | None
    code: str | None
    rules: tuple[LabRule, ...]


@dataclass(frozen=True, slots=True)
class LabGrade:
    """`basis`: rule id@version; None for grade 0, which no rule makes."""

    term: str
    code: str
    grade: int
    ctcae_version: str
    basis: str | None


@dataclass(frozen=True, slots=True)
class Limits:
    """Reference range and value before treatment, in the test's unit; None where nobody gave it."""

    lln: Decimal | None = None
    uln: Decimal | None = None
    baseline: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Laboratory:
    """`names`: every accepted spelling of a test, in normal form -> its id."""

    version: str
    ctcae: str
    tests: Mapping[str, LabTest]
    names: Mapping[str, str]

    def test(self, name: str) -> LabTest:
        """By its id or any of its names, Chinese or English. LabFault for what is not among them."""
        found = self.names.get(normal_form(name))
        if found is None:
            raise LabFault(
                "unknown_test", f'test "{name[:40]}" is not one of {", ".join(self.tests)}', test=name[:40]
            )
        return self.tests[found]

    def text_ids(self) -> frozenset[str]:
        return frozenset(test.label for test in self.tests.values())


def convert(test: LabTest, value: Decimal, unit: str, what: str = "value") -> Decimal:
    """The value in the test's unit. LabFault: an unknown unit, or a value that cannot be true in it."""
    factor = test.unit.factors.get(normal_form(unit))
    if factor is None:
        known = ", ".join(list(test.unit.factors)[:6])
        raise LabFault(
            "unknown_unit", f'unit "{unit[:20]}" is not one of {known}', unit=unit[:20], known=known
        )
    found = value * factor
    if _can_be(test, found):
        return found
    low, high = test.plausible
    others = [name for name, other in test.unit.factors.items() if _can_be(test, value * other)]
    hint = f"; is it in {others[0]}?" if others else ""
    shown = f"{_plain(value)} {unit.strip()[:20]}"
    between = f"{_plain(low)} to {_plain(high)} {test.unit.name}"
    raise LabFault(
        "implausible",
        f"{what} {shown} is not plausible ({between}){hint}",
        value=shown,
        low=_plain(low),
        high=_plain(high),
        unit=test.unit.name,
    )


def grade(laboratory: Laboratory, test: LabTest, value: Decimal, limits: Limits) -> LabGrade:
    """The highest grade of which a rule is met, 0 where none is. Value and limits in the test's unit.

    LabFault: no number alone grades this test, or a limit is missing that could make the grade worse.
    Without a baseline it counts as normal; one above uln is raised.
    """
    if test.term is None or test.code is None:
        raise LabFault("not_gradable", f"{test.id}: no number alone makes a CTCAE {laboratory.ctcae} grade")
    if limits.lln is not None and limits.uln is not None and limits.lln > limits.uln:
        raise LabFault("limits_crossed", "lln is above uln")
    for rule in sorted(test.rules, key=lambda one: -one.grade):
        if _counts(rule, limits) and _is_met(rule, value, limits):
            return LabGrade(test.term, test.code, rule.grade, laboratory.ctcae, f"{rule.id}@{rule.version}")
    return LabGrade(test.term, test.code, 0, laboratory.ctcae, None)


def _counts(rule: LabRule, limits: Limits) -> bool:
    if rule.when.of == "baseline" and limits.baseline is None:
        return False
    if rule.only is None:
        return True
    if limits.baseline is None:
        return rule.only == "normal"
    if limits.uln is None:
        raise LabFault(
            "no_limit", "uln is missing: nobody can say whether the baseline was normal", limit="uln"
        )
    return rule.only == ("raised" if limits.baseline > limits.uln else "normal")


def _is_met(rule: LabRule, value: Decimal, limits: Limits) -> bool:
    of = rule.when.of
    if of is None:
        return rule.when.met(value, Decimal(1))
    reference = {"lln": limits.lln, "uln": limits.uln, "baseline": limits.baseline}[of]
    if reference is None:
        raise LabFault("no_limit", f"{of} is missing: the value could be grade {rule.grade}", limit=of)
    return rule.when.met(value, reference)


def _can_be(test: LabTest, value: Decimal) -> bool:
    low, high = test.plausible
    return low <= value <= high or (test.zero and value == 0)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
