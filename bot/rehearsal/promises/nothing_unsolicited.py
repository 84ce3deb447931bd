"""Nothing unasked before consent, after withdrawal or end, in a pause, in quiet hours or past its limit; and no repeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select

from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.rehearsal.evidence import Evidence, Findings, Violation, all_of
from bot.rehearsal.ledger import Ledger, Seen
from bot.rehearsal.plain.calendar import over, quiet, value_at
from bot.rehearsal.promises import nothing_twice, staff_told_once

MAY_REPEAT = ("emergency", "staff_alert")


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        sent = {f"m{row.message_id}": row for row in await tx.all(select(OutboundMessage))}
        late = await tx.all(select(Timer).where(Timer.state == "fired", Timer.settled_at >= Timer.expires_at))
    found = Findings()
    for one in evidence.ledgers:
        for seen in one.seen:
            row = sent.get(seen.key)
            if row is None or row.edits is not None or row.inbox_id is not None:
                continue  # it answers his own act, or changes what stood there
            found.checked += 1
            found.violations += _unsolicited(one, seen, row)
    for timer in late:
        where = f"timer {timer.kind} {timer.key}"
        found.violations.append(Violation(3, "fired past its limit", where, timer.settled_at))
    _twice(evidence, found, sent)
    _answered_twice(evidence, found, sent)
    return all_of(found, await nothing_twice.count(evidence), await staff_told_once.count(evidence))


def _unsolicited(one: Ledger, seen: Seen, row: Row[Any]) -> list[Violation]:
    what = []
    # What was decided at this very instant came after the message, or the message would not be there.
    agreed = [step for step in one.agreed if step.at < seen.at or (step.yes and step.at == seen.at)]
    before = [order for order in one.orders if order.what != "status" or order.recorded_at < seen.at]
    if not agreed:
        what.append("before consent")
    elif not agreed[-1].yes:
        what.append("after consent was withdrawn")
    if over(one.orders, seen.at) and any(
        order.what == "status" and order.value == "ended" and order.recorded_at < seen.at
        for order in one.orders
    ):
        what.append("after the end")
    # Who goes on at this very instant may be written to at once.
    if all(value_at(orders, "status", seen.at) == "paused" for orders in (before, one.orders)):
        what.append("while paused")
    # A zone that was set at this very instant may have come after the message, too.
    known = [order for order in one.orders if order.recorded_at < seen.at]
    if quiet(one.orders, seen.at) and quiet(known, seen.at):
        what.append("in quiet hours")
    if seen.at > row.expires_at:
        what.append("past its limit")
    where = f"{one.subject_id} {row.purpose} {seen.key}"
    return [Violation(3, f"unsolicited {word}", where, seen.at) for word in what]


def _twice(evidence: Evidence, found: Findings, sent: Mapping[str, Row[Any]]) -> None:
    for key, times in evidence.carried.items():
        row = sent.get(key)
        if times > 1 and not (row is None and evidence.gaps):
            found.violations.append(Violation(3, f"the same message appeared {times} times", key))
    for row in sent.values():
        if row.repeats is None:
            continue
        to_staff = row.purpose == "notice" and row.participant_id is None  # of a restore: it must arrive
        if row.purpose in MAY_REPEAT or to_staff:
            found.allowed[f"repeated because nobody knew whether it arrived: {row.purpose}"] += 1
        else:
            found.violations.append(
                Violation(3, f"repeated: {row.purpose}", f"m{row.message_id}", row.created_at)
            )


def _answered_twice(evidence: Evidence, found: Findings, sent: Mapping[str, Row[Any]]) -> None:
    """The same words twice on the same phone in answer to one act."""
    said: Counter[tuple[int, str, str]] = Counter()
    for one in evidence.ledgers:
        for seen in one.seen:
            row = sent.get(seen.key)
            if row is not None and row.inbox_id is not None and row.edits is None and row.repeats is None:
                said[row.inbox_id, seen.phone, seen.text] += 1
    for (inbox_id, phone, _), times in said.items():
        if times > 1:
            where = f"inbox {inbox_id} phone {phone}"
            found.violations.append(Violation(3, f"answered {times} times in the same words", where))
