"""What staff decide about one participant. Each decision is a new fact, effective from an instant.

Only the unsent future is planned anew; what was asked and answered stays. Every function returns what changed.
"""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import insert, select, update

from bot.db.conversations import Question
from bot.db.doses import DoseEvent, DosePrompt
from bot.db.outbox import OutboundMessage
from bot.db.people import StatusChange
from bot.db.regimens import CycleStart, DoseLevelChange, Hold, RegimenAssignment, Resume
from bot.errors import Refused
from bot.services import conversing, dosing, people, planning, talks, timers
from bot.services.auditing import of_participant
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.dosing import Author
from bot.services.locking import lock_participant
from bot.services.planning import Change
from bot.services.timeline import Course, load
from schedules.localtime import instant
from schedules.regimen import is_held

END_REASONS = ("death", "progression", "withdrawal", "lost", "completed")
ALL_TIMERS = ("prompt", "later", "followup", "nudge", "close", "extend", "cycle_due")


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """Whose decision, from when, and why (a code; never free words about a person)."""

    author: Author
    effective_from: datetime
    reason: str | None = None


async def hold(tx: Tx, participant_id: int, order: Order, drug: str | None) -> Change:
    """Hold one drug, or all. Confirms what the participant claimed about the same drug."""
    course = await _begin(tx, participant_id)
    _known_drug(course, drug)
    claimed = await tx.scalar(
        select(Hold.hold_id)
        .where(Hold.participant_id == participant_id, Hold.confirmed.is_(False), Hold.drug == drug)
        .order_by(Hold.hold_id.desc())
        .limit(1)
    )
    await _write(tx, Hold, participant_id, order, drug=drug, confirmed=True, supersedes=claimed)
    return await _follow(tx, participant_id, order, "hold", drug=drug)


async def resume(tx: Tx, participant_id: int, order: Order, drug: str | None) -> Change:
    """End the hold of this drug (or of all). Also rejects a hold that was only claimed."""
    course = await _begin(tx, participant_id)
    _known_drug(course, drug)
    ended = select(Resume.hold_id).where(Resume.participant_id == participant_id)
    rows = await tx.all(
        select(Hold)
        .where(Hold.participant_id == participant_id, Hold.hold_id.not_in(ended))
        .where(Hold.drug.is_not_distinct_from(drug))
    )
    if not rows:
        raise Refused("staff.nothing_held", drug=drug or "*")
    for row in rows:
        start = order.effective_from if row.confirmed else row.effective_from
        await _write(
            tx, Resume, participant_id, dataclasses.replace(order, effective_from=start), hold_id=row.hold_id
        )
    return await _follow(tx, participant_id, order, "resume", drug=drug)


async def set_level(tx: Tx, participant_id: int, order: Order, drug: str, level: str) -> Change:
    course = await _begin(tx, participant_id)
    _known_drug(course, drug)
    levels = [one.name for one in course.study.drugs[drug].levels]
    if level not in levels:
        raise Refused("staff.unknown_level", level=level, drug=drug, known=", ".join(levels))
    await _write(tx, DoseLevelChange, participant_id, order, drug=drug, level=level)
    return await _follow(tx, participant_id, order, "dose_level", drug=drug, level=level)


async def set_arm(tx: Tx, participant_id: int, order: Order, arm: str) -> Change:
    course = await _begin(tx, participant_id)
    if arm not in course.study.arms:
        raise Refused("staff.unknown_arm", arm=arm, known=", ".join(course.study.arms))
    await _write(tx, RegimenAssignment, participant_id, order, arm=arm)
    return await _follow(tx, participant_id, order, "arm", arm=arm)


