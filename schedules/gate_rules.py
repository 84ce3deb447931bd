"""What must be known before a cycle is released, as a study's file states it. The judging is in gates.py."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _exact(value: Any) -> Decimal:
    # TOML decimals arrive as Decimal; a float never does.
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        exact = Decimal(value)
        if exact.is_finite() and exact >= 0:
            return exact
    raise ValueError("should be a number from 0")


Limit = Annotated[Decimal, BeforeValidator(_exact)]
Days = Annotated[int, Field(strict=True, ge=1, le=366)]
RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class GateRule(BaseModel):
    """One condition: a laboratory test at least so high, or no provisional grade above so much (or the baseline's).

    `drug`: only for participants whose arm has it. `at_least` is in the test's unit (bot/symptoms/rules/labs.toml).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: RuleId
    version: Annotated[int, Field(strict=True, ge=1)]
    drug: RuleId
    test: RuleId | None = None
    at_least: Limit | None = None
    toxicity_at_most: Annotated[int, Field(strict=True, ge=0, le=4)] | None = None
    source: Annotated[str, Field(min_length=1, max_length=300)]


class CycleGate(BaseModel):
    """The conditions, and how old what they rest on may be on day 1 of the cycle, in days."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    lab_max_age_days: Days
    symptom_max_age_days: Days
    rules: tuple[GateRule, ...]


def gate_faults(gate: CycleGate, drugs: frozenset[str]) -> Iterator[str]:
    """Conditions that say nothing, two things at once, or something about a drug that the study does not have."""
    ids = [rule.id for rule in gate.rules]
    yield from (
        f"cycle_gate.rules: {one} stands twice" for one in sorted({x for x in ids if ids.count(x) > 1})
    )
    for rule in gate.rules:
        where = f"cycle_gate.rules.{rule.id}"
        if rule.drug not in drugs:
            yield f'{where}.drug = "{rule.drug}": not among drugs ({", ".join(sorted(drugs))})'
        if (rule.test is None) != (rule.at_least is None):
            yield f"{where}: test and at_least belong together"
        if (rule.test is None) == (rule.toxicity_at_most is None):
            yield f"{where}: either a test with at_least, or toxicity_at_most"
