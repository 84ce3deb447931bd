"""A question that never arrived: what the record says of each message counts when it was so."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.rehearsal.evidence import Evidence, Gap
from bot.rehearsal.faults import Struck
from bot.rehearsal.ledger import Agreed, Blocked, Ledger, Seen
from bot.rehearsal.promises.why_not_arrived import reason_of
from bot.rehearsal.promises.why_not_asked import Unasked
from tests.rehearsal.test_why_not_asked import CHAT, DAY, DOSE, DUE, HOUR, JOINED, person, status, told

END = DUE + 2 * DAY


def message(state: str, at: datetime | None = DUE, channel: str = "telegram") -> Any:
    return SimpleNamespace(
        message_id=5, state=state, channel=channel, created_at=DUE, settled_at=at, expires_at=END
    )


def found(one: Ledger, row: Any, **more: Any) -> bool | None:
    """Whether the reason holds; None when something arrived."""
    facts: dict[str, Any] = {"struck": (), "spans": (), "gaps": (), "as_of": DUE + 9 * DAY} | more
    evidence = Evidence(cast("Any", None), "nct04217967", ledgers=(one,), letters=(), carried={}, **facts)
    reason = reason_of(Unasked(evidence, one, DOSE, JOINED, None, {}), [row])
    return None if reason is None else reason.holds


def struck(kind: str, what: str = "telegram m5") -> dict[str, Any]:
    return {"struck": [Struck(DUE, kind, what)]}


def away(name: str, at: datetime) -> dict[str, Any]:
    return {"spans": [(name, at - HOUR, at + HOUR)]}


GONE = person(agreed=[Agreed(DUE - HOUR, CHAT, False)])
CASES: list[tuple[str, Ledger, Any, dict[str, Any], bool | None]] = [
    ("seen", person(seen=[Seen(DUE, CHAT, "telegram", "", (), False, "m5")]), message("sent"), {}, None),
    ("on the page", person(), message("queued", None, "web"), {}, None),
    ("sent, and nobody saw it", person(), message("sent"), {}, False),
    ("refused", person(), message("refused"), {}, False),
    ("refused by a closed chat", person(blocked=[Blocked(CHAT, DUE - HOUR)]), message("refused"), {}, True),
    ("refused for itself", person(), message("refused"), struck("rejected"), True),
    ("another one refused", person(), message("refused"), struck("rejected", "telegram m6"), False),
    ("taken back", person(), message("cancelled"), {}, False),
    ("told meanwhile", person(said=[told(DUE)]), message("cancelled"), {}, True),
    ("paused meanwhile", person(orders=[status(DUE - HOUR, "paused")]), message("cancelled"), {}, True),
    ("withdrawn meanwhile", GONE, message("cancelled"), {}, True),
    ("too late", person(), message("expired", END), {}, False),
    ("too late in an outage", person(), message("expired", END), away("outage:telegram", END), True),
    ("held back by a restore", person(), message("expired"), {"gaps": [Gap(DUE - HOUR, DUE)]}, True),
    ("nobody knows", person(), message("unknown"), {}, False),
    ("nobody knows, for a fault", person(), message("unknown"), struck("timeout"), True),
    ("still waits", person(), message("queued", None), {}, False),
    (
        "still waits in a storm",
        person(),
        message("queued", None),
        away("storm:telegram", DUE + 9 * DAY),
        True,
    ),
]


@pytest.mark.parametrize(
    ("one", "row", "more", "holds"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_became_of_it(one: Ledger, row: Any, more: dict[str, Any], holds: bool | None) -> None:
    assert found(one, row, **more) is holds
