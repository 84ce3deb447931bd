"""Who was asked and did not tell is asked the day after, or there is a reason that was so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.rehearsal.evidence import Findings
from bot.rehearsal.ledger import Ledger
from bot.rehearsal.promises import followed_up
from bot.rehearsal.promises.followed_up import Asked
from bot.services import firing
from bot.services.context import Tx
from tests.rehearsal.conftest import Play, broken
from tests.rehearsal.test_why_not_asked import DAY, DUE, HOUR, PAUSED, case_of, person, status, timer, told

EVENT: Any = SimpleNamespace(
    local_date=date(2026, 11, 4), local_time=time(8), zone="Asia/Shanghai", due_at=DUE
)
AFTER = DUE + DAY
LATE = DUE + 5 * HOUR
JUST_BEFORE = AFTER - HOUR / 2
ASKED_AGAIN = timer("fired", "asked:1", AFTER)

# name, whose ledger, when he was asked, what was to follow up, when conversations about it began, is it a breach?
CASES: list[tuple[str, Ledger, Any, Any, list[Any], bool]] = [
    ("asked again", person(), DUE, ASKED_AGAIN, [DUE, AFTER], False),
    ("asked late, and again", person(), LATE, ASKED_AGAIN, [LATE, AFTER], False),
    ("asked late, and not again", person(), LATE, timer("fired", "answered", AFTER), [LATE], True),
    ("told before", person(said=[told(DUE + HOUR)]), DUE, timer("cancelled", "cancelled", DUE), [DUE], False),
    (
        "told, and the house was late",
        person(said=[told(AFTER)]),
        DUE,
        timer("fired", "answered", AFTER),
        [DUE],
        False,
    ),
    ("told too late", person(said=[told(AFTER + HOUR)]), DUE, timer("fired", "answered", AFTER), [DUE], True),
    ("nothing was to", person(), DUE, None, [DUE], True),
    ("of another dose only", person(), DUE, ASKED_AGAIN, [DUE], True),
    ("paused", person(orders=[PAUSED]), DUE, timer("fired", "paused", AFTER), [DUE], False),
    ("paused, it says", person(), DUE, timer("fired", "paused", AFTER), [DUE], True),
    (
        "paused, and went on",
        person(orders=[PAUSED, status(AFTER + HOUR, "active")]),
        DUE,
        timer("fired", "paused", AFTER),
        [DUE],
        False,
    ),
    ("asked just before, and too late for more", person(), JUST_BEFORE, None, [JUST_BEFORE], False),
    ("asked the day after", person(), AFTER + HOUR, None, [AFTER + HOUR], False),
    ("cancelled, and nothing was", person(), DUE, timer("cancelled", "cancelled", AFTER), [DUE], True),
]


@pytest.mark.parametrize(
    ("one", "asked_at", "row", "begun", "breach"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_followed_up(one: Ledger, asked_at: Any, row: Any, begun: list[Any], breach: bool) -> None:
    message: Any = SimpleNamespace(created_at=asked_at, topic="doses:x")
    timers = {} if row is None else {("followup", "1:x"): row}
    found = Findings()
    followed_up.look(found, Asked(case_of(one), EVENT, [message], begun, timers), "REA-001")
    assert len(found.violations) == breach


@pytest.mark.parametrize(
    ("row", "begun", "breach"), [(None, (), 1), (timer("waiting"), (), 0), (None, (AFTER + DAY,), 0)]
)
def test_asked_just_before_it_is_a_day_later(row: Any, begun: tuple[Any, ...], breach: int) -> None:
    case, message = case_of(person()), SimpleNamespace(created_at=JUST_BEFORE, topic="doses:x")
    case = replace(case, dose=replace(case.dose, drug="ixazomib"))  # asked about for four days
    timers = {} if row is None else {("followup", "1:x"): row}
    found = Findings()
    asked = Asked(case, EVENT, cast("Any", [message]), [JUST_BEFORE, *begun], timers)
    followed_up.look(found, asked, "REA-001")
    assert (found.checked, len(found.violations)) == (1, breach)


def test_the_day_after_is_by_the_wall_clock() -> None:
    changed: Any = SimpleNamespace(
        local_date=date(2026, 10, 24), local_time=time(8), zone="Europe/Berlin", due_at=DUE
    )
    assert followed_up.day_after(EVENT) == AFTER
    assert followed_up.day_after(changed).isoformat() == "2026-10-25T07:00:00+00:00"


async def test_following_up_that_asks_nothing(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nobody(tx: Tx, row: Any) -> str:
        return "answered"

    monkeypatch.setitem(cast("dict[str, Any]", firing.FIRE), "followup", nobody)
    lines = broken(await play(participants=6, days=8))
    assert any(
        "2: not followed up the day after, and this was not so: fired: answered" in one for one in lines
    )
