"""Why nothing of a question arrived: each message says what became of it, and that is held against what really was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from bot.rehearsal.evidence import A_MINUTE
from bot.rehearsal.promises.why_not_asked import A_MOMENT, Reason, Unasked, closed, status, told

AWAY = ("outage:telegram", "house", "storm:telegram")


def reason_of(case: Unasked, rows: Sequence[Row[Any]]) -> Reason | None:
    """None: something stood on a phone of his, or on the page, which shows a question to whoever looks."""
    seen = {one.key for one in case.one.seen}
    if any(row.channel == "web" or f"m{row.message_id}" in seen for row in rows):
        return None
    states = ", ".join(sorted({row.state for row in rows}))
    return Reason(f"asked, and nothing arrived: {states}", all(_so(case, row) for row in rows))


def _so(case: Unasked, row: Row[Any]) -> bool:
    check = STATES.get(row.state)
    return check is not None and check(case, row)


def _refused(case: Unasked, row: Row[Any]) -> bool:
    return closed(case.one, row.settled_at) or any(
        one.kind == "rejected" for one in case.evidence.hit(f"m{row.message_id}")
    )


def _cancelled(case: Unasked, row: Row[Any]) -> bool:
    """Told meanwhile, or nobody was to be asked any more, or an order changed what was asked."""
    at = row.settled_at
    steps = [step for step in case.one.agreed if step.at <= at]
    return (
        told(case, at + A_MOMENT)
        or status(case.one, at) in ("paused", "ended")
        or (bool(steps) and not steps[-1].yes)
        or closed(case.one, at)
        or any(abs(order.recorded_at - at) < A_MINUTE for order in case.one.orders)
    )


def _expired(case: Unasked, row: Row[Any]) -> bool:
    restored = any(abs(gap.until - row.settled_at) < A_MINUTE for gap in case.evidence.gaps)
    return restored or _away(case, row.expires_at)


def _unknown(case: Unasked, row: Row[Any]) -> bool:
    return bool(case.evidence.hit(f"m{row.message_id}")) or case.evidence.struck_between(
        row.created_at, row.settled_at
    )


def _waits(case: Unasked, row: Row[Any]) -> bool:
    """For what is away just now, or for the end of a wait that a fault brought."""
    as_of = case.evidence.as_of
    return _away(case, as_of) or case.evidence.struck_between(row.created_at, as_of)


def _away(case: Unasked, at: datetime) -> bool:
    return any(case.evidence.away(name, at, at) is not None for name in AWAY)


STATES: Mapping[str, Callable[[Unasked, Any], bool]] = {
    "refused": _refused,
    "cancelled": _cancelled,
    "expired": _expired,
    "unknown": _unknown,
    "queued": _waits,
    "sending": _waits,
}
"""What was "sent" and stood nowhere has no reason."""
