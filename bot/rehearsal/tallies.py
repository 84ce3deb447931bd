"""What a rehearsal's database tells at the end: messages by what became of them, answers, alerts with their clocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import func, select

from bot.db.alerts import Alert, AlertStep
from bot.db.doses import DoseEvent, DoseReport
from bot.db.outbox import OutboundMessage
from bot.services.context import Tx
from schedules.check_rules import Clocks

HOURS = Clocks()  # of the study's own; an alert that has an hour of its own keeps that
LIMITS = {
    "emergency": timedelta(hours=HOURS.emergency_hours),
    "urgent": timedelta(hours=HOURS.urgent_hours),
    "routine": timedelta(hours=HOURS.routine_hours),
}
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Waited:
    """How long one alert waited for somebody to take it in hand, in minutes; None while nobody had. `limit`: of its clock.
    `over`: whether that had run out at the end.
    """

    tier: str
    minutes: float | None
    limit: float
    over: bool

    @property
    def in_time(self) -> bool:
        return self.minutes is not None and self.minutes <= self.limit

    @property
    def late(self) -> bool:
        return self.over and not self.in_time


async def of_messages(tx: Tx) -> dict[str, int]:
    states = {
        row.state: row.n
        for row in await tx.all(
            select(OutboundMessage.state, func.count().label("n")).group_by(OutboundMessage.state)
        )
    }
    repeats = select(func.count()).select_from(OutboundMessage).where(OutboundMessage.repeats.is_not(None))
    answered = select(func.count(func.distinct(DoseReport.dose_id)))
    return {
        "answered_doses": int(await tx.scalar(answered)),
        "messages_sent": states.get("sent", 0),
        "messages_repeated": int(await tx.scalar(repeats)),
        "messages_expired": states.get("expired", 0),
        "messages_of_unknown_fate": states.get("unknown", 0),
        "messages_refused": states.get("refused", 0),
    }


async def planned(tx: Tx, as_of: datetime) -> int:
    """Doses that came due. Only where no ledger has a calendar of its own."""
    due = select(func.count()).select_from(DoseEvent).where(DoseEvent.due_at <= as_of)
    return int(await tx.scalar(due))


async def of_alerts(tx: Tx, as_of: datetime) -> tuple[dict[str, int], list[Waited]]:
    alerts = await tx.all(select(Alert.alert_id, Alert.tier, Alert.raised_at, Alert.due_at))
    taken = await tx.all(
        select(AlertStep.alert_id, func.min(AlertStep.taken_at).label("at"))
        .where(AlertStep.step == "acknowledged")
        .group_by(AlertStep.alert_id)
    )
    escalated = await tx.all(
        select(AlertStep.alert_id, AlertStep.outcome).where(AlertStep.step == "escalated")
    )
    at = {row.alert_id: row.at for row in taken}
    counts = {f"alerts_{tier}": sum(row.tier == tier for row in alerts) for tier in LIMITS}
    counts |= {
        "alerts_taken": len(at),
        "alerts_escalated": len({row.alert_id for row in escalated}),
        "alerts_that_reached_the_end_of_the_list": sum(row.outcome == "end_of_list" for row in escalated),
    }
    return counts, [_waited(row, at.get(row.alert_id), as_of) for row in alerts]


def _waited(alert: Any, taken: datetime | None, as_of: datetime) -> Waited:
    # Where a dose is too near, somebody is to look before it: then the limit may be at once.
    due = alert.due_at or alert.raised_at + LIMITS[alert.tier]
    minutes = (taken - alert.raised_at) / A_MINUTE if taken is not None else None
    limit = (due - alert.raised_at) / A_MINUTE
    return Waited(alert.tier, minutes, limit, over=due <= as_of or (minutes or 0) > limit)


def by_tier(waited: list[Waited]) -> dict[str, dict[str, int | float | None]]:
    """What a report says of them: how many, the median and the longest wait of those taken, and how many kept the clock."""
    found: dict[str, dict[str, int | float | None]] = {}
    for tier, usual in LIMITS.items():
        own = [one for one in waited if one.tier == tier]
        minutes = [one.minutes for one in own if one.minutes is not None]
        found[tier] = {
            "raised": len(own),
            "taken": len(minutes),
            "minutes_median": round(median(minutes), 1) if minutes else None,
            "minutes_worst": round(max(minutes), 1) if minutes else None,
            "minutes_allowed": round(usual / A_MINUTE),
            "in_time": sum(one.in_time for one in own),
            "late_or_never": sum(one.late for one in own),
        }
    return found
