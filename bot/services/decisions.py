"""What staff decide about one participant. Each decision is a new fact, effective from an instant.

What it changes is planned anew, from the instant it holds on; what was told stays. Every function returns what changed.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Collection
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import CompoundSelect, insert, or_, select, true, update

from bot.db.doses import DoseEvent, DoseReport
from bot.db.outbox import OutboundMessage
from bot.db.people import Participant, StatusChange
from bot.db.regimens import CycleStart, DoseLevelChange, Hold, RegimenAssignment, Resume
from bot.errors import Refused
from bot.services import (
    after_pause,
    asking_anew,
    conversing,
    edge_checks,
    judging,
    planning,
    sealing,
    talks,
    timers,
)
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.locking import lock_participant
from bot.services.planning import Change
from bot.services.timeline import Course, load
from schedules.localtime import instant
from schedules.regimen import is_held

END_REASONS = ("death", "progression", "withdrawal", "lost", "completed")
ALL_TIMERS = ("prompt", "later", "followup", "nudge", "close", "extend", "cycle_due")


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """Whose decision, from when, and why (a code). `note`: free words about it, kept sealed, in no export."""

    author: Author
    effective_from: datetime
    reason: str | None = None
    note: str = ""


async def hold(tx: Tx, participant_id: int, order: Order, drug: str | None) -> Change:
    """Hold one drug, or all. Confirms what the participant claimed about the same drug, or about any."""
    course = await _begin(tx, participant_id)
    _known_drug(course, drug)
    claimed = await tx.scalar(
        select(Hold.hold_id)
        .where(Hold.participant_id == participant_id, Hold.confirmed.is_(False))
        .where(true() if drug is None else Hold.drug == drug)
        .where(Hold.hold_id.not_in(_settled(participant_id)))
        .order_by(Hold.hold_id.desc())
        .limit(1)
    )
    begun = await asking_anew.settle_begun(tx, participant_id, order.effective_from, drug)
    await _write(tx, Hold, participant_id, order, drug=drug, confirmed=True, supersedes=claimed)
    return await _follow(tx, participant_id, order, "hold", begun=begun, drug=drug)


async def resume(tx: Tx, participant_id: int, order: Order, drug: str | None) -> Change:
    """End the hold of this drug (or of all). Also rejects a hold that was only claimed."""
    course = await _begin(tx, participant_id)
    _known_drug(course, drug)
    rows = await tx.all(
        select(Hold)
        .where(Hold.participant_id == participant_id, Hold.hold_id.not_in(_settled(participant_id)))
        .where(Hold.drug.is_not_distinct_from(drug))
    )
    if not rows:
        raise Refused("staff.nothing_held", drug=drug or "*")
    for row in rows:
        start = order.effective_from if row.confirmed else row.effective_from
        await _write(
            tx, Resume, participant_id, dataclasses.replace(order, effective_from=start), hold_id=row.hold_id
        )
    change = await _follow(tx, participant_id, order, "resume", drug=drug)
    await asking_anew.ask_again(tx, participant_id, course)
    await edge_checks.close_untrue(tx, participant_id)
    return change


def _settled(participant_id: int) -> CompoundSelect[Any]:
    """Holds that are over: ended, rejected, or confirmed by a later one."""
    ended = select(Resume.hold_id).where(Resume.participant_id == participant_id)
    confirmed = select(Hold.supersedes).where(
        Hold.participant_id == participant_id, Hold.supersedes.is_not(None)
    )
    return ended.union(confirmed)


async def set_level(tx: Tx, participant_id: int, order: Order, drug: str, level: str) -> Change:
    course = await _begin(tx, participant_id)
    _known_drug(course, drug)
    levels = [one.name for one in course.study.drugs[drug].levels]
    if level not in levels:
        raise Refused("staff.unknown_level", level=level, drug=drug, known=", ".join(levels))
    since = order.effective_from
    begun = await asking_anew.settle_begun(tx, participant_id, since, drug)
    await _write(tx, DoseLevelChange, participant_id, order, drug=drug, level=level)
    return await _follow(tx, participant_id, order, "dose_level", since, begun, drug=drug, level=level)


async def set_arm(tx: Tx, participant_id: int, order: Order, arm: str) -> Change:
    course = await _begin(tx, participant_id)
    if arm not in course.study.arms:
        raise Refused("staff.unknown_arm", arm=arm, known=", ".join(course.study.arms))
    begun = await asking_anew.settle_begun(tx, participant_id, order.effective_from)
    await _write(tx, RegimenAssignment, participant_id, order, arm=arm)
    change = await _follow(tx, participant_id, order, "arm", order.effective_from, begun, arm=arm)
    await edge_checks.close_untrue(tx, participant_id)
    return change


async def start_cycle(tx: Tx, participant_id: int, order: Order, cycle: int, first_day: date) -> Change:
    """Release a cycle, early or late, or correct its start: its doses move along, whether they were asked about or not.

    What was told as taken stays on record, on the day it was told for.
    """
    course = await _begin(tx, participant_id)
    known = {one.number: one.first_date for one in course.timeline.cycles}
    if cycle < 1 or cycle > max(known, default=0) + 1:
        raise Refused("staff.cycle_out_of_turn", cycle=cycle, next=max(known, default=0) + 1)
    before, after = known.get(cycle - 1), known.get(cycle + 1)
    if (before is not None and first_day <= before) or (after is not None and first_day >= after):
        raise Refused("staff.cycle_overlaps", cycle=cycle, date=first_day.isoformat())
    at = instant(first_day, time(0, 0), course.zone)
    since = instant(min(first_day, known.get(cycle, first_day)), time(0, 0), course.zone)
    begun = await asking_anew.settle_begun(tx, participant_id, since)
    await _write(
        tx,
        CycleStart,
        participant_id,
        dataclasses.replace(order, effective_from=at),
        cycle=cycle,
        local_date=first_day,
    )
    detail = {"cycle": cycle, "date": first_day.isoformat()}
    change = await _follow(tx, participant_id, order, "cycle_start", since, begun, **detail)
    await edge_checks.close_untrue(tx, participant_id)
    return change


async def set_status(tx: Tx, participant_id: int, order: Order, status: str) -> Change:
    """Pause, go on, or end (death, progression, withdrawal, lost, completed)."""
    before = await _begin(tx, participant_id)
    if status == "ended" and order.reason not in END_REASONS:
        raise Refused("staff.unknown_end", reason=order.reason or "-", known=", ".join(END_REASONS))
    await _write(tx, StatusChange, participant_id, order, status=status)
    change = await _follow(tx, participant_id, order, f"status_{status}")
    if status == "active":
        await planning.catch_up(tx, participant_id, order.effective_from)
        await after_pause.bring_back(tx, participant_id, order.effective_from)
        await asking_anew.ask_again(tx, participant_id, before)
        return change
    if order.effective_from > tx.now:
        return change
    if status == "ended":
        await conversing.end_all(tx, await talks.open_of(tx, participant_id), "question.closed")
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
    """Plan as far as it goes first: what changes after this is the decision's doing."""
    await lock_participant(tx, participant_id)
    await planning.replan(tx, participant_id)
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
            note_sealed=await _sealed(tx, participant_id, order.note),
            **dataclasses.asdict(order.author),
            **values,
        )
    )


