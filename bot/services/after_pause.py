"""Reminders are wanted again: what came due meanwhile and still has time is asked after all. Doses have their own way."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from bot.db.timers import Timer
from bot.services import edge_plan, pro_plan, symptom_plan, visit_plan
from bot.services.context import Tx

KINDS = (symptom_plan.KIND, pro_plan.KIND, edge_plan.KIND, visit_plan.KIND)
MISSED = "paused"  # the outcome of what fired while nobody was to be asked


async def bring_back(tx: Tx, participant_id: int, since: datetime | None = None) -> None:
    """Each asks again whether it is still true when it fires. `since`: from when on, where that lies ahead."""
    due_at = max(since or tx.now, tx.now)
    await tx.execute(
        update(Timer)
        .where(Timer.participant_id == participant_id, Timer.kind.in_(KINDS))
        .where(Timer.state == "fired", Timer.outcome == MISSED, Timer.expires_at > due_at)
        .values(state="waiting", due_at=due_at, settled_at=None, outcome=None)
    )
    tx.woken.add("timers")