async def start_cycle(tx: Tx, participant_id: int, order: Order, cycle: int, first_day: date) -> Change:
    """Release a cycle, early or late, or correct its start. Doses that were asked about stay as they are."""
    course = await _begin(tx, participant_id)
    known = {one.number: one.first_date for one in course.timeline.cycles}
    if cycle < 1 or cycle > max(known, default=0) + 1:
        raise Refused("staff.cycle_out_of_turn", cycle=cycle, next=max(known, default=0) + 1)
    before, after = known.get(cycle - 1), known.get(cycle + 1)
    if (before is not None and first_day <= before) or (after is not None and first_day >= after):
        raise Refused("staff.cycle_overlaps", cycle=cycle, date=first_day.isoformat())
    at = instant(first_day, time(0, 0), course.zone)
    await _write(
        tx,
        CycleStart,
        participant_id,
        dataclasses.replace(order, effective_from=at),
        cycle=cycle,
        local_date=first_day,
    )
    return await _follow(tx, participant_id, order, "cycle_start", cycle=cycle, date=first_day.isoformat())


async def set_status(tx: Tx, participant_id: int, order: Order, status: str) -> Change:
    """Pause, go on, or end (death, progression, withdrawal, lost, completed)."""
    await _begin(tx, participant_id)
    if status == "ended" and order.reason not in END_REASONS:
        raise Refused("staff.unknown_end", reason=order.reason or "-", known=", ".join(END_REASONS))
    await _write(tx, StatusChange, participant_id, order, status=status)
    change = await _follow(tx, participant_id, order, f"status_{status}")
    if status == "active" or order.effective_from > tx.now:
        return change
    cancelled = await _silence(tx, participant_id, ALL_TIMERS if status == "ended" else ("nudge", "later"))
    return Change(change.cancelled + cancelled, change.new)


async def _silence(tx: Tx, participant_id: int, kinds: tuple[str, ...]) -> int:
    """Nothing that waits goes out any more: neither timers nor messages already queued unasked."""
    cancelled = await timers.cancel(tx, participant_id, kinds)
    await tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.participant_id == participant_id, OutboundMessage.state == "queued")
        .where(OutboundMessage.pushed)
        .values(state="cancelled", settled_at=tx.now)
    )
    return cancelled


async def _begin(tx: Tx, participant_id: int) -> Course:
    await lock_participant(tx, participant_id)
    return await load(tx, participant_id)


def _known_drug(course: Course, drug: str | None) -> None:
    if drug is not None and drug not in course.study.drugs:
        raise Refused("staff.unknown_drug", drug=drug, known=", ".join(course.study.drugs))


async def _write(tx: Tx, table: Any, participant_id: int, order: Order, **values: Any) -> None:
    await tx.execute(
        insert(table).values(
            participant_id=participant_id,
            effective_from=order.effective_from,
            recorded_at=tx.now,
            reason=order.reason,
            **dataclasses.asdict(order.author),
            **values,
        )
    )


async def _follow(tx: Tx, participant_id: int, order: Order, action: str, **detail: Any) -> Change:
    """What every decision leads to: an audit entry, past doses judged again, the future planned again."""
    of_participant(
        tx,
        participant_id,
        order.author.recorded_by,
        action,
        effective_from=order.effective_from.isoformat(),
        reason=order.reason,
        **detail,
    )
    course = await load(tx, participant_id)
    rows = await tx.all(
        select(DoseEvent)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at >= min(order.effective_from, tx.now), DoseEvent.due_at <= tx.now)
    )
    for row in rows:
        await dosing.rejudge(tx, course, row)
        if is_held(course.timeline, row.drug, row.due_at):
            await _take_back_question(tx, participant_id, row.dose_id)
    return await planning.replan(tx, participant_id)


async def _take_back_question(tx: Tx, participant_id: int, dose_id: int) -> None:
    """A dose that turns out to have been held is not asked about any longer."""
    rows = await tx.all(
        select(Question.token, Question.contact_id)
        .join(DosePrompt, DosePrompt.conversation_id == Question.conversation_id)
        .where(DosePrompt.dose_id == dose_id, Question.state == "open")
    )
    for row in rows:
        who = await people.by_contact(tx, row.contact_id)
        found = await talks.by_token(tx, who, row.token)
        talk = await talks.talk_of(tx, found) if found is not None else None
        if talk is not None:
            await conversing.fall_silent(tx, who, talk, Delivery())