async def _sealed(tx: Tx, participant_id: int, note: str) -> uuid.UUID | None:
    if not note:
        return None
    key_id = await tx.scalar(select(Participant.key_id).where(Participant.participant_id == participant_id))
    return await sealing.seal_note(tx, key_id, note)


async def _follow(
    tx: Tx,
    participant_id: int,
    order: Order,
    action: str,
    since: datetime | None = None,
    begun: Collection[int] = (),
    **detail: Any,
) -> Change:
    """What every decision leads to: an audit entry, a new plan, doses judged again, questions taken back or caught up.

    `since`: from when it changes what was to be taken; none where it only says whether. What is due at the very moment of
    the decision stays as it is asked about. `begun`: doses whose questions were settled for it.
    """
    of_participant(
        tx,
        participant_id,
        order.author.recorded_by,
        action,
        effective_from=order.effective_from.isoformat(),
        reason=order.reason,
        **detail,
    )
    change = await planning.replan(
        tx, participant_id, since if since is not None and since < tx.now else None
    )
    course = await load(tx, participant_id)
    told = select(DoseReport.dose_id).where(DoseReport.dose_id == DoseEvent.dose_id).exists()
    rows = await tx.all(
        select(DoseEvent)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at >= min(order.effective_from, tx.now), or_(DoseEvent.due_at <= tx.now, told))
    )
    for row in rows:
        await judging.rejudge(tx, course, row)
    held = [row.dose_id for row in rows if is_held(course.timeline, row.drug, row.due_at)]
    await asking_anew.take_back(tx, participant_id, [*held, *change.gone], begun)
    if course.status == "active" and await asking_anew.hour_passed_by(tx, course):
        await planning.catch_up(tx, participant_id)
    return change
