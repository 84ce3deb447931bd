"""Everything acknowledged to the sender is recorded exactly once, and handled in the order of acceptance."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.db.inbox import InboxMessage
from bot.db.outbox import OutboundMessage
from bot.rehearsal.evidence import A_MINUTE, Evidence, Findings, Violation
from bot.rehearsal.ledger import Act


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        rows = await tx.all(select(InboxMessage).order_by(InboxMessage.inbox_id))
        replies = await tx.all(
            select(OutboundMessage.participant_id, OutboundMessage.inbox_id, OutboundMessage.created_at)
            .where(OutboundMessage.inbox_id.is_not(None), OutboundMessage.purpose == "reply")
            .where(OutboundMessage.participant_id.is_not(None))
            .order_by(OutboundMessage.message_id)
        )
    found = Findings(checked=len(rows))
    acts = {act.external_id: act for one in evidence.ledgers for act in one.acts}
    stored = Counter(row.external_id for row in rows)
    for external_id, act in acts.items():
        found.violations += _of_act(evidence, act, stored[external_id])
    for row in rows:
        found.violations += _of_row(row, acts, evidence.as_of)
    found.violations += _out_of_turn(rows, replies)
    return found


def _of_act(evidence: Evidence, act: Act, times: int) -> list[Violation]:
    if act.acknowledged_at is None and times <= 1:
        return []
    if times == 1 or (times == 0 and act.acknowledged_at and evidence.lost_in_gap(act.acknowledged_at)):
        return []
    what = "acknowledged and not recorded" if times == 0 else f"recorded {times} times"
    return [Violation(1, what, act.external_id, act.at)]


def _of_row(row: Row[Any], acts: dict[str, Act], as_of: datetime) -> list[Violation]:
    if row.external_id not in acts:
        return [Violation(1, "recorded, and nobody did it", row.external_id, row.received_at)]
    if row.state == "parked":
        return [Violation(1, "could not be handled", row.external_id, row.received_at)]
    if row.state == "pending" and row.received_at < as_of - A_MINUTE:
        return [Violation(1, "not handled", row.external_id, row.received_at)]
    return []


def _out_of_turn(rows: list[Row[Any]], replies: list[Row[Any]]) -> list[Violation]:
    """Of one person: what was accepted later must not be handled, nor answered, earlier."""
    wrong = []
    last: dict[int, Row[Any]] = {}
    for row in rows:
        before = last.get(row.lock_key)
        if row.settled_at and before is not None and before.settled_at > row.settled_at:
            wrong.append(Violation(1, "handled before an earlier message", row.external_id, row.received_at))
        if row.settled_at:
            last[row.lock_key] = row
    highest: defaultdict[int, int] = defaultdict(int)
    for reply in replies:
        if reply.inbox_id < highest[reply.participant_id]:
            wrong.append(Violation(1, "answered out of turn", f"inbox {reply.inbox_id}", reply.created_at))
        highest[reply.participant_id] = max(highest[reply.participant_id], reply.inbox_id)
    return wrong
