"""How long alerts took from their commit to the post, in the machine's seconds: what a clock that stands cannot tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from bot.rehearsal.evidence import Findings, Violation

ON_THE_WIRE = 5.0
RECOVERED = 30.0  # a lease that runs out, and a process that starts again beside others
JUST_BEFORE = 1.0  # what is struck in the middle of a transaction was begun before it was struck


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine's time (seconds, as the event loop counts them) beside the database's clock: it showed `start` at `began`
    and runs `speed` times as fast. `struck`: when a process was killed or the database lost.
    """

    start: datetime
    began: float
    speed: float
    struck: Sequence[float]

    def moment(self, instant: datetime) -> float:
        return self.began + (instant - self.start).total_seconds() / self.speed

    def recovering(self) -> list[tuple[datetime, datetime]]:
        """From when until when, by the database's clock, something that was struck may not have been there."""
        spans: list[tuple[float, float]] = []
        for at in sorted(self.struck):
            since = max(at - JUST_BEFORE, spans[-1][1]) if spans else at - JUST_BEFORE
            spans.append((since, at + RECOVERED))
        return [(self._instant(since), self._instant(until)) for since, until in spans]

    def _instant(self, moment: float) -> datetime:
        return self.start + timedelta(seconds=(moment - self.began) * self.speed)


def in_time(rows: Sequence[Row[Any]], posted: Mapping[int, float], machine: Machine) -> Findings:
    """`rows`: alerts that cannot wait. `posted`: when the first mail about each arrived, by number."""
    found = Findings(checked=len(rows))
    for row in rows:
        where, arrived = f"alert {row.alert_id} {row.kind} {row.tier}", posted.get(row.alert_id)
        if arrived is None:
            found.violations.append(Violation(4, "never on the wire", where, row.raised_at))
            continue
        raised = machine.moment(row.raised_at)
        last = max((at for at in machine.struck if raised - JUST_BEFORE <= at <= arrived), default=None)
        if arrived - raised <= ON_THE_WIRE:
            continue
        if last is not None and arrived - last <= RECOVERED:
            found.allowed["a process was killed or the database lost between its commit and the post"] += 1
        else:
            late = f"on the wire after {arrived - raised:.1f} s"
            found.violations.append(Violation(4, late, where, row.raised_at))
    return found
