"""Everything acknowledged to the sender is recorded exactly once, and handled in the order of acceptance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Table, select

from bot.db import tables
from bot.db.inbox import InboxMessage
from bot.db.outbox import OutboundMessage
from bot.rehearsal.evidence import A_MINUTE, Evidence, Findings, Violation
from bot.rehearsal.ledger import Act
from bot.services.context import Tx

# What every fact has that is made of something a person did. An alert is none: danger words raise it as they are accepted.
FACT = {"participant_id", "inbox_id", "recorded_at"}


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        rows = await tx.all(select(InboxMessage).order_by(InboxMessage.inbox_id))
        made = {table.name: await _made(tx, table) for table in in_turn()}
        made["reply"] = await tx.all(_REPLIES)
    found = Findings(checked=len(rows))
    acts = {act.external_id: act for one in evidence.ledgers for act in one.acts}
    stored = Counter(row.external_id for row in rows)
    for external_id, act in acts.items():
        found.violations += _of_act(evidence, act, stored[external_id])
    for row in rows:
        found.violations += _of_row(row, acts, evidence.as_of)
    found.violations += out_of_turn(rows, made)
    found.checked += sum(map(len, made.values()))
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


def in_turn() -> list[Table]:
    """Every table of facts that are made of what people did, whichever tables there are."""
    return [table for table in tables.metadata.sorted_tables if set(table.c.keys()) >= FACT]


async def _made(tx: Tx, table: Table) -> list[Row[Any]]:
    """Whose, of which act, and when: in the order of their numbers."""
    [number] = table.primary_key
    found = select(table.c.participant_id, table.c.inbox_id, table.c.recorded_at.label("at"))
    return await tx.all(found.where(table.c.inbox_id.is_not(None)).order_by(number))


_REPLIES = (
    select(OutboundMessage.participant_id, OutboundMessage.inbox_id, OutboundMessage.created_at.label("at"))
    .where(OutboundMessage.inbox_id.is_not(None), OutboundMessage.purpose == "reply")
    .where(OutboundMessage.participant_id.is_not(None))
    .order_by(OutboundMessage.message_id)
)


def out_of_turn(rows: Iterable[Row[Any]], made: Mapping[str, Iterable[Row[Any]]]) -> list[Violation]:
    """Of one person: what was accepted later must not be handled, recorded or answered earlier.

    `rows`: what was accepted, in order. `made`: what came of it, by table, each in the order of its numbers. These are given
    while the person's lock is held, so that no two acts share one, as they share an instant where the clock stands still.
    """
    wrong = []
    last: dict[int, Row[Any]] = {}
    for row in rows:
        before = last.get(row.lock_key)
        if row.settled_at and before is not None and before.settled_at > row.settled_at:
            wrong.append(Violation(1, "handled before an earlier message", row.external_id, row.received_at))
        if row.settled_at:
            last[row.lock_key] = row
    for table, facts in made.items():
        what = "answered out of turn" if table == "reply" else f"recorded out of turn: {table}"
        highest: dict[int, int] = {}
        for fact in facts:
            if fact.inbox_id < highest.get(fact.participant_id, 0):
                where = f"participant {fact.participant_id} inbox {fact.inbox_id}"
                wrong.append(Violation(1, what, where, fact.at))
            highest[fact.participant_id] = max(highest.get(fact.participant_id, 0), fact.inbox_id)
    return wrong
