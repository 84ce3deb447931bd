"""A reason why nobody was asked counts when it was so: each one of the list, with what makes it true and what does not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.rehearsal.evidence import Evidence, Gap
from bot.rehearsal.ledger import Act, Agreed, Blocked, Ledger, Order, Said
from bot.rehearsal.plain.calendar import Dose
from bot.rehearsal.promises.why_not_asked import Unasked, reason_of
from bot.services import firing
from bot.services.context import Tx
from tests.rehearsal.conftest import Play, broken

DUE = datetime(2026, 11, 4, 0, tzinfo=UTC)  # eight in the morning in Shanghai
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DOSE = Dose("lenalidomide", 1, 3, date(2026, 11, 4), DUE, held=False)
JOINED = DUE - 2 * DAY
CHAT = "90011"


def act(at: datetime, what: str = "taken") -> Act:
    return Act(at, CHAT, "telegram", f"telegram:{what}:{at}", what, acknowledged_at=at)


def status(at: datetime, value: str) -> Order:
    return Order(at, at, "status", value)


def told(at: datetime, drug: str = "lenalidomide") -> Said:
    return Said(act(at), drug, DOSE.on, "taken")


def person(**more: Any) -> Ledger:
    """He agreed to both matters, on Telegram."""
    one = Ledger(1, "REA", "lenalidomide", "REA-001", 1)
    one.orders.append(Order(JOINED, JOINED, "habit", "Asia/Shanghai 08:00 21:30 07:30"))
    moments = [JOINED, JOINED + HOUR]
    one.acts += [act(at, "agree") for at in moments]
    one.agreed += [Agreed(at, CHAT, True) for at in moments]
    for name, rows in more.items():
        getattr(one, name).extend(rows)
    return one


def timer(state: str, outcome: str | None = None, at: datetime = DUE, **more: Any) -> Any:
    return SimpleNamespace(state=state, outcome=outcome, settled_at=at, **more)


def case_of(one: Ledger, row: Any = None, **more: Any) -> Unasked:
    spans, gaps = more.pop("spans", ()), more.pop("gaps", ())
    as_of = more.pop("as_of", DUE + 9 * DAY)
    evidence = Evidence(
        cast("Any", None), "nct04217967", as_of, (one,), (), {}, (), spans, {CHAT: "telegram"}, gaps
    )
    return Unasked(evidence, one, DOSE, more.pop("planned_at", JOINED), row, more.pop("again", {}), **more)


def holds(one: Ledger, row: Any, **more: Any) -> bool:
    return reason_of(case_of(one, row, **more)).holds


PAUSED, GOES_ON = status(DUE - HOUR, "paused"), status(DUE + HOUR, "active")
NEVER_AGREED = Ledger(2, "REA", "lenalidomide", "REA-002", 2)
CLOSED = Blocked(CHAT, DUE - HOUR)
# name, whose ledger, state and outcome of the timer, was it so?
CASES: list[tuple[str, Ledger, Any, bool]] = [
    ("paused", person(orders=[PAUSED]), timer("fired", "paused"), True),
    ("paused, and nobody had paused", person(), timer("fired", "paused"), False),
    ("paused too late", person(orders=[status(DUE + HOUR, "paused")]), timer("fired", "paused"), False),
    ("went on, and not asked then", person(orders=[PAUSED, GOES_ON]), timer("fired", "paused"), False),
    (
        "paused until he ended",
        person(orders=[PAUSED, status(DUE + HOUR, "ended")]),
        timer("fired", "paused"),
        True,
    ),
    ("ended", person(orders=[status(DUE - HOUR, "ended")]), timer("cancelled", "cancelled"), True),
    ("cancelled, and nothing ended", person(), timer("cancelled", "cancelled"), False),
    ("nobody agreed", NEVER_AGREED, timer("fired", "no_contact"), True),
    ("nobody to tell, and he agreed", person(), timer("fired", "no_contact"), False),
    ("withdrawn", person(agreed=[Agreed(DUE - HOUR, CHAT, False)]), timer("fired", "no_contact"), True),
    (
        "withdrawn later",
        person(agreed=[Agreed(DUE + HOUR, CHAT, False)]),
        timer("fired", "no_contact"),
        False,
    ),
    ("blocked", person(blocked=[CLOSED]), timer("fired", "no_contact"), True),
    (
        "opened again, and not asked then",
        person(blocked=[Blocked(CHAT, DUE - HOUR, DUE + HOUR)]),
        timer("fired", "no_contact"),
        False,
    ),
    ("told of it before", person(said=[told(DUE - HOUR)]), timer("fired", "nothing_to_ask"), True),
    ("the other one asked", person(said=[told(DUE - HOUR)]), timer("fired", "asked:1"), True),
    (
        "told, and nobody to tell, it says",
        person(said=[told(DUE - HOUR)]),
        timer("fired", "no_contact"),
        False,
    ),
    (
        "went on, and had told of it",
        person(orders=[PAUSED, GOES_ON], said=[told(DUE)]),
        timer("fired", "paused"),
        True,
    ),
    ("told of another", person(said=[told(DUE - HOUR, "ixazomib")]), timer("fired", "asked:1"), False),
    ("told afterwards", person(said=[told(DUE + HOUR)]), timer("fired", "nothing_to_ask"), False),
    ("asked, it says", person(), timer("fired", "asked:1"), False),
    ("a wait in the day", person(), timer("fired", "quiet_hours"), False),
    ("what nobody knows", person(), timer("fired", "because"), False),
    ("parked", person(), timer("parked", "parked"), False),
    ("too late, and the house stood", person(), timer("expired", "too_late", DOSE.closes), False),
    ("restored, and nothing was", person(), timer("expired", "restored"), False),
    ("moved, and nobody ordered it", person(), timer("cancelled", "replanned"), False),
]


@pytest.mark.parametrize(("one", "row", "so"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_reason_that_was_so(one: Ledger, row: Any, so: bool) -> None:
    assert holds(one, row) is so


def test_no_timer_at_all() -> None:
    assert not holds(person(), None)


def test_the_last_night_before_it_is_too_late() -> None:
    assert holds(person(), timer("fired", "quiet_hours", DOSE.closes - 9 * HOUR))


@pytest.mark.parametrize("away", ["house", "outage:telegram"])
def test_nobody_there_when_its_limit_passed(away: str) -> None:
    since, until = DOSE.closes - HOUR, DOSE.closes + HOUR
    row = timer("expired", "too_late", until)
    assert holds(person(), row, spans=[(away, since, until)]) is (away == "house")


def test_stopped_by_a_restore() -> None:
    """And what asks after it has a reason of its own: here he took consent back."""
    gap = Gap(DUE - HOUR, DUE + HOUR)
    stopped, gone = timer("expired", "restored", gap.until), person(agreed=[Agreed(DUE - DAY, CHAT, False)])
    again = {gap.until: timer("fired", "no_contact", gap.until)}
    assert holds(gone, stopped, gaps=[gap], again=again)
    assert not holds(person(), stopped, gaps=[gap], again=again)
    assert not holds(gone, stopped, gaps=[gap])
    asked = {gap.until: timer("fired", "asked:1", gap.until)}
    assert not holds(gone, stopped, gaps=[gap], again=asked)


def test_planned_after_its_hour() -> None:
    """By an order typed late, when nothing was left to ask."""
    typed = DOSE.closes
    late = person(orders=[Order(typed, DUE - HOUR, "cycle", cycle=1, on=DOSE.on)])
    assert holds(late, None, planned_at=typed)
    assert not holds(late, None, planned_at=DUE + HOUR)
    assert not holds(person(), None, planned_at=typed)
    of_the_other = timer("fired", "asked:1", typed + HOUR)
    assert holds(late, of_the_other, planned_at=typed)
    assert not holds(late, of_the_other, planned_at=DUE + HOUR)


def test_begun_by_himself() -> None:
    one = person(acts=[act(DUE + HOUR, "吃了")])
    row = timer("fired", "nothing_to_ask", DUE + 2 * HOUR)
    assert holds(one, row, begun_at=[DUE + HOUR])
    assert not holds(one, row, begun_at=[DUE + 2 * HOUR])


def test_not_yet() -> None:
    night = DUE + 14 * HOUR
    waits = timer("waiting", None, None, due_at=night + 9 * HOUR)  # type: ignore[arg-type]  # nothing was settled
    assert holds(person(), waits, as_of=night)
    assert not holds(person(), waits, as_of=DUE + 6 * HOUR)


@pytest.mark.parametrize("outcome", ["no_contact", "paused", "asked:1"])
async def test_asking_that_stops_with_a_wrong_reason(
    play: Play, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    """On the day of the second dose nobody is asked any more, and the record says why."""
    kept, seen = firing.FIRE["prompt"], list[int]()

    async def stops(tx: Tx, row: Any) -> Any:
        seen.append(row.timer_id)
        return await kept(tx, row) if len(seen) < 3 else outcome

    monkeypatch.setitem(cast("dict[str, Any]", firing.FIRE), "prompt", stops)
    lines = broken(await play(participants=2, days=5))
    assert any(f"2: not asked about, and this was not so: fired: {outcome}" in one for one in lines)
