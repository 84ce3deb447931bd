"""Specifications as small tables: what a rule must make of certain answers, in files that a clinician can read.

It only compares. A rule without a row that meets it, or a table without a rule, is a fault like a wrong row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.dialogue.faults import ScriptError, read_toml
from bot.symptoms.grading import Grading, grades
from bot.symptoms.questionnaire import NO, YES, Questionnaire, Reply
from bot.symptoms.triage import Triage, triage

_ANSWER = re.compile(r"([a-z_]+(?:\.[a-z_]+)?) *= *([a-z0-9_.]+)")
_KNOWN = re.compile(r"known +([a-z_]+) +([a-z0-9.]+)")
_BEFORE = re.compile(r"before +([a-z_]+)((?: +[0-4])+)")
NO_GRADE = "none"


@dataclass(frozen=True, slots=True)
class Case:
    """One row: what is said, known and remembered, and what comes of it (a grade, or whether the rule is met)."""

    text: str
    wanted: object
    said: Mapping[str, Reply] = field(default_factory=dict)
    known: Mapping[str, float | str] = field(default_factory=dict)
    earlier: Mapping[str, Sequence[int]] = field(default_factory=dict)


Cases = Mapping[str, tuple[Case, ...]]


def parse_examples(text: str, name: str) -> dict[str, tuple[Case, ...]]:
    """Tables by term or rule. Raises ScriptError with one line for each row that cannot be read."""
    found: dict[str, tuple[Case, ...]] = {}
    faults: list[str] = []
    for owner, rows in read_toml(text, name).items():
        cases = []
        for row, wanted in (rows if isinstance(rows, dict) else {owner: rows}).items():
            try:
                cases.append(_case(row, wanted))
            except ValueError as problem:
                faults.append(f"{name}: {owner}: {problem}")
        found[owner] = tuple(cases)
    if faults:
        raise ScriptError(faults)
    return found


def _case(row: str, wanted: Any) -> Case:
    said: dict[str, Reply] = {}
    known: dict[str, float | str] = {}
    earlier: dict[str, Sequence[int]] = {}
    for part in filter(None, (one.strip() for one in row.split(","))):
        if answer := _ANSWER.fullmatch(part):
            said[answer[1]] = _value(answer[2])
        elif entered := _KNOWN.fullmatch(part):
            known[entered[1]] = _value(entered[2])
        elif before := _BEFORE.fullmatch(part):
            earlier[before[1]] = tuple(map(int, before[2].split()))
        else:
            raise ValueError(f"cannot read {part!r}")
    return Case(row, wanted, said, known, earlier)


def _value(text: str) -> float | str:
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text


def grading_faults(grading: Grading, check: Questionnaire, cases: Cases) -> Iterator[str]:
    """Rows that do not hold, terms without a table, tables without a term. A changed rule is its study's own matter."""
    terms = {term.id: term for term in grading.terms}
    yield from (f"examples: {one}: there is no such term" for one in cases if one not in terms)
    for term in terms.values():
        rows = cases.get(term.id, ())
        if not rows:
            yield f"examples: {term.id}: no row"
        if any(rule.study for rule in term.rules):
            continue
        for case in rows:
            answers = {term.symptom: YES, **{f"{term.symptom}.{key}": one for key, one in case.said.items()}}
            found = {one.term: one for one in grades(grading, check, answers)}.get(term.id)
            given = NO_GRADE if found is None else found.grade
            if given != case.wanted:
                by = "no rule" if found is None else found.basis
                yield f"examples: {term.id}: {case.text!r} is {given} by {by}, expected {case.wanted}"


def triage_faults(rules: Triage, grading: Grading, check: Questionnaire, cases: Cases) -> Iterator[str]:
    known = {rule.id: rule for rule in rules.rules}
    yield from (f"examples: {one}: there is no such rule" for one in cases if one not in known)
    for rule in known.values():
        rows = cases.get(rule.id, ())
        if {case.wanted for case in rows} != {True, False}:
            yield f"examples: {rule.id}: needs a row that is met and one that is not"
        if rule.study:
            continue
        for case in rows:
            hits = triage(rules, grading, check, full(check, case.said), case.earlier, case.known)
            met = rule.id in {hit.rule.partition("@")[0] for hit in hits}
            if met != case.wanted:
                yield f"examples: {rule.id}: {case.text!r} is {'met' if met else 'not met'}"


def full(check: Questionnaire, said: Mapping[str, Reply]) -> dict[str, Reply]:
    """A whole check: what is named is ticked, and the rest was answered with no."""
    ticked = dict.fromkeys((key.partition(".")[0] for key in said), YES)
    return {**dict.fromkeys(check.symptoms, NO), **ticked, **said}
