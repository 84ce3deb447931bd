"""Why was this sent, or not: each timer and each message of one participant with what became of it, and no words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.services.context import Tx

BACK, AHEAD = timedelta(days=14), timedelta(days=3)
LONGEST = 400
OF_THE_HOUSE = ("extend", "escalate")  # planning on and calling staff are not meant for the participant


@dataclass(frozen=True, slots=True)
class Happening:
    """`kind`: timer or message. `why`: the outcome's own word, empty while it waits; `detail`: what follows a colon."""

    at: datetime
    kind: str
    what: str
    state: str
    why: str
    detail: str
    channel: str


async def history(tx: Tx, participant_id: int) -> list[Happening]:
    """Newest first: two weeks back, three days ahead."""
    since, until = tx.now - BACK, tx.now + AHEAD
    timers = await tx.all(
        select(Timer)
        .where(Timer.participant_id == participant_id, Timer.due_at.between(since, until))
        .where(Timer.kind.not_in(OF_THE_HOUSE))
        .order_by(Timer.due_at.desc())
        .limit(LONGEST)
    )
    sent = await tx.all(
        select(OutboundMessage)
        .where(OutboundMessage.participant_id == participant_id, OutboundMessage.created_at >= since)
        .where(OutboundMessage.purpose != "settle")
        .order_by(OutboundMessage.created_at.desc())
        .limit(LONGEST)
    )
    found = [
        Happening(row.due_at, "timer", row.kind, row.state, *_why(row.outcome or ""), "") for row in timers
    ]
    found += [
        Happening(row.created_at, "message", row.purpose, row.state, "", row.text_id, row.channel)
        for row in sent
    ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:LONGEST]


def _why(outcome: str) -> tuple[str, str]:
    word, _, detail = outcome.partition(":")
    return word, detail
