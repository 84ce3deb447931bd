"""What a rehearsal leaves behind for whoever counts its promises: ledgers, letters, faults, and the database itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.rehearsal.faults import Struck
from bot.rehearsal.ledger import Ledger, Letter
from bot.services.context import Ctx


@dataclass(frozen=True, slots=True)
class Violation:
    """One promise that was not kept: what was wrong, with whom or what, and when."""

    promise: int
    what: str
    where: str
    at: datetime | None = None


@dataclass(slots=True)
class Findings:
    """`allowed`: what looks like a breach and is one that the product states openly, each listed."""

    violations: list[Violation] = field(default_factory=list)
    allowed: Counter[str] = field(default_factory=Counter)
    checked: int = 0


def all_of(*parts: Findings) -> Findings:
    whole = Findings()
    for part in parts:
        whole.violations += part.violations
        whole.allowed.update(part.allowed)
        whole.checked += part.checked
    return whole


@dataclass(frozen=True, slots=True)
class Gap:
    """A restored database: what was recorded between these instants is lost, and nothing else."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """`ctx` is a sound context on the rehearsed database. `spans`: what was away, from, until. `consoles`: when a site's
    console first showed an alert, by site and alert; known of those that a channel turned away.
    """

    ctx: Ctx
    study: str
    as_of: datetime
    ledgers: Sequence[Ledger]
    letters: Sequence[Letter]
    carried: Mapping[str, int]
    struck: Sequence[Struck]
    spans: Sequence[tuple[str, datetime, datetime]]
    phones: Mapping[str, str] = field(default_factory=dict)  # address -> channel
    gaps: Sequence[Gap] = ()
    staff: Mapping[str, Set[str]] = field(default_factory=dict)  # address -> codes of his sites
    consoles: Mapping[tuple[int, int], datetime] = field(default_factory=dict)

    def by_participant(self) -> dict[int, Ledger]:
        return {one.participant_id: one for one in self.ledgers if one.participant_id}

    def away(self, name: str, start: datetime, end: datetime) -> datetime | None:
        """When it came back, if it was away at any time between these."""
        ends = [
            until for what, since, until in self.spans if what == name and since <= end and start <= until
        ]
        return max(ends, default=None)

    def hit(self, key: str) -> list[Struck]:
        """Faults that hit this very message."""
        return [one for one in self.struck if one.what.split()[-1:] == [key]]

    def struck_between(self, start: datetime, end: datetime) -> bool:
        return any(start <= one.at <= end for one in self.struck)

    def lost_in_gap(self, at: datetime) -> bool:
        return any(gap.since <= at <= gap.until for gap in self.gaps)

    def gap_within(self, start: datetime, end: datetime) -> datetime | None:
        """When a restored database went on, if its gap touches these."""
        ends = [gap.until for gap in self.gaps if gap.since <= end and start <= gap.until]
        return max(ends, default=None)


A_MINUTE = timedelta(minutes=1)
