"""The file of laboratory rules, read and checked: every rule has its version and source, and none hides another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml
from bot.symptoms.lab_words import normal_form
from bot.symptoms.labs import Comparison, Laboratory, LabRule, LabTest, Unit

_WHEN = re.compile(r"(?P<sign><|>=|>) ?(?:(?P<number>[0-9]+(?:\.[0-9]+)?) ?)?(?P<of>lln|uln|baseline)?")
_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Word = Annotated[str, Field(min_length=1, max_length=60)]


def _readable(text: str) -> str:
    found = _WHEN.fullmatch(text)
    if found is None or not (found["number"] or found["of"]):
        raise ValueError('should be such as "< 50", "> uln" or "> 1.5 baseline"')
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Factor(_Strict):
    factor: Annotated[Decimal, Field(gt=0)]
    names: Annotated[tuple[_Word, ...], Field(min_length=1)]


class _Unit(_Strict):
    name: _Word
    factors: Annotated[tuple[_Factor, ...], Field(min_length=1)]


class _Rule(_Strict):
    id: _Id
    version: Annotated[int, Field(ge=1)]
    grade: Annotated[int, Field(ge=1, le=4)]
    when: Annotated[str, AfterValidator(_readable)]
    only: Literal["normal", "raised"] | None = None
    source: Annotated[str, Field(min_length=1, max_length=200)]


class _Test(_Strict):
    label: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]
    units: str
    names: Annotated[tuple[_Word, ...], Field(min_length=1)]
    plausible: tuple[Decimal, Decimal]
    zero: bool = False
    term: _Word | None = None
    code: Annotated[str, Field(pattern=r"^[0-9]{8}$")] | None = None
    rules: tuple[_Rule, ...] = ()


class _File(_Strict):
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,40}$")]
    ctcae: Literal["5.0"]
    units: Mapping[_Id, _Unit]
    tests: Mapping[_Id, _Test]


def parse_laboratory(text: str, name: str) -> Laboratory:
    """Raises ScriptError: every fault with its place."""
    try:
        found = _File.model_validate(read_toml(text, name))
    except ValidationError as error:
        raise faults_of(error, name) from None
    faults = list(_faults(found))
    if faults:
        raise ScriptError([f"{name}: {fault}" for fault in faults])
    units = {key: _unit(unit) for key, unit in found.units.items()}
    tests = {key: _test(key, test, units[test.units]) for key, test in found.tests.items()}
    spelled = {normal_form(word): key for key, test in found.tests.items() for word in (key, *test.names)}
    return Laboratory(found.version, found.ctcae, tests, spelled)


def _unit(unit: _Unit) -> Unit:
    factors = {normal_form(word): one.factor for one in unit.factors for word in one.names}
    return Unit(unit.name, factors, tuple(one.names[0] for one in unit.factors))


def _test(key: str, test: _Test, unit: Unit) -> LabTest:
    rules = tuple(_rule(rule) for rule in test.rules)
    return LabTest(key, test.label, unit, test.plausible, test.zero, test.term, test.code, rules)


def _rule(rule: _Rule) -> LabRule:
    return LabRule(rule.id, rule.version, rule.grade, _comparison(rule.when), rule.only, rule.source)


def _comparison(text: str) -> Comparison:
    found = _WHEN.fullmatch(text)
    assert found is not None
    return Comparison(found["sign"], Decimal(found["number"] or 1), found["of"])


def _faults(file: _File) -> Iterator[str]:
    ids = [rule.id for test in file.tests.values() for rule in test.rules]
    yield from (f"rule {one} stands twice" for one in sorted({one for one in ids if ids.count(one) > 1}))
    owners: dict[str, str] = {}
    for key, test in file.tests.items():
        for word in {normal_form(word) for word in (key, *test.names)}:
            if word in owners:
                yield f"tests.{key}.names: {word!r} is a name of {owners[word]}, too"
            owners[word] = key
        yield from (f"tests.{key}.{fault}" for fault in _test_faults(file, test))


def _test_faults(file: _File, test: _Test) -> Iterator[str]:
    if test.units not in file.units:
        yield f"units: {test.units!r} is not among units ({', '.join(file.units)})"
    if test.plausible[0] >= test.plausible[1]:
        yield "plausible: not from the lower to the higher"
    if bool(test.rules) != (test.term is not None) or bool(test.term) != (test.code is not None):
        yield "term, code, rules: all three or none"
    yield from _ladder_faults(test.rules)


def _ladder_faults(rules: tuple[_Rule, ...]) -> Iterator[str]:
    """Within one direction and reference a worse grade must begin later, or the milder one can never be met."""
    ladders: dict[tuple[bool, str | None, str | None], list[_Rule]] = {}
    for rule in rules:
        when = _comparison(rule.when)
        ladders.setdefault((when.sign == "<", when.of, rule.only), []).append(rule)
    for (below, _, _), steps in ladders.items():
        ordered = sorted(steps, key=lambda rule: rule.grade)
        bounds = [_comparison(rule.when).number for rule in ordered]
        if bounds != sorted(set(bounds), reverse=below) or len({rule.grade for rule in steps}) != len(steps):
            yield f"rules: {', '.join(rule.id for rule in ordered)} overlap: a worse grade must begin further out"
