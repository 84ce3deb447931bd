"""When an alert counts as on the wire in time, as shown by the console, and as ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.rehearsal.evidence import Evidence, Findings, Gap
from bot.rehearsal.faults import Struck
from bot.rehearsal.promises import alerts_ended, alerts_in_time
from bot.rehearsal.promises.alerts_ended import Ladder
from bot.rehearsal.promises.alerts_in_time import Told

AT = datetime(2026, 11, 27, 2, 24, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BACK, HALF = AT + HOUR, 30 * MINUTE
MAIL, CHAT = ("outage:email", AT - MINUTE, BACK), ("outage:telegram", AT - MINUTE, BACK - 20 * MINUTE)
BOTH = frozenset({"email", "telegram"})
ALERT: Any = SimpleNamespace(alert_id=1, site_id=2, kind="danger", tier="emergency", raised_at=AT)


def evidence(spans: tuple[Any, ...] = (), **more: Any) -> Evidence:
    given = {"as_of": AT + DAY, "struck": (), **more}
    return Evidence(
        cast("Any", None), "nct04217967", ledgers=(), letters=(), carried={}, spans=spans, **given
    )


# what was away, by which channels staff are reached, how long after it was raised it arrived, is it a breach?
WIRE: list[tuple[str, tuple[Any, ...], frozenset[str], timedelta | None, bool]] = [
    ("at once", (), BOTH, 2 * SECOND, False),
    ("late", (), BOTH, 6 * SECOND, True),
    ("never", (), BOTH, None, True),
    ("mail away, and there is a chat", (MAIL,), BOTH, 4 * SECOND, False),
    ("mail away, and the chat is not used", (MAIL,), BOTH, HOUR, True),
    ("mail away, and there is nothing else", (MAIL,), frozenset({"email"}), HOUR + 4 * SECOND, False),
    ("too long after mail came back", (MAIL,), frozenset({"email"}), HOUR + 6 * SECOND, True),
    ("both away, and the first that is back", (MAIL, CHAT), BOTH, 40 * MINUTE + 4 * SECOND, False),
    ("both away, and the first was not used", (MAIL, CHAT), BOTH, HOUR + 4 * SECOND, True),
    ("a storm on mail, and there is a chat", (("storm:email", AT, BACK),), BOTH, HOUR, True),
    ("nobody of ours there", (("house", AT, BACK),), BOTH, HOUR + 4 * SECOND, False),
]


@pytest.mark.parametrize(("name", "spans", "channels", "after", "breach"), WIRE, ids=[one[0] for one in WIRE])
def test_on_the_wire(
    name: str, spans: tuple[Any, ...], channels: frozenset[str], after: timedelta | None, breach: bool
) -> None:
    notice: Any = SimpleNamespace(message_id=9, channel="email", state="sent", created_at=AT)
    told = Told(ALERT, channels, [notice], None if after is None else AT + after)
    found = Findings()
    alerts_in_time.on_the_wire(found, evidence(spans), told)
    assert [one.what.partition(" after ")[0] for one in found.violations] == ["on the wire"] * breach


# what struck, where else it was tried, how long it took, what the report lists (None: a breach)
STRUCK: list[tuple[str, str, timedelta, str | None]] = [
    ("too_fast email m9", "", 34 * SECOND, "kept from its reader by too_fast"),
    ("too_fast email m9", "telegram sent", 34 * SECOND, None),
    ("too_fast email m9", "telegram sent later", 34 * SECOND, "kept from its reader by too_fast"),
    ("timeout email m9", "telegram sent after that", 30 * SECOND, "kept from its reader by timeout"),
    ("too_fast email m9", "telegram refused", 34 * SECOND, "kept from its reader by too_fast"),
    ("killed_at_statement transaction", "", 60 * SECOND, "its sender was killed or its fate unknown"),
    ("repeated telegram:7", "", 60 * SECOND, None),
    ("outage all", "", 60 * SECOND, None),
]


@pytest.mark.parametrize(("struck", "also", "after", "listed"), STRUCK)
def test_only_what_kept_it_from_everybody_is_an_excuse(
    struck: str, also: str, after: timedelta, listed: str | None
) -> None:
    kind, _, what = struck.partition(" ")
    notices: list[Any] = [SimpleNamespace(message_id=9, channel="email", state="sent", created_at=AT)]
    if also:
        channel, state, *later = also.split()
        at = AT + {0: timedelta(0), 1: HALF, 2: 30 * SECOND}[len(later)]
        notices.append(SimpleNamespace(message_id=10, channel=channel, state=state, created_at=at))
    found = Findings()
    known = evidence(struck=(Struck(AT, kind, what),))
    alerts_in_time.on_the_wire(found, known, Told(ALERT, BOTH, notices, AT + after))
    assert len(found.violations) == (listed is None)
    assert list(found.allowed) == ([listed] if listed else [])


def test_what_was_away_did_not_stand_for_what_was_struck() -> None:
    """A storm on mail, and the notice by chat lay with a process that was killed: said again when that is known."""
    notices: list[Any] = [
        SimpleNamespace(message_id=number, channel=channel, state="sent", created_at=AT)
        for number, channel in ((9, "email"), (10, "telegram"))
    ]
    known = evidence(
        (("storm:email", AT - MINUTE, BACK),), struck=(Struck(AT, "killed_before_send", "telegram m10"),)
    )
    for after, breach in ((100 * SECOND, False), (3 * MINUTE + 30 * SECOND, True)):
        found = Findings()
        alerts_in_time.on_the_wire(found, known, Told(ALERT, BOTH, notices, AT + after))
        assert len(found.violations) == breach


# what was away, when that site's console showed it, is it looked at, is it a breach?
CONSOLE: list[tuple[str, tuple[Any, ...], dict[tuple[int, int], datetime], int, bool]] = [
    ("a channel is up", (MAIL,), {}, 0, False),
    ("at once", (MAIL, CHAT), {(2, 1): AT}, 1, False),
    ("a moment later", (MAIL, CHAT), {(2, 1): AT + SECOND}, 1, True),
    ("another site's", (MAIL, CHAT), {(3, 1): AT}, 1, True),
    ("never", (MAIL, CHAT), {}, 1, True),
    ("back at this moment", (MAIL, ("outage:telegram", AT - HOUR, AT)), {}, 0, False),
]


@pytest.mark.parametrize(
    ("name", "spans", "consoles", "checked", "breach"), CONSOLE, ids=[one[0] for one in CONSOLE]
)
def test_on_the_console(
    name: str, spans: tuple[Any, ...], consoles: dict[tuple[int, int], datetime], checked: int, breach: bool
) -> None:
    found = Findings()
    alerts_in_time.on_the_console(found, evidence(spans, consoles=consoles), Told(ALERT, BOTH, [], None))
    assert found.checked == checked
    assert [one.what for one in found.violations] == ["not on the console at once"] * breach


LADDER = Ladder(("staff:1", "staff:2", "staff:3"), HALF)


def step(name: str, after: timedelta, outcome: str = "") -> Any:
    return SimpleNamespace(step=name, taken_at=AT + after, outcome=outcome)


TOLD = step("told", timedelta(0), "staff:1,staff:2,staff:3")
SECOND_TURN, THIRD_TURN = step("escalated", HALF, "staff:2"), step("escalated", HOUR, "staff:3")
END = step("escalated", 3 * HALF, "end_of_list")
TAKEN, LISTED = (
    "neither taken nor told to the last person",
    "not taken by its clock, and told to the last person",
)
EARLY, NO_END = (
    "the list was given up before its end",
    "everybody was called, and nothing on record says that it ended so",
)
ENDS: list[tuple[str, list[Any], list[str]]] = [
    ("nothing", [TOLD], [TAKEN]),
    ("taken", [TOLD, step("acknowledged", 50 * MINUTE)], []),
    ("closed at once", [TOLD, step("closed", MINUTE)], []),
    ("taken two hours late, nobody else was called", [TOLD, step("acknowledged", 2 * HOUR)], [TAKEN]),
    ("the last is called too late", [TOLD, SECOND_TURN, step("escalated", 2 * HOUR, "staff:3")], [TAKEN]),
    ("the whole list", [TOLD, SECOND_TURN, THIRD_TURN, END], []),
    ("the whole list, then taken", [TOLD, SECOND_TURN, THIRD_TURN, step("acted", 80 * MINUTE)], []),
    ("the whole list without its end", [TOLD, SECOND_TURN, THIRD_TURN], [NO_END]),
    (
        "the end comes late",
        [TOLD, SECOND_TURN, THIRD_TURN, step("escalated", DAY / 2, "end_of_list")],
        [NO_END],
    ),
    ("one is passed over", [TOLD, SECOND_TURN, END], [EARLY, TAKEN]),
    ("an end before its turn", [TOLD, step("escalated", HALF, "end_of_list")], [EARLY, TAKEN]),
    (
        "an end before its turn, then taken",
        [TOLD, step("escalated", HALF, "end_of_list"), step("acted", HALF)],
        [EARLY],
    ),
]


@pytest.mark.parametrize(("name", "steps", "wrong"), ENDS, ids=[one[0] for one in ENDS])
def test_an_end(name: str, steps: list[Any], wrong: list[str]) -> None:
    found = Findings()
    alerts_ended.look(found, evidence(), ALERT, steps, LADDER, HOUR)
    assert [one.what for one in found.violations] == wrong
    assert any(one.startswith(LISTED) for one in found.allowed) == ("the whole list" in name and not wrong)


def test_the_clock_of_the_tier_binds_where_it_is_shorter() -> None:
    """A site with slow turns: the last person is called in time for the list, and too late for the emergency."""
    slow = Ladder(LADDER.called, HOUR)
    steps = [TOLD, step("acknowledged", 90 * MINUTE)]
    found = Findings()
    alerts_ended.look(found, evidence(), ALERT, steps, slow, DAY)
    assert not found.violations
    alerts_ended.look(found, evidence(), ALERT, steps, slow, HOUR)
    assert [one.what for one in found.violations] == [TAKEN]


@pytest.mark.parametrize("restored", [False, True])
def test_what_is_away_puts_the_end_off(restored: bool) -> None:
    steps = [TOLD, SECOND_TURN, step("acknowledged", 3 * HOUR)]
    away = (AT + HALF, AT + HALF + 2 * HOUR)
    known = evidence(gaps=(Gap(*away),)) if restored else evidence((("house", *away),))
    found = Findings()
    alerts_ended.look(found, known, ALERT, steps, LADDER, DAY)
    assert not found.violations
    alerts_ended.look(found, evidence(), ALERT, steps, LADDER, DAY)
    assert [one.what for one in found.violations] == [TAKEN]


def test_what_is_not_over_yet_is_not_judged() -> None:
    found = Findings()
    alerts_ended.look(found, evidence(as_of=AT + HALF), ALERT, [TOLD], LADDER, HOUR)
    assert not found.violations
