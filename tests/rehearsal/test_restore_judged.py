"""What a restore must not do is found; what is no fault is accepted only with a reason that the ledger bears out."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest
from sqlalchemy import Row

from bot.rehearsal import backup, life, rates
from bot.rehearsal.evidence import Evidence, Gap
from bot.rehearsal.ledger import Act, Agreed, Ledger, Order, Said, Seen
from bot.rehearsal.life import Life
from bot.rehearsal.people import Person
from bot.rehearsal.plain.calendar import Dose
from bot.rehearsal.promises.asked_again import NOT_ASKED, NOT_SEEN, of_dose, open_at
from bot.services import firing, prompting, restoring
from bot.services.alerts import OnCall, on_call
from bot.services.context import Tx
from tests.rehearsal.conftest import Play, broken

RESTORE = frozenset({"restore"})
DAY = date(2026, 11, 2)
DUE = datetime(2026, 11, 2, 0, tzinfo=UTC)  # eight in the morning
GAP = Gap(DUE - timedelta(hours=5), DUE + timedelta(hours=4))
LATER = GAP.until + timedelta(minutes=1)
SOON, OLD = LATER + timedelta(hours=1), DUE - timedelta(days=9)
QUESTION = "今天的伊沙佐米吃了吗？"
DID = ("taken", "not_taken", "cannot_say")


def shown(text: str, answers: tuple[str, ...] = (), channel: str = "telegram") -> Seen:
    return Seen(SOON, "1", channel, text, answers, False, "m1" if channel != "web" else "")


def act(at: datetime, what: str = "", *, heard: bool = True) -> Act:
    return Act(at, "1", "telegram", what, what, acknowledged_at=at if heard else None)


def told(at: datetime, *, doubtful: bool = False) -> Said:
    return Said(act(at), "ixazomib", DAY, "taken", doubtful=doubtful)


def order(what: str, value: str = "", at: datetime = OLD, **more: Any) -> Order:
    return Order(at, at, what, value, **more)


def person(**more: Any) -> Ledger:
    """One dose of his was due in the gap."""
    orders = [
        order("arm", "ixazomib"),
        order("habit", "Asia/Shanghai 08:00 21:30 07:30"),
        order("cycle", cycle=1, on=DAY),
        *more.pop("orders", ()),
    ]
    agreed = more.pop("agreed", [Agreed(OLD, "1", True)])
    return Ledger(0, "REA", "ixazomib", "REA-001", 1, orders=orders, agreed=agreed, **more)


# his ledger, was he asked, what is made of it
CASES: list[tuple[dict[str, Any], bool, str]] = [
    ({}, False, NOT_ASKED),
    ({"agreed": []}, False, "not asked again: nobody could be reached"),
    ({"shut": [("1", OLD, LATER + timedelta(days=2))]}, False, "not asked again: nobody could be reached"),
    ({"shut": [("1", OLD, OLD)], "acts": [act(OLD)]}, False, NOT_ASKED),
    (
        {"orders": [order("status", "paused")]},
        False,
        "not asked again: paused, or no longer in the study",
    ),
    ({"orders": [order("status", "paused", SOON)]}, False, NOT_ASKED),
    (
        {"said": [told(OLD, doubtful=True)]},
        False,
        "not asked again: told before the backup, where a fault had left an old question",
    ),
    ({"said": [told(SOON)]}, False, "not asked again: he told of it before"),
    (
        {"orders": [order("hold", at=LATER, drug="ixazomib")]},
        False,
        NOT_ASKED,
    ),
    (
        {"orders": [dataclasses.replace(order("hold", drug="ixazomib"), recorded_at=LATER)]},
        False,
        "not asked again: held or changed since",
    ),
    ({"seen": [shown(QUESTION, DID)]}, True, ""),
    ({}, True, NOT_SEEN),
    ({"seen": [shown("您有一条消息", ("view",))]}, True, "asked again by a neutral line, and not looked at"),
    (
        {"seen": [shown("您有一条消息", ("view",))], "acts": [act(SOON, "view")]},
        True,
        NOT_SEEN,
    ),
    (
        {"seen": [shown("昨天的来那度胺吃了吗？", DID)]},
        True,
        "asked again, and left before its turn came",
    ),
    (
        {"seen": [shown("该吃今天的伊沙佐米了", ("taken", "later"))]},
        True,
        NOT_SEEN,
    ),
    ({"losses": [SOON]}, True, "asked again, and kept from him by a fault"),
    ({"losses": [GAP.until]}, True, NOT_SEEN),
]


@pytest.mark.parametrize(("more", "asked", "expected"), CASES)
def test_a_dose_of_the_gap(more: dict[str, Any], asked: bool, expected: str) -> None:
    one = person(**more)
    evidence = Evidence(
        cast("Any", None), "", DUE + timedelta(days=9), [one], (), {}, (), (), {"1": "telegram"}, [GAP]
    )
    [dose] = open_at(one, GAP)
    assert of_dose(evidence, one, dose, GAP, LATER if asked else None) == expected


def test_which_doses_are_asked_about_again() -> None:
    """Due before the restore and not told before the backup; what was told in the gap is lost."""

    def days(one: Ledger) -> list[Dose]:
        return open_at(one, GAP)

    assert [one.on for one in days(person())] == [DAY]
    assert days(person(said=[told(GAP.since - timedelta(minutes=1))])) == []
    assert len(days(person(said=[told(DUE + timedelta(minutes=5))]))) == 1
    assert days(person(orders=[order("hold", drug="ixazomib")])) == []


async def test_a_restore_that_asks_nobody(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(tx: Tx, timer: Row[Any]) -> str:
        return "nothing_open"

    monkeypatch.setattr(firing, "FIRE", {**firing.FIRE, "restored": nothing})
    found = broken(await play(participants=3, days=6, persona="late", faults=RESTORE))
    assert any(one.startswith("9: not asked again |") for one in found)


async def test_a_question_that_is_never_shown(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = prompting.push

    async def swallowed(tx: Tx, who: Any, token: str, say: Any, purpose: str, lives: timedelta) -> int:
        return 0 if purpose == "followup" else await kept(tx, who, token, say, purpose, lives)

    monkeypatch.setattr(prompting, "push", swallowed)
    found = broken(await play(participants=3, days=6, persona="never", faults=RESTORE))
    assert any(one.startswith("9: asked again, and seen on no screen |") for one in found)


async def test_a_site_that_is_not_told_and_one_that_is_told_otherwise(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = restoring._tell_staff

    async def not_the_second(tx: Tx, site_id: int) -> list[OnCall]:
        return [] if site_id == 2 else await on_call(tx, site_id)

    async def an_hour_off(tx: Tx, gap_id: int, since: datetime) -> None:
        await tell(tx, gap_id, since - timedelta(hours=1))

    monkeypatch.setattr(restoring, "on_call", not_the_second)
    monkeypatch.setattr(restoring, "_tell_staff", an_hour_off)
    found = broken(await play(participants=3, days=6, faults=RESTORE))
    assert any(one.startswith("9: nobody was told of the gap | site REB") for one in found)
    assert any("9: was told that the gap is" in one and "| nurse.rea@" in one for one in found)
    assert [one for one in found if not one.startswith("9:")] == []


async def test_a_withdrawal_in_the_gap_is_counted(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is lost; nobody can help that. He is written to, says it again, and all that is in the report."""
    kept = life.EVENTS["withdrawal"]

    def in_the_gap(self: Life, person: Person, on: date, chance: Random) -> None:
        kept(self, person, DAY + timedelta(days=3), chance)

    monkeypatch.setitem(life.EVENTS, "withdrawal", in_the_gap)
    monkeypatch.setattr(backup, "WITHIN", (14, 15))  # behind four in the afternoon
    known = rates.load()
    everybody = dataclasses.replace(known, cycle=known.cycle | {"withdrawal": 1.0})
    monkeypatch.setattr(rates, "load", lambda: everybody)
    outcome = await play(participants=3, days=6, faults=RESTORE)
    assert broken(outcome) == []
    allowed = outcome.promises[-1]["allowed"]
    assert allowed["withdrawn in the gap, and again after it; staff hold the letter"] >= 1
    assert allowed["messages to somebody whose withdrawal was lost in the gap"] >= 1
