"""What a rehearsal came to: the figures of the study, and each promise with its count of violations."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import select

from bot.db.alerts import Alert
from bot.rehearsal import tallies
from bot.rehearsal.evidence import Evidence, Findings
from bot.rehearsal.plain.calendar import doses
from bot.rehearsal.promises import PROMISES
from bot.rehearsal.promises.alerts_in_time import first_letters
from bot.rehearsal.tallies import Waited, by_tier


@dataclass(slots=True)
class Outcome:
    """`setting`: as asked for; `fingerprint`: the order of events in one word, where it can be had again.

    `weekly`: week -> figure -> count. Everything in it can be written as JSON.
    """

    setting: dict[str, Any]
    fingerprint: str
    seconds: float
    pace: str  # in words
    counts: dict[str, int] = field(default_factory=dict)
    waited: list[Waited] = field(default_factory=list)  # each alert, until it was taken in hand
    on_the_wire: list[float] = field(
        default_factory=list
    )  # seconds until an alert that cannot wait reached somebody
    weekly: dict[int, dict[str, int]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    played: dict[str, int] = field(
        default_factory=dict
    )  # what happened to people and what they did, by its kind
    undone: dict[str, int] = field(
        default_factory=dict
    )  # of that, what was begun or ordered and did not come about
    promises: list[dict[str, Any]] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, int | float | None]:
        """What was counted, and what follows from it."""
        if "days" not in self.setting:
            return dict(self.counts)
        weeks = self.setting["participants"] * self.setting["days"] / 7
        urgent = self.counts["alerts_emergency"] + self.counts["alerts_urgent"]
        return {
            **self.counts,
            "seconds_until_told_median": round(median(self.on_the_wire), 1) if self.on_the_wire else None,
            "seconds_until_told_worst": round(max(self.on_the_wire), 1) if self.on_the_wire else None,
            "alerts_per_100_patient_weeks": round(100 * urgent / weeks, 1),
        }

    @property
    def never(self) -> list[str]:
        """Kinds of faults and events of which there was none: nothing is known about them."""
        return [kind for kind, times in {**self.played, **self.faults}.items() if not times]

    @property
    def violations(self) -> int:
        return sum(len(one["violations"]) for one in self.promises)

    def as_json(self) -> str:
        content = {
            "rehearsal": self.setting,
            "fingerprint": self.fingerprint,
            "seconds": round(self.seconds, 1),
            "pace": self.pace,
            "figures": self.figures,
            "alert_clocks": by_tier(self.waited),
            "played": self.played,
            "not_carried_out": self.undone,
            "weekly": self.weekly,
            "faults": self.faults,
            "promises": self.promises,
            "violations": self.violations,
        }
        return json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"


async def judge(evidence: Evidence, outcome: Outcome) -> Outcome:
    """Count the promises and the figures. Kinds of faults that stand in `outcome` already are told also where none struck."""
    for promise in PROMISES:
        findings = await promise.count(evidence)
        outcome.promises.append(told(promise.number, promise.title, findings))
    for one in evidence.struck:
        outcome.faults[one.kind] = outcome.faults.get(one.kind, 0) + 1
    outcome.faults = dict(sorted(outcome.faults.items()))
    await _figures(evidence, outcome)
    return outcome


def told(number: int, title: str, findings: Findings) -> dict[str, Any]:
    return {
        "number": number,
        "title": title,
        "checked": findings.checked,
        "violations": [
            {"what": one.what, "where": one.where, "at": one.at.isoformat() if one.at else None}
            for one in findings.violations
        ],
        "allowed": {what: times for what, times in sorted(findings.allowed.items()) if times},
    }


async def _figures(evidence: Evidence, outcome: Outcome) -> None:
    planned = [dose for one in evidence.ledgers for dose in doses(one.orders) if dose.due <= evidence.as_of]
    async with evidence.ctx.begin() as tx:
        messages = await tallies.of_messages(tx)
        of_alerts, outcome.waited = await tallies.of_alerts(tx, evidence.as_of)
        alerts = await tx.all(select(Alert.alert_id, Alert.tier, Alert.raised_at))
    told = first_letters(letter for letter in evidence.letters if not evidence.lost_in_gap(letter.at))
    outcome.on_the_wire = [
        (told[row.alert_id] - row.raised_at).total_seconds()
        for row in alerts
        if row.tier != "routine" and row.alert_id in told
    ]
    outcome.counts |= {
        "planned_doses": len(planned),
        "held_doses": sum(dose.held for dose in planned),
        "acts": sum(len(one.acts) for one in evidence.ledgers),
        **messages,
        **of_alerts,
        "letters_to_staff": len(evidence.letters),
    }
    outcome.weekly = _weekly(evidence, [dose.due for dose in planned], [row.raised_at for row in alerts])


def _weekly(evidence: Evidence, due: list[datetime], raised: list[datetime]) -> dict[int, dict[str, int]]:
    start = min((one.orders[0].recorded_at for one in evidence.ledgers), default=evidence.as_of)
    found: defaultdict[int, Counter[str]] = defaultdict(Counter)
    series = {
        "planned": due,
        "acts": [act.at for one in evidence.ledgers for act in one.acts],
        "alerts": raised,
        "faults": [one.at for one in evidence.struck],
    }
    for name, times in series.items():
        for at in times:
            found[(at - start).days // 7 + 1][name] += 1
    return {week: dict(found[week]) for week in sorted(found)}
