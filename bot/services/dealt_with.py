"""What was dealt with lately: alerts that were closed, and how. It stands in the digest, so that all on duty know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from bot.db.alerts import Alert, AlertStep
from bot.db.people import Participant
from bot.services.context import Tx
from bot.services.needs import WORST


@dataclass(frozen=True, slots=True)
class Dealt:
    """One alert that somebody ended. No words: `outcome` is a code. `step_id`: of the act that ended it."""

    subject_id: str
    tier: str
    kind: str
    outcome: str
    step_id: int

    def as_json(self) -> dict[str, str]:
        return {
            "subject_id": self.subject_id,
            "tier": self.tier,
            "kind": self.kind,
            "outcome": self.outcome,
        }


async def since(tx: Tx, site_id: int, instant: datetime) -> list[Dealt]:
    """Alerts of the site that were closed after `instant` and not opened again; worst first."""
    last = (
        select(AlertStep.alert_id, func.max(AlertStep.alert_step_id).label("step_id"))
        .where(AlertStep.step.in_(("closed", "reopened")))
        .group_by(AlertStep.alert_id)
        .subquery()
    )
    rows = await tx.all(
        select(Participant.subject_id, Alert.tier, Alert.kind, AlertStep.outcome, AlertStep.alert_step_id)
        .select_from(AlertStep)
        .join(last, last.c.step_id == AlertStep.alert_step_id)
        .join(Alert, Alert.alert_id == AlertStep.alert_id)
        .join(Participant, Participant.participant_id == Alert.participant_id)
        .where(Participant.site_id == site_id, AlertStep.step == "closed", AlertStep.taken_at > instant)
        .order_by(AlertStep.alert_step_id)
    )
    found = [Dealt(row.subject_id, row.tier, row.kind, row.outcome or "", row.alert_step_id) for row in rows]
    return sorted(found, key=lambda one: (WORST[one.tier], one.subject_id))
