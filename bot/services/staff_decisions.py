"""Decisions of the console: shown before they are made, made only on what was seen, each with its reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from bot.db.audit import AuditHead
from bot.errors import Refused
from bot.services import access, cycle_gates, decisions, timeline
from bot.services.access import Session
from bot.services.auditing import note_down
from bot.services.author import Author
from bot.services.context import Ctx, Tx
from bot.services.decisions import END_REASONS, Order
from bot.services.locking import lock_participant
from bot.services.planning import Change
from schedules.gates import Finding

REASONS = (
    "visit",
    "blood_count",
    "toxicity",
    "infection",
    "surgery",
    "recovered",
    "wish",
    "correction",
    "other",
)
PAST, FUTURE = timedelta(days=400), timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided. `since` None: from now on. Fields that a kind does not use stay empty."""

    what: str
    reason: str
    since: datetime | None = None
    drug: str | None = None
    level: str = ""
    arm: str = ""
    cycle: int | None = None
    first_day: date | None = None
    note: str = ""
    override: str = ""  # why a cycle begins although a condition is not met or not assessable


@dataclass(frozen=True, slots=True)
class Preview:
    """`seen`: how long the participant's record was; a decision is made only on a record of that length.

    `gate`: the study's conditions, where a cycle is to be released.
    """

    change: Change
    seen: int
    gate: tuple[Finding, ...] = ()


class _TakenBack(Exception):
    """Ends a transaction whose effect was only to be looked at."""


async def preview(ctx: Ctx, session: Session, participant_id: int, decision: Decision) -> Preview:
    """Carry it out, count what changes, and take it all back."""
    found: Preview | None = None
    try:
        async with access.scoped(ctx, session) as tx:
            await lock_participant(tx, participant_id)
            seen = await _length(tx, participant_id)
            gate = await _gate(tx, participant_id, decision)
            found = Preview(await _decide(tx, session, participant_id, decision), seen, gate)
            raise _TakenBack
    except _TakenBack:
        assert found is not None
        return found


async def make(tx: Tx, session: Session, participant_id: int, decision: Decision, seen: int) -> Change:
    """Raises Refused when the record has grown since the preview: by another nurse, the patient, or this very form."""
    await lock_participant(tx, participant_id)
    if await _length(tx, participant_id) != seen:
        raise Refused("console.decision.meanwhile")
    gate = await _gate(tx, participant_id, decision)
    cycle_gates.require(gate, decision.override)
    course = await timeline.load(tx, participant_id)
    change = await _decide(tx, session, participant_id, decision)
    if gate and decision.cycle is not None and decision.first_day is not None:
        kept = (decision.cycle, decision.first_day, gate, decision.override, session.actor)
        await cycle_gates.keep(tx, course, *kept)
    note_down(tx, session.actor, session.actor, f"decided_{decision.what}", participant=participant_id)
    return change


async def _gate(tx: Tx, participant_id: int, decision: Decision) -> tuple[Finding, ...]:
    """Nothing for any other decision, and nothing where a cycle's first day is only corrected."""
    if decision.what != "cycle" or decision.cycle is None or decision.first_day is None:
        return ()
    course = await timeline.load(tx, participant_id)
    if not cycle_gates.is_release(course, decision.cycle):
        return ()
    return await cycle_gates.findings(tx, course, decision.first_day)


async def _length(tx: Tx, participant_id: int) -> int:
    found: int | None = await tx.scalar(
        select(AuditHead.seq).where(AuditHead.chain == f"participant:{participant_id}")
    )
    return found or 0


async def _decide(tx: Tx, session: Session, participant_id: int, decision: Decision) -> Change:
    since = decision.since or tx.now
    if not tx.now - PAST <= since <= tx.now + FUTURE:
        raise Refused("console.decision.since")
    known = END_REASONS if decision.what == "end" else REASONS
    if decision.reason not in known:
        raise Refused("console.decision.reason")
    order = Order(Author(session.actor, "staff"), since, decision.reason, decision.note.strip())
    return await KINDS[decision.what](tx, participant_id, order, decision)


async def _cycle(tx: Tx, participant_id: int, order: Order, decision: Decision) -> Change:
    if decision.cycle is None or decision.first_day is None:
        raise Refused("console.decision.day")
    if not -PAST <= decision.first_day - tx.now.date() <= FUTURE:
        raise Refused("console.decision.since")
    return await decisions.start_cycle(tx, participant_id, order, decision.cycle, decision.first_day)


async def _hold(tx: Tx, participant_id: int, order: Order, decision: Decision) -> Change:
    return await decisions.hold(tx, participant_id, order, decision.drug)


async def _resume(tx: Tx, participant_id: int, order: Order, decision: Decision) -> Change:
    return await decisions.resume(tx, participant_id, order, decision.drug)


async def _level(tx: Tx, participant_id: int, order: Order, decision: Decision) -> Change:
    return await decisions.set_level(tx, participant_id, order, decision.drug or "", decision.level)


async def _arm(tx: Tx, participant_id: int, order: Order, decision: Decision) -> Change:
    return await decisions.set_arm(tx, participant_id, order, decision.arm)


async def _pause(tx: Tx, participant_id: int, order: Order, decision: Decision) -> Change:
    return await decisions.set_status(tx, participant_id, order, "paused")


async def _go_on(tx: Tx, participant_id: int, order: Order, decision: Decision) -> Change:
    return await decisions.set_status(tx, participant_id, order, "active")


async def _end(tx: Tx, participant_id: int, order: Order, decision: Decision) -> Change:
    return await decisions.set_status(tx, participant_id, order, "ended")


KINDS: Mapping[str, Callable[[Tx, int, Order, Decision], Awaitable[Change]]] = {
    "cycle": _cycle,
    "hold": _hold,
    "resume": _resume,
    "level": _level,
    "arm": _arm,
    "pause": _pause,
    "go_on": _go_on,
    "end": _end,
}
