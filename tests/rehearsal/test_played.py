"""A report says what was really played: each kind of event and fault is counted, and what never came is not passed over."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner

from bot.commands import rehearse as command
from bot.rehearsal.dealing import LOTS, TWO_PHONES, deal, lots
from bot.rehearsal.ledger import Act, Agreed, Order
from bot.rehearsal.outcome import Outcome
from bot.rehearsal.people import Person
from bot.rehearsal.phones import Phone
from bot.rehearsal.played import KINDS, played
from bot.rehearsal.report_html import page
from bot.rehearsal.report_text import lines
from bot.rehearsal.stopping import own
from bot.rehearsal.tallies import Waited, by_tier
from bot.rehearsal.town import KINDS as PHONES
from bot.rehearsal.town import OF_KINDS
from tests.rehearsal.test_sitting import BEGIN, person

DAY = timedelta(days=1)


def acting(*words: str) -> list[Act]:
    """At one moment, one after the other."""
    return [Act(BEGIN, "1", "web", f"web:{number}", what) for number, what in enumerate(words)]


def ordered(what: str, value: str = "", *, days: int = 0, **more: Any) -> list[Order]:
    """`days`: after it counts it was entered."""
    return [Order(BEGIN + days * DAY, BEGIN, what, value, **more)]


def released(days: int, typed: int = -1) -> list[Order]:
    """The second cycle so many days off its day, entered so many days off that."""
    on = date(2027, 1, 12) + timedelta(days=28 + days)
    at = datetime(on.year, on.month, on.day, 2, tzinfo=UTC) + timedelta(days=typed)
    return [Order(at, at, "cycle", cycle=2, on=on)]


HABIT = "{} {} 21:30 07:30"
EVENTS: dict[str, tuple[list[Order], list[Act]]] = {
    "cycles released on time": (released(0), []),
    "cycles released early": (released(-2), []),
    "cycles released late": (released(5), []),
    "cycles released when they had begun": (released(5, 2), []),
    "cycles released long forgotten": (released(14), []),
    "holds": (ordered("hold"), []),
    "holds entered days late": (ordered("hold", days=2), []),
    "holds ended": (ordered("resume"), []),
    "reductions": (ordered("level", "3mg"), []),
    "other arms": (ordered("arm", "ixazomib"), []),
    "other hours": (ordered("habit", HABIT.format("Asia/Shanghai", "19:00")), []),
    "journeys to another zone": (ordered("habit", HABIT.format("Asia/Tokyo", "08:00")), []),
    "pauses": (ordered("status", "paused"), []),
    "pauses ended": (ordered("status", "active"), []),
    "deaths": (ordered("status", "ended", reason="death"), []),
    "ends for progression": (ordered("status", "ended", reason="progression"), []),
    "answers in words": ([], acting("忘了")),
    "corrections": ([], acting("更正", "1")),
    "doses told that no plan has": ([], acting("今天吃了一颗来那度胺")),
    "words of danger": ([], acting("吐血了")),
    "other words": ([], acting("帮助")),
}


@pytest.mark.parametrize("kind", EVENTS)
def test_each_kind_is_counted_from_the_ledger(kind: str) -> None:
    one, (orders, acts) = person(), EVENTS[kind]
    assert not played([one], {})[kind]
    one.ledger.orders += orders
    one.ledger.acts += acts
    assert played([one], {})[kind] == 1


def test_what_is_no_event_is_not_counted() -> None:
    one, events = person(), list(EVENTS)
    one.ledger.orders += [
        *ordered("arm", "combination"),
        *ordered("habit", HABIT.format("Asia/Shanghai", "08:00")),
        *ordered("status", "ended", reason="completed"),
    ]
    one.ledger.acts += acting("更正", "back", "keep", "keep")
    found = played([one], {})
    assert [kind for kind in events if found[kind]] == []


def test_who_takes_part_and_what_two_phones_do() -> None:
    one, two = person(), person()
    two.phones = [Phone("1"), Phone("2", "web"), Phone("3")]
    two.family = frozenset({"3"})
    two.ledger.orders += ordered("status", "paused")
    two.ledger.acts += acting("吃了")
    two.twice = 2
    for each in (one, two):
        each.ledger.agreed += [Agreed(BEGIN, "1", True), Agreed(BEGIN + DAY, "1", False)]
    found = played([one, two], {"late": 3})
    assert found["people who answer: at once"] == 2
    assert found["people with a messenger"] == found["people with a caregiver"] == 1
    assert found["people with a page"] == found["withdrawals"] == 2
    assert found["people with two phones"] == found["withdrawals by people with two phones"] == 1
    assert (
        found["pauses by people with two phones"] == found["answers in words by people with two phones"] == 1
    )
    assert found["answers tapped twice"] == 2
    assert found["alerts met late"] == 3
    assert not found["alerts met at once"]


def test_every_kind_stands_in_the_report_of_nobody() -> None:
    assert played([], {}) == dict.fromkeys(KINDS, 0)


@pytest.mark.parametrize("people", [6, 12, 30])
def test_everything_is_dealt_where_there_are_people_enough(people: int) -> None:
    for seed in range(20):
        dealt = deal(PHONES, OF_KINDS, people, Random(seed))
        assert len(dealt) == people and set(dealt) == set(PHONES)
    few = deal(PHONES, OF_KINDS, 5, Random(1))
    assert len(few) == 5


def test_weights_say_what_the_others_get() -> None:
    dealt = Counter(deal(("often", "seldom"), (99, 1), 200, Random(1)))
    assert dealt["often"] > 150 and dealt["seldom"] >= 1


def test_each_lot_falls_to_somebody_and_to_nobody_else() -> None:
    for seed in range(20):
        kinds = deal(PHONES, OF_KINDS, 30, Random(seed))
        dealt = lots(kinds, Random(seed))
        assert sorted(dealt.values()) == sorted(LOTS)
        assert all(kinds[who] in TWO_PHONES for who, lot in dealt.items() if lot.endswith("_of_two"))
    assert list(lots(["web"] * 3, Random(1)).values()) == list(LOTS[:3])


def outcome(**changes: Any) -> Outcome:
    setting = {"study": "s", "participants": 1, "length": "1 day", "seed": 1, "zone": "UTC", "faults": "all"}
    return dataclasses.replace(Outcome(setting, "", 1.0, "fast"), **changes)


def test_what_never_came_is_said() -> None:
    some = outcome(played={"holds": 2, "deaths": 0}, faults={"storm": 0, "rival": 1}, undone={"resume": 4})
    assert some.never == ["deaths", "storm"]
    told = "\n".join(lines(some))
    assert "Never played, so that nothing is known about it: deaths, storm." in told
    assert "not carried out" in told and "resume" in told
    shown = page(some)
    assert "<tr class=bad><td>deaths<td class=n>0" in shown and "<tr><td>holds<td class=n>2" in shown
    assert '"deaths": 0' in some.as_json() and '"resume": 4' in some.as_json()
    assert "Never played" not in "\n".join(lines(outcome(played={"holds": 2}, faults={"rival": 1})))


@pytest.mark.parametrize(("deaths", "asked", "status"), [(0, False, 0), (0, True, 1), (1, True, 0)])
def test_all_may_be_required(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, deaths: int, asked: bool, status: int
) -> None:
    monkeypatch.setattr(command, "_exact", lambda *_: outcome(played={"deaths": deaths}))
    words = ["--require-all"] if asked else []
    done = CliRunner().invoke(command.rehearse, [*words, "--json", str(tmp_path / "report.json")])
    assert done.exit_code == status, done.output


def test_alerts_stand_beside_the_limit_of_their_tier() -> None:
    waited = [
        Waited("urgent", 30.0, 1440.0, over=True),
        Waited("urgent", 1500.0, 1440.0, over=True),
        Waited("urgent", 5.0, 0.0, over=True),  # to be seen at once
        Waited("urgent", None, 1440.0, over=True),
        Waited("urgent", None, 1440.0, over=False),
    ]
    urgent = by_tier(waited)["urgent"]
    assert (urgent["raised"], urgent["taken"], urgent["in_time"], urgent["late_or_never"]) == (5, 3, 1, 3)
    assert (urgent["minutes_median"], urgent["minutes_worst"], urgent["minutes_allowed"]) == (
        30.0,
        1500.0,
        1440,
    )
    assert by_tier(waited)["emergency"]["minutes_worst"] is None
    told = [line for line in lines(outcome(waited=waited)) if line.startswith("  urgent ")]
    assert [line.split() for line in told] == [["urgent", "5", "3", "30.0", "1500.0", "1440", "1", "3"]]


def test_on_which_phone_somebody_is_heard() -> None:
    one: Person = person()
    chat, beside, relative = Phone("1"), Phone("2", "web"), Phone("3")
    for phones, welcomed, heard in (
        ([chat], set(), [chat]),
        ([chat, beside], {"1", "2"}, [chat, beside]),
        ([chat, beside], {"2"}, [beside]),
        ([chat, relative], {"1", "3"}, [chat]),
        ([relative], {"3"}, [relative]),
        ([beside, chat], {"1", "2"}, [beside]),
    ):
        one.phones, one.welcomed, one.family = phones, welcomed, frozenset({"3"})
        assert own(one) == heard
