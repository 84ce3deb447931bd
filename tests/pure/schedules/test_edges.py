"""On which days the edges of a cycle are asked about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

import schedules
from schedules.edges import EdgeKind, planned_edges
from schedules.regimen import Hold, Timeline, ideal_timeline
from schedules.study import parse_study

STUDY = parse_study(
    (Path(schedules.__file__).parent / "studies" / "nct04217967.toml").read_text("utf-8"), "s.toml"
)


def timeline(arm: str, cycles: int = 1) -> Timeline:
    return ideal_timeline(STUDY, arm, date(2026, 11, 2), cycles, "Asia/Shanghai", time(8, 0))


def days(course: Timeline) -> list[tuple[str, int, str]]:
    return [(one.kind.value, one.cycle, f"{one.due_on:%m-%d}") for one in planned_edges(STUDY, course)]


# arm -> the day after the last dose of the cycle
@pytest.mark.parametrize(
    ("arm", "day"), [("ixazomib", "11-17"), ("lenalidomide", "11-23"), ("combination", "11-23")]
)
def test_the_day_after_the_last_dose_and_the_day_of_the_next_cycle(arm: str, day: str) -> None:
    assert days(timeline(arm)) == [("off_week", 1, day), ("cycle_start", 2, "11-30")]


def test_a_released_cycle_is_asked_about_no_more_and_the_one_after_it_is() -> None:
    assert days(timeline("ixazomib", 2)) == [
        ("off_week", 1, "11-17"),
        ("off_week", 2, "12-15"),
        ("cycle_start", 3, "12-28"),
    ]


def test_a_hold_ends_no_cycle_and_a_held_dose_is_not_named_as_the_last() -> None:
    hold = Hold(None, datetime(2026, 11, 10, tzinfo=UTC))
    course = replace(timeline("ixazomib"), holds=(hold,))
    assert days(course)[0] == ("off_week", 1, "11-17")
    assert planned_edges(STUDY, course)[0].about == date(2026, 11, 9)


def test_with_everything_held_nobody_is_asked_what_is_left() -> None:
    hold = Hold(None, datetime(2026, 11, 1, tzinfo=UTC))
    assert days(replace(timeline("ixazomib"), holds=(hold,))) == [("cycle_start", 2, "11-30")]


def test_nothing_after_an_end_and_nothing_without_the_setting() -> None:
    ended = replace(timeline("ixazomib"), ends_at=datetime(2026, 11, 17, tzinfo=UTC))
    assert days(ended) == []
    silent = STUDY.model_copy(update={"edges": None})
    assert planned_edges(silent, timeline("ixazomib")) == ()


def test_it_comes_at_the_dose_time() -> None:
    first = planned_edges(STUDY, timeline("ixazomib"))[0]
    assert (first.kind, first.due_at) == (EdgeKind.OFF_WEEK, datetime(2026, 11, 17, 0, 0, tzinfo=UTC))
