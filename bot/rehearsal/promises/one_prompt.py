"""Every planned dose of a released cycle has one group of prompts across channels, or a recorded reason why not."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.db.conversations import Question
from bot.db.doses import DoseEvent, DosePrompt
from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.rehearsal.evidence import A_MINUTE, Evidence, Findings, Violation
from bot.rehearsal.plain.calendar import Dose, doses

Key = tuple[int, str, datetime]


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        events = await tx.all(select(DoseEvent).where(DoseEvent.superseded_at.is_(None)))
        asked = set((await tx.execute(select(DosePrompt.dose_id))).scalars())
        timers = await tx.all(select(Timer).where(Timer.kind == "prompt"))
        prompts = await tx.all(_PROMPTS)
    remembered: dict[Key, Row[Any]] = {(row.participant_id, row.drug, row.due_at): row for row in events}
    reasons = {row.key: row for row in timers}
    found = Findings()
    for one in evidence.ledgers:
        for dose in doses(one.orders):
            if dose.held or dose.due > evidence.as_of - A_MINUTE or not one.participant_id:
                continue
            found.checked += 1
            event = remembered.get((one.participant_id, dose.drug, dose.due))
            where = f"{one.subject_id} {dose.drug} C{dose.cycle}D{dose.day}"
            if event is None:
                found.violations.append(Violation(2, "was never planned", where, dose.due))
            elif event.dose_id not in asked:
                key = f"{one.participant_id}:{dose.due.isoformat(timespec='minutes')}"
                _without_prompt(found, evidence, event, dose, reasons.get(key), where)
    _doubled(found, prompts)
    return found


def _without_prompt(
    found: Findings, evidence: Evidence, event: Row[Any], dose: Dose, timer: Row[Any] | None, where: str
) -> None:
    """Nobody was asked. The record must say why."""
    if timer is None and event.planned_at > dose.due:
        found.allowed["planned only after its hour"] += 1
    elif timer is not None and timer.state in ("fired", "expired", "cancelled"):
        found.allowed[f"{timer.state}: {timer.outcome}"] += 1
    elif timer is not None and timer.state == "waiting" and timer.due_at > evidence.as_of - A_MINUTE:
        found.allowed["put off"] += 1
    else:
        state = timer.state if timer is not None else "no timer"
        found.violations.append(Violation(2, f"not asked about, and no reason ({state})", where, dose.due))


def _doubled(found: Findings, prompts: list[Row[Any]]) -> None:
    """The first question about a dose goes to each address once."""
    tokens: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    for row in prompts:
        tokens[row.dose_id, row.contact_id].add(row.token)
    twice = Counter({key: len(several) for key, several in tokens.items() if len(several) > 1})
    for (dose_id, contact_id), times in twice.items():
        where = f"dose {dose_id} contact {contact_id}"
        found.violations.append(Violation(2, f"asked about {times} times as for the first time", where))


_PROMPTS = (
    select(DosePrompt.dose_id, OutboundMessage.contact_id, OutboundMessage.token)
    .join(Question, Question.conversation_id == DosePrompt.conversation_id)
    .join(OutboundMessage, OutboundMessage.token == Question.token)
    .where(OutboundMessage.purpose == "prompt", OutboundMessage.pushed, OutboundMessage.state == "sent")
)
