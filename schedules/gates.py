"""May the next cycle begin? What the study's conditions make of the newest laboratory values and grades.

Shown to staff, who decide. Missing or old values are never a pass: they are not assessable.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from schedules.gate_rules import CycleGate, GateRule


class Outcome(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    NOT_ASSESSABLE = "not_assessable"


@dataclass(frozen=True, slots=True)
class LabFact:
    """A value in the test's unit, and the local day on which the blood was taken."""

    value: Decimal
    on: date


@dataclass(frozen=True, slots=True)
class ToxicityFact:
    """The newest provisional grade of a term, and the grade before treatment; None where nobody was asked then."""

    term: str
    grade: int
    baseline: int | None = None


@dataclass(frozen=True, slots=True)
class Symptoms:
    """The newest symptom check: the local day it was answered, and every grade it gave."""

    on: date
    grades: tuple[ToxicityFact, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one condition comes to. `why`: a stable word; `shown`: the value or the worst term; `on`: its day."""

    rule: GateRule
    outcome: Outcome
    why: str
    shown: str = ""
    on: date | None = None


def assess(
    gate: CycleGate | None,
    drugs: Collection[str],
    labs: Mapping[str, tuple[LabFact, ...]],
    symptoms: Symptoms | None,
    first_day: date,
) -> tuple[Finding, ...]:
    """Every condition of the drugs that this cycle gives. `labs`: per test, in the order in which they were written.

    A value counts from so many days before day 1 up to day 1 itself; of several the latest day, then the latest written.
    """
    if gate is None:
        return ()
    rules = [rule for rule in gate.rules if rule.drug in drugs]
    return tuple(
        _lab(gate, rule, labs.get(rule.test, ()), first_day)
        if rule.test is not None
        else _toxicity(gate, rule, symptoms, first_day)
        for rule in rules
    )


def passed(findings: Collection[Finding]) -> bool:
    return all(finding.outcome is Outcome.MET for finding in findings)


def _lab(gate: CycleGate, rule: GateRule, known: tuple[LabFact, ...], first_day: date) -> Finding:
    before = [fact for fact in known if fact.on <= first_day]
    if not before:
        return Finding(rule, Outcome.NOT_ASSESSABLE, "missing")
    newest = max(enumerate(before), key=lambda one: (one[1].on, one[0]))[1]
    shown = format(newest.value.normalize(), "f")
    if newest.on < first_day - timedelta(days=gate.lab_max_age_days):
        return Finding(rule, Outcome.NOT_ASSESSABLE, "old", shown, newest.on)
    assert rule.at_least is not None
    outcome = Outcome.MET if newest.value >= rule.at_least else Outcome.NOT_MET
    return Finding(rule, outcome, "value", shown, newest.on)


def _toxicity(gate: CycleGate, rule: GateRule, symptoms: Symptoms | None, first_day: date) -> Finding:
    if symptoms is None:
        return Finding(rule, Outcome.NOT_ASSESSABLE, "missing")
    if symptoms.on < first_day - timedelta(days=gate.symptom_max_age_days):
        return Finding(rule, Outcome.NOT_ASSESSABLE, "old", "", symptoms.on)
    assert rule.toxicity_at_most is not None
    most = rule.toxicity_at_most
    above = [one for one in symptoms.grades if one.grade > max(most, one.baseline or 0)]
    if not above:
        return Finding(rule, Outcome.MET, "value", "", symptoms.on)
    worst = max(above, key=lambda one: (one.grade, one.term))
    return Finding(rule, Outcome.NOT_MET, "value", f"{worst.term} {worst.grade}", symptoms.on)
