"""A provider bears so many messages in any second. Whoever claims gets turns, and no two claims get the same one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.services.pacing import AHEAD, UNPACED, Pace, turns

NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)
SECOND = timedelta(seconds=1)


def left(pauses: list[float], taken: list[int], pace: Pace) -> list[datetime]:
    """When messages left, if one after the other claims that many of the turns that there are."""
    now, free, gone = NOW, LONG_AGO, []
    for pause, count in zip(pauses, taken, strict=True):
        now += timedelta(seconds=pause)
        mine = [now + wait for wait in turns(now, free, pace, 20)][:count]
        if mine:
            gone += mine
            free = mine[-1] + timedelta(seconds=1 / pace.per_second)
    return gone


claims = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.floats(0, 0.4), min_size=n, max_size=n),
        st.lists(st.integers(0, 20), min_size=n, max_size=n),
    )
)


@given(claims)
def test_a_bot_sends_no_more_than_thirty_in_any_second(drawn: tuple[list[float], list[int]]) -> None:
    gone = left(*drawn, Pace())
    assert gone == sorted(gone)
    assert all(sum(at <= one < at + SECOND for one in gone) <= 30 for at in gone)


def test_whoever_looks_every_quarter_of_a_second_loses_no_turn() -> None:
    gone = left([0.25] * 400, [20] * 400, Pace())
    took = (gone[-1] - gone[0]).total_seconds()
    assert len(gone) / took > 30 / 1.05


def test_after_a_silence_a_burst_leaves_at_once_and_the_rest_evenly() -> None:
    waits = turns(NOW, LONG_AGO, Pace(per_second=10, burst=3), 20)
    at_once, later = waits[:3], waits[3:]
    assert at_once == [timedelta(0)] * 3
    assert [wait / timedelta(milliseconds=100) for wait in later] == [1, 2, 3]
    assert later[-1] <= AHEAD


def test_what_has_no_pace_leaves_at_once() -> None:
    assert turns(NOW, LONG_AGO, UNPACED, 20) == [timedelta(0)] * 20
