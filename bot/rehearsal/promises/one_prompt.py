"""Every planned dose of a released cycle has one group of prompts across channels, or a recorded reason why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.db.conversations import Conversation, Question
from bot.db.doses import DoseEvent, DosePrompt
from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.rehearsal.evidence import A_MINUTE, Evidence, Findings, Violation
from bot.rehearsal.ledger import Ledger
from bot.rehearsal.plain.calendar import doses
from bot.rehearsal.promises import followed_up, why_not_arrived, why_not_asked
from bot.rehearsal.promises.why_not_asked import Unasked

Key = tuple[int, str, datetime]
GROUP = ("prompt", "later", "followup", "nudge")  # a nudge alone: of what he had begun to tell himself


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        events = await tx.all(select(DoseEvent).where(DoseEvent.superseded_at.is_(None)))
        begun = await tx.all(select(DosePrompt.dose_id, DosePrompt.asked_at))
        timers = await tx.all(select(Timer).where(Timer.kind.in_(("prompt", "followup", "restored"))))
        messages = await tx.all(_ASKED)
    remembered: dict[Key, Row[Any]] = {(row.participant_id, row.drug, row.due_at): row for row in events}
    began: defaultdict[int, list[datetime]] = defaultdict(list)
    for row in begun:
        began[row.dose_id].append(row.asked_at)
    asked: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in messages:
        asked[row.dose_id].append(row)
    by_key = {(row.kind, row.key): row for row in timers}
    found = Findings()
    for one in evidence.ledgers:
        again = _after_restores(evidence, one, by_key)
        for dose in doses(one.orders):
            if dose.held or dose.due > evidence.as_of - A_MINUTE or not one.participant_id:
                continue
            found.checked += 1
            event = remembered.get((one.participant_id, dose.drug, dose.due))
            where = f"{one.subject_id} {dose.drug} C{dose.cycle}D{dose.day}"
            if event is None:
                found.violations.append(Violation(2, "was never planned", where, dose.due))
            else:
                key = f"{one.participant_id}:{dose.due.isoformat(timespec='minutes')}"
                timer = by_key.get(("prompt", key))
                case = Unasked(evidence, one, dose, event.planned_at, timer, again, began[event.dose_id])
                _judge(found, case, asked[event.dose_id], where)
                prompts = [row for row in asked[event.dose_id] if row.purpose == "prompt"]
                told = followed_up.Asked(case, event, prompts, began[event.dose_id], by_key)
                followed_up.look(found, told, where)
    return found


def _after_restores(
    evidence: Evidence, one: Ledger, timers: Mapping[tuple[str, str], Row[Any]]
) -> dict[datetime, Row[Any]]:
    """What asks this person once more, by the restore that made it."""
    keys = {
        gap.until: f"{one.participant_id}:{gap.until.isoformat(timespec='seconds')}" for gap in evidence.gaps
    }
    found = {at: timers.get(("restored", key)) for at, key in keys.items()}
    return {at: row for at, row in found.items() if row is not None}


def _judge(found: Findings, case: Unasked, messages: list[Row[Any]], where: str) -> None:
    """Where nobody was asked, or nothing of it arrived, the record must say why, and it must have been so."""
    reason = why_not_arrived.reason_of(case, messages) if messages else why_not_asked.reason_of(case)
    if reason is None:
        return
    if reason.holds:
        found.allowed[reason.words] += 1
    else:
        what = f"not asked about, and this was not so: {reason.words}"
        found.violations.append(Violation(2, what, where, case.dose.due))


# What was sent unasked about each dose, on whatever channel.
_ASKED = (
    select(DosePrompt.dose_id, Conversation.topic, OutboundMessage)
    .join(Conversation, Conversation.conversation_id == DosePrompt.conversation_id)
    .join(Question, Question.conversation_id == DosePrompt.conversation_id)
    .join(OutboundMessage, OutboundMessage.token == Question.token)
    .where(OutboundMessage.purpose.in_(GROUP))
)
