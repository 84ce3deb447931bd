"""How a study treats what its symptom check finds: whose answers count, repeats, clocks, and rules that it changes.

The rules themselves stand in bot/symptoms/rules; here is only what one study says differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Days = Annotated[int, Field(strict=True, ge=0, le=366)]
Hours = Annotated[int, Field(strict=True, ge=1, le=336)]
Lines = Annotated[tuple[str, ...], Field(min_length=1)]
Source = Annotated[str, Field(min_length=5, max_length=300)]
Version = Annotated[int, Field(strict=True, ge=1)]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Repeats(_Rules):
    """For how many days after it was handled the same, no worse finding is counted and not told again. 0: always told."""

    urgent_days: Days = 14
    routine_days: Days = 28


class Clocks(_Rules):
    """Within how many hours somebody looks at an alert of a tier."""

    emergency_hours: Hours = 1
    urgent_hours: Hours = 24
    routine_hours: Hours = 96


class GradeChange(_Rules):
    """A grading rule as this study reads it. What is left out stays; `source`: why, and by whom it was decided."""

    version: Version
    when: Lines
    source: Source


class TriageChange(_Rules):
    """A triage rule as this study reads it: other lines, another urgency, or switched off."""

    version: Version
    when: Lines | None = None
    urgency: Literal["emergency", "urgent", "routine"] | None = None
    off: bool = False
    source: Source


class SymptomRules(_Rules):
    """`caregiver`: whether what family answers makes provisional grades; it always raises alerts.

    `lab_days`: a laboratory value older than this is not known to the rules.
    """

    caregiver: Literal["counts", "alerts_only"] = "counts"
    lab_days: Annotated[int, Field(strict=True, ge=1, le=366)] = 14
    repeats: Repeats = Repeats()
    clocks: Clocks = Clocks()
    grading: Mapping[RuleId, GradeChange] = {}
    triage: Mapping[RuleId, TriageChange] = {}


def check_rule_faults(rules: SymptomRules) -> Iterator[str]:
    """Clocks in the wrong order, changes that change nothing, and an emergency that is switched off."""
    clocks = rules.clocks
    if not clocks.emergency_hours <= clocks.urgent_hours <= clocks.routine_hours:
        yield "symptom_rules.clocks: what is more urgent must not have more hours"
    for name, change in rules.triage.items():
        where = f"symptom_rules.triage.{name}"
        if change.off and (change.when or change.urgency):
            yield f"{where}: switched off, and changed as well"
        if not change.off and change.when is None and change.urgency is None:
            yield f"{where}: changes nothing"
