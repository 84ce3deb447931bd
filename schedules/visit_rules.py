"""What a study reminds of besides doses, as its file states it. On which days is in visits.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

_Days = Annotated[int, Field(strict=True, ge=1, le=366)]
_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Talk = Literal["visit", "interactions", "prophylaxis"]
DAILY: Literal["daily"] = (
    "daily"  # a talk that no rule names: staff choose it for a participant and a medicine
)


class VisitRule(BaseModel):
    """`trait`: only for participants of whom staff have said so. `text`: what is said (talk visit only)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: _Id
    version: Annotated[int, Field(strict=True, ge=1)]
    talk: Talk = "visit"
    text: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")] | None = None
    trait: _Id | None = None
    first_day: _Days
    every_days: _Days
    source: Annotated[str, Field(min_length=1, max_length=300)]

    @property
    def time(self) -> time | None:
        """At the dose time: one hour of the day at which the phone is looked at."""
        return None


class AfterLinking(BaseModel):
    """Other medicines are asked about once, so many days after the welcome; and not again within `apart_days`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    days: Annotated[int, Field(strict=True, ge=1, le=28)]
    apart_days: _Days
    source: Annotated[str, Field(min_length=1, max_length=300)]

    @property
    def talk(self) -> Talk:
        return "interactions"


class Visits(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    close_after_hours: Annotated[int, Field(strict=True, ge=1, le=672)]
    daily_close_after_hours: Annotated[int, Field(strict=True, ge=1, le=24)] = 12
    after_linking: AfterLinking | None = None
    rules: tuple[VisitRule, ...]

    def text_ids(self) -> frozenset[str]:
        return frozenset(rule.text for rule in self.rules if rule.text)


def visit_faults(visits: Visits, cycle_days: int) -> Iterator[str]:
    """Rules that say nothing, or that can never come."""
    ids = [rule.id for rule in visits.rules]
    yield from (f"visits.rules: {one} stands twice" for one in sorted({x for x in ids if ids.count(x) > 1}))
    for rule in visits.rules:
        if (rule.text is None) == (rule.talk == "visit"):
            yield f"visits.rules.{rule.id}.text: needed for a visit, and only there"
        if rule.first_day > cycle_days:
            yield f"visits.rules.{rule.id}.first_day = {rule.first_day}: after the cycle's last day ({cycle_days})"
