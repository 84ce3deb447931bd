"""What a rehearsal came to: the figures of the study, and each promise with its count of violations."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from sqlalchemy import func, select

from bot.db.alerts import Alert, AlertStep
from bot.db.doses import DoseReport
from bot.db.outbox import OutboundMessage
from bot.rehearsal.evidence import Evidence, Findings
from bot.rehearsal.plain.calendar import doses
from bot.rehearsal.promises import PROMISES
from bot.rehearsal.promises.alerts_in_time import first_letters


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
    waits: list[float] = field(default_factory=list)  # minutes until an alert was taken in hand
    on_the_wire: list[float] = field(
        default_factory=list
    )  # seconds until an alert that cannot wait reached somebody
    weekly: dict[int, dict[str, int]] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
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
            "minutes_until_taken_median": round(median(self.waits), 1) if self.waits else None,
            "seconds_until_told_median": round(median(self.on_the_wire), 1) if self.on_the_wire else None,
            "seconds_until_told_worst": round(max(self.on_the_wire), 1) if self.on_the_wire else None,
            "alerts_per_100_patient_weeks": round(100 * urgent / weeks, 1),
        }

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
            "weekly": self.weekly,
            "faults": self.faults,
            "promises": self.promises,
            "violations": self.violations,
        }
        return json.dumps(content, ensure_ascii=False, indent=1, default=str) + "\n"


async def judge(evidence: Evidence, outcome: Outcome) -> Outcome:
    """Count the promises and the figures."""
    for promise in PROMISES:
        findings = await promise.count(evidence)
        outcome.promises.append(told(promise.number, promise.title, findings))
    outcome.faults = dict(sorted(Counter(one.kind for one in evidence.struck).items()))
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
        states = {
            row.state: row.n
            for row in await tx.all(
                select(OutboundMessage.state, func.count().label("n")).group_by(OutboundMessage.state)
            )
        }
        repeated = (
            select(func.count()).select_from(OutboundMessage).where(OutboundMessage.repeats.is_not(None))
        )
        answered = select(func.count(func.distinct(DoseReport.dose_id)))
        alerts = await tx.all(select(Alert.alert_id, Alert.tier, Alert.raised_at))
        taken = await tx.all(
            select(AlertStep.alert_id, func.min(AlertStep.taken_at).label("at"))
            .where(AlertStep.step == "acknowledged")
            .group_by(AlertStep.alert_id)
        )
        escalated = await tx.all(
            select(AlertStep.alert_id, AlertStep.outcome).where(AlertStep.step == "escalated")
        )
        outcome.counts |= {
            "planned_doses": len(planned),
            "held_doses": sum(dose.held for dose in planned),
            "answered_doses": await tx.scalar(answered),
            "doses_told_beside_the_plan": sum(len(one.extras) for one in evidence.ledgers),
            "acts": sum(len(one.acts) for one in evidence.ledgers),
            "messages_sent": states.get("sent", 0),
            "messages_repeated": await tx.scalar(repeated),
            "messages_expired": states.get("expired", 0),
            "messages_of_unknown_fate": states.get("unknown", 0),
            "messages_refused": states.get("refused", 0),
        }
    _alert_load(evidence, outcome, alerts, {row.alert_id: row.at for row in taken})
    outcome.counts |= {
        "alerts_escalated": len({row.alert_id for row in escalated}),
        "alerts_that_reached_the_end_of_the_list": sum(row.outcome == "end_of_list" for row in escalated),
    }
    outcome.weekly = _weekly(evidence, [dose.due for dose in planned], [row.raised_at for row in alerts])


def _alert_load(
    evidence: Evidence, outcome: Outcome, alerts: Sequence[Any], taken: dict[int, datetime]
) -> None:
    outcome.waits = [
        (taken[row.alert_id] - row.raised_at).total_seconds() / 60 for row in alerts if row.alert_id in taken
    ]
    told = first_letters(letter for letter in evidence.letters if not evidence.lost_in_gap(letter.at))
    outcome.on_the_wire = [
        (told[row.alert_id] - row.raised_at).total_seconds()
        for row in alerts
        if row.tier != "routine" and row.alert_id in told
    ]
    outcome.counts |= {
        **{
            f"alerts_{tier}": sum(row.tier == tier for row in alerts)
            for tier in ("emergency", "urgent", "routine")
        },
        "alerts_taken": len(outcome.waits),
        "letters_to_staff": len(evidence.letters),
    }


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
