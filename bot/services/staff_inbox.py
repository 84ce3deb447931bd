"""What staff have to look at, and what became of everything that should have gone out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import case, func, select

from bot.db.alerts import Alert, AlertStep
from bot.db.outbox import OutboundMessage
from bot.db.people import Participant
from bot.db.sites import Site
from bot.db.timers import Timer
from bot.services import sealing
from bot.services.auditing import of_participant
from bot.services.context import Tx

_WORST_FIRST = case({"emergency": 0, "urgent": 1, "routine": 2}, value=Alert.tier)


async def entries(
    tx: Tx, site_code: str | None, *, everything: bool, words: bool, reader: str
) -> list[dict[str, Any]]:
    """Alerts, worst first, oldest first within a tier. Reading words is written down in each person's chain."""
    last = (
        select(AlertStep.step)
        .where(AlertStep.alert_id == Alert.alert_id)
        .order_by(AlertStep.alert_step_id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(Alert, Participant.subject_id, last.label("state"))
        .join(Participant, Participant.participant_id == Alert.participant_id)
        .join(Site, Site.site_id == Participant.site_id)
        .order_by(_WORST_FIRST, Alert.alert_id)
    )
    if site_code is not None:
        query = query.where(Site.code == site_code)
    if not everything:
        query = query.where(func.coalesce(last, "told") != "closed")
    rows = []
    for row in await tx.all(query):
        entry = {
            name: getattr(row, name)
            for name in ("alert_id", "tier", "kind", "rule", "subject_id", "raised_at", "participant_id")
        }
        entry["state"] = row.state or "told"
        if words and row.words_sealed is not None:
            entry["words"] = await sealing.unseal_text(tx, row.words_sealed)
            of_participant(tx, row.participant_id, reader, "words_read", alert=row.alert_id)
        rows.append(entry)
    return rows


async def history(tx: Tx, participant_id: int, days: int) -> list[str]:
    """One line for each timer and each message of the last days and the next two, in order of time. No words."""
    since, until = tx.now - timedelta(days=days), tx.now + timedelta(days=2)
    lines = [
        (row.due_at, f"timer   {row.kind:10} {row.state:9} {row.outcome or ''}")
        for row in await tx.all(
            select(Timer)
            .where(Timer.participant_id == participant_id, Timer.due_at.between(since, until))
            .where(Timer.kind != "extend")
        )
    ]
    lines += [
        (row.created_at, f"message {row.purpose:10} {row.state:9} {row.channel} {row.text_id}")
        for row in await tx.all(
            select(OutboundMessage)
            .where(OutboundMessage.participant_id == participant_id, OutboundMessage.created_at >= since)
            .where(OutboundMessage.purpose != "settle")
        )
    ]
    return [f"{at:%Y-%m-%d %H:%M:%SZ}  {line.rstrip()}" for at, line in sorted(lines)]
