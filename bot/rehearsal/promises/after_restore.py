"""After a restore nothing of before goes out, staff see the gap, and what it may have swallowed is asked as "did you?"."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from bot.db.deployments import RestoreGap
from bot.db.doses import DoseEvent, DosePrompt
from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.rehearsal.evidence import A_MINUTE, Evidence, Findings, Gap, Violation
from bot.services.context import Tx
from bot.services.restoring import ASKING


async def count(evidence: Evidence) -> Findings:
    found = Findings()
    async with evidence.ctx.begin() as tx:
        for gap in evidence.gaps:
            await _nothing_old(tx, found, gap)
            await _staff_know(tx, found, evidence, gap)
            await _asked_again(tx, found, evidence, gap)
    return found


async def _nothing_old(tx: Tx, found: Findings, gap: Gap) -> None:
    """What waited when the backup was made has most likely gone out since. What was planned afterwards has not."""
    waited = await tx.all(
        select(OutboundMessage).where(
            OutboundMessage.created_at <= gap.since,
            OutboundMessage.settled_at >= gap.until,
            OutboundMessage.channel != "web",
        )
    )
    due = await tx.all(
        select(Timer)
        .where(Timer.kind.in_(ASKING), Timer.created_at <= gap.since)
        .where(Timer.due_at <= gap.until, Timer.settled_at >= gap.until)
    )
    found.checked += len(waited) + len(due)
    found.violations += [
        Violation(9, "sent from before the backup", f"m{row.message_id} {row.purpose}", row.settled_at)
        for row in waited
        if row.state == "sent"
    ]
    found.violations += [
        Violation(9, "fired although it was due before the restore", f"{row.kind} {row.key}", row.settled_at)
        for row in due
        if row.state == "fired"
    ]


async def _staff_know(tx: Tx, found: Findings, evidence: Evidence, gap: Gap) -> None:
    """The bounds are on record and reached somebody of the staff."""
    found.checked += 1
    row = await tx.first(select(RestoreGap).where(RestoreGap.until == gap.until))
    if row is None or row.since > gap.since:
        found.violations.append(
            Violation(9, "the bounds of the gap are not on record", "restore_gap", gap.until)
        )
    told = await tx.all(
        select(OutboundMessage).where(
            OutboundMessage.text_id == "staff.restored.body", OutboundMessage.created_at >= gap.until
        )
    )
    letters = {letter.key for letter in evidence.letters}
    if not any(f"m{one.message_id}" in letters for one in told):
        found.violations.append(Violation(9, "nobody was told of the gap", "staff", gap.until))


async def _asked_again(tx: Tx, found: Findings, evidence: Evidence, gap: Gap) -> None:
    key = gap.until.isoformat(timespec="seconds")
    timers = {
        row.participant_id: row
        for row in await tx.all(select(Timer).where(Timer.kind == "restored"))
        if row.key.endswith(key)
    }
    for participant_id, ledger in evidence.by_participant().items():
        found.checked += 1
        _one(found, evidence, timers.get(participant_id), ledger.subject_id)
    told = await tx.all(
        select(DosePrompt.asked_at, DoseEvent.participant_id, DoseEvent.drug, DoseEvent.due_at)
        .join(DoseEvent, DoseEvent.dose_id == DosePrompt.dose_id)
        .where(DosePrompt.mode == "take", DosePrompt.asked_at >= gap.until)
        .where(DoseEvent.due_at <= gap.until)
    )
    found.violations += [
        Violation(
            9,
            "told to take what may have been taken",
            f"participant {row.participant_id} {row.drug}",
            row.asked_at,
        )
        for row in told
    ]


def _one(found: Findings, evidence: Evidence, timer: Row[Any] | None, where: str) -> None:
    """He was asked again, or the record says why not."""
    if timer is None:
        found.violations.append(Violation(9, "not to be asked again", where))
    elif timer.state == "waiting" and timer.due_at < evidence.as_of - A_MINUTE:
        found.violations.append(Violation(9, "not asked again", where, timer.due_at))
    elif not (timer.outcome or "").startswith("asked"):
        found.allowed[f"not asked again: {timer.state} {timer.outcome or ''}".strip()] += 1
