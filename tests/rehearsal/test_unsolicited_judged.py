"""What comes unasked at night is a breach; what left as his clock was set to another zone is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.rehearsal.ledger import Agreed, Ledger, Order, Seen
from bot.rehearsal.promises.nothing_unsolicited import _unsolicited

NOON = datetime(2026, 11, 16, 4, tzinfo=UTC)  # in Shanghai; an hour before midnight in New York
JOINED, MINUTE = NOON - timedelta(days=9), timedelta(minutes=1)
HOURS = "09:00 21:30 07:30"


def travels(at: datetime) -> Order:
    return Order(at, at, "habit", f"America/New_York {HOURS}")


# when he is set to New York time, when a line comes, is it a breach?
CASES = [
    ("noon", None, NOON, False),
    ("night", None, NOON + timedelta(hours=12), True),
    ("abroad since a minute", NOON - MINUTE, NOON, True),
    ("abroad at this moment", NOON, NOON, False),
    ("abroad later", NOON + MINUTE, NOON, False),
]


@pytest.mark.parametrize(
    ("abroad", "at", "breach"), [one[1:] for one in CASES], ids=[one[0] for one in CASES]
)
def test_quiet_hours(abroad: datetime | None, at: datetime, breach: bool) -> None:
    one = Ledger(1, "REA", "lenalidomide", "REA-001", 1)
    one.orders += [Order(JOINED, JOINED, "habit", f"Asia/Shanghai {HOURS}")]
    one.orders += [travels(abroad)] if abroad else []
    one.agreed.append(Agreed(JOINED, "900", True))
    row: Any = SimpleNamespace(purpose="nudge", expires_at=at + MINUTE)
    seen = Seen(at, "900", "telegram", "有一条小记录等您看看。", (), False, "m1", ())
    assert [one.what for one in _unsolicited(one, seen, row)] == ["unsolicited in quiet hours"] * breach


# when he pauses, when he goes on, is a line at noon a breach?
PAUSES = [
    ("paused", NOON - MINUTE, None, True),
    ("paused at this moment", NOON, None, False),
    ("goes on at this moment", NOON - MINUTE, NOON, False),
    ("goes on later", NOON - MINUTE, NOON + MINUTE, True),
]


@pytest.mark.parametrize(
    ("paused", "goes_on", "breach"), [one[1:] for one in PAUSES], ids=[one[0] for one in PAUSES]
)
def test_a_pause(paused: datetime, goes_on: datetime | None, breach: bool) -> None:
    one = Ledger(1, "REA", "lenalidomide", "REA-001", 1)
    one.orders += [Order(JOINED, JOINED, "habit", f"Asia/Shanghai {HOURS}")]
    one.orders.append(Order(paused, paused, "status", "paused"))
    one.orders += [Order(goes_on, goes_on, "status", "active")] if goes_on else []
    one.agreed.append(Agreed(JOINED, "900", True))
    row: Any = SimpleNamespace(purpose="symptom", expires_at=NOON + MINUTE)
    seen = Seen(NOON, "900", "telegram", "有一条小记录等您看看。", (), False, "m1", ())
    assert [one.what for one in _unsolicited(one, seen, row)] == ["unsolicited while paused"] * breach
