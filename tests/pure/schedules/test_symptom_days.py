"""On which days the check is due: the day before each weekly dose, at the person's hour, on through a delay."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from schedules.regimen import Assignment, Cycle, Habit, Timeline
from schedules.study import Study, parse_study
from schedules.symptom_days import planned_checks

FILE = Path(__file__).parents[3] / "schedules" / "studies" / "nct04217967.toml"
STUDY = parse_study(FILE.read_text(encoding="utf-8"), FILE.name)
ZONE = "Asia/Shanghai"
START = date(2026, 11, 2)
BEGAN = datetime(2026, 11, 1, tzinfo=ZoneInfo(ZONE))


def course(*cycles: date, habits: tuple[Habit, ...] = (), ends_at: datetime | None = None) -> Timeline:
    return Timeline(
        assignments=(Assignment(BEGAN, "ixazomib"),),
        cycles=tuple(Cycle(number, first) for number, first in enumerate(cycles, 1)),
        habits=habits or (Habit(BEGAN, ZONE, time(8, 0)),),
        levels=(),
        holds=(),
        ends_at=ends_at,
    )


def days(timeline: Timeline, until: date, study: Study = STUDY) -> list[str]:
    return [f"{one.due_on:%m-%d}" for one in planned_checks(study, timeline, until)]


def test_it_is_the_day_before_each_ixazomib_dose_and_each_cycle() -> None:
    found = planned_checks(STUDY, course(START, START + timedelta(days=28)), date(2026, 12, 27))
    doses = {START + timedelta(days=day - 1) for day in (8, 15, 29, 36, 43)}
    assert {one.due_on + timedelta(days=1) for one in found} >= doses
    assert [f"{one.due_on:%m-%d}" for one in found][:5] == ["11-08", "11-15", "11-22", "11-29", "12-06"]


@pytest.mark.parametrize(
    ("cycles", "until", "wanted"),
    [
        ((START,), date(2026, 11, 7), []),
        ((START,), date(2026, 11, 8), ["11-08"]),
        # Nobody has released cycle 2: the weeks go on.
        ((START,), date(2026, 12, 20), ["11-08", "11-15", "11-22", "11-29", "12-06", "12-13", "12-20"]),
        # Released ten days late: counted anew from its first day, and none of the first cycle after that.
        ((START, date(2026, 12, 10)), date(2026, 12, 24), ["11-08", "11-15", "11-22", "11-29", "12-06", "12-16", "12-23"]),
        ((), date(2026, 12, 24), []),
    ],
)  # fmt: skip
def test_days(cycles: tuple[date, ...], until: date, wanted: list[str]) -> None:
    assert days(course(*cycles), until) == wanted


def test_none_after_the_end_and_none_without_a_rule() -> None:
    ends_at = datetime(2026, 11, 15, 7, 0, tzinfo=ZoneInfo(ZONE))
    assert days(course(START, ends_at=ends_at), date(2026, 12, 24)) == ["11-08"]
    assert days(course(START), date(2026, 12, 24), STUDY.model_copy(update={"symptom_check": None})) == []


def test_it_moves_with_the_dose_time_and_with_the_zone() -> None:
    later = Habit(datetime(2026, 11, 10, tzinfo=ZoneInfo(ZONE)), "Asia/Urumqi", time(9, 30))
    found = planned_checks(STUDY, course(START, habits=(course(START).habits[0], later)), date(2026, 11, 15))
    assert [f"{one.due_at:%m-%d %H:%M}" for one in found] == ["11-08 00:00", "11-15 03:30"]
    assert [one.zone for one in found] == [ZONE, "Asia/Urumqi"]


def test_a_study_may_give_it_an_hour_of_its_own() -> None:
    assert STUDY.symptom_check is not None
    rule = STUDY.symptom_check.model_copy(update={"time": time(10, 15)})
    (one,) = planned_checks(
        STUDY.model_copy(update={"symptom_check": rule}), course(START), date(2026, 11, 8)
    )
    assert one.due_at == datetime(2026, 11, 8, 10, 15, tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ("first_day = 7 ", "first_day = 29", "symptom_check.first_day = 29: after the cycle's last day (28)"),
        ("[240, 600]", "[600, 240]", "symptom_check.nudge_minutes = [600, 240]: not in rising order"),
        (
            "every_days = 7 ",
            "every_days = 4 ",
            "symptom_check.close_after_hours = 96: still open when the next",
        ),
        ('time = "dose_time"', 'time = "noon"', 'symptom_check.time = "noon"'),
    ],
)
def test_a_fault_is_told_with_its_place(there: str, instead: str, said: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert there in text
    with pytest.raises(ValueError, match="symptom_check") as caught:
        parse_study(text.replace(there, instead, 1), "study.toml")
    assert said in str(caught.value)


def test_planning_twice_is_the_same() -> None:
    timeline = course(START)
    assert planned_checks(STUDY, timeline, START + timedelta(days=90)) == planned_checks(
        STUDY, replace(timeline), START + timedelta(days=90)
    )
