"""The dose calendar: what staff change, from when it counts, and what it must never touch."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

import schedules
from schedules.localtime import instant
from schedules.regimen import (
    Assignment,
    Cycle,
    DoseLevel,
    Habit,
    Hold,
    PlannedDose,
    Timeline,
    expected_cycle,
    ideal_timeline,
    next_due,
    planned_doses,
)
from schedules.study import parse_study

FILE = Path(schedules.__file__).parent / "studies" / "nct04217967.toml"
STUDY = parse_study(FILE.read_text("utf-8"), FILE.name)
BEIJING = "Asia/Shanghai"
START = date(2026, 11, 2)


def _timeline(arm: str = "combination", cycles: int = 1, delays: dict[int, int] | None = None) -> Timeline:
    return ideal_timeline(STUDY, arm, START, cycles, BEIJING, time(8), delays)


def _beijing(shown: str) -> datetime:
    wanted = datetime.fromisoformat(shown)
    return instant(wanted.date(), wanted.time(), BEIJING)


def _days(doses: tuple[PlannedDose, ...], drug: str) -> list[str]:
    return [f"C{dose.cycle}D{dose.cycle_day}" for dose in doses if dose.drug == drug]


def test_one_cycle_of_the_combination_arm() -> None:
    doses = planned_doses(STUDY, _timeline())
    assert len(doses) == 14
    assert len({dose.local_date for dose in doses}) == 12
    assert Counter(dose.drug for dose in doses) == {"lenalidomide": 11, "ixazomib": 3}
    assert _days(doses, "ixazomib") == ["C1D1", "C1D8", "C1D15"]
    assert _days(doses, "lenalidomide") == [f"C1D{day}" for day in range(1, 22, 2)]
    assert [dose.drug for dose in doses[:3]] == ["ixazomib", "lenalidomide", "lenalidomide"]
    assert doses[0].due_at == _beijing("2026-11-02 08:00")


@pytest.mark.parametrize(("arm", "doses"), [("ixazomib", 3), ("lenalidomide", 11), ("combination", 14)])
def test_doses_of_an_arm(arm: str, doses: int) -> None:
    assert len(planned_doses(STUDY, _timeline(arm, cycles=3))) == 3 * doses


# delays           first days of cycles 1, 2, 3
DELAYS: list[tuple[dict[int, int], list[str]]] = [
    ({}, ["2026-11-02", "2026-11-30", "2026-12-28"]),
    ({2: 7}, ["2026-11-02", "2026-12-07", "2027-01-04"]),
    ({2: 7, 3: 1}, ["2026-11-02", "2026-12-07", "2027-01-05"]),
    ({3: 14}, ["2026-11-02", "2026-11-30", "2027-01-11"]),
    ({2: -2}, ["2026-11-02", "2026-11-28", "2026-12-26"]),
]


@pytest.mark.parametrize(("delays", "starts"), DELAYS)
def test_later_cycles_follow_a_delayed_one(delays: dict[int, int], starts: list[str]) -> None:
    doses = planned_doses(STUDY, _timeline(cycles=3, delays=delays))
    first_days = [dose.local_date for dose in doses if dose.cycle_day == 1 and dose.drug == "ixazomib"]
    assert first_days == [date.fromisoformat(start) for start in starts]


def test_an_early_cycle_cuts_the_one_before() -> None:
    doses = planned_doses(STUDY, _timeline(cycles=2, delays={2: -10}))
    assert _days(doses, "lenalidomide")[8:11] == ["C1D17", "C2D1", "C2D3"]
    assert len(doses) == 12 + 14


def test_the_next_cycle_is_expected_28_days_after_the_last_start() -> None:
    assert expected_cycle(STUDY, _timeline(cycles=2, delays={2: 7})) == Cycle(3, date(2027, 1, 4))
    assert expected_cycle(STUDY, replace(_timeline(), cycles=())) is None


# drug held      from                until               doses held (I ixazomib, L lenalidomide, cycle day)
HOLDS = [
    ("lenalidomide", "2026-11-09 12:00", "2026-11-14 08:00", "L9 L11"),  # day 13 is due when it ends
    ("lenalidomide", "2026-11-10 08:00", "2026-11-10 08:01", "L9"),  # from the very instant
    ("lenalidomide", "2026-11-10 08:01", "2026-11-12 07:59", ""),  # between two doses
    ("ixazomib", "2026-11-03 00:00", None, "I8 I15"),
    (None, "2026-11-16 00:00", None, "I15 L15 L17 L19 L21"),
    (None, "2026-11-09 12:00", "2026-11-09 12:00", ""),  # lifted at once
]


@pytest.mark.parametrize(("drug", "start", "end", "doses"), HOLDS)
def test_a_hold_marks_doses_and_removes_none(
    drug: str | None, start: str, end: str | None, doses: str
) -> None:
    hold = Hold(drug, _beijing(start), _beijing(end) if end else None)
    found = planned_doses(STUDY, replace(_timeline(), holds=(hold,)))
    assert len(found) == 14
    assert [f"{dose.drug[0].upper()}{dose.cycle_day}" for dose in found if dose.held] == doses.split()


# Changes at noon on day 8 (9 November), when that day's ixazomib at 08:00 was due already.
NOON = _beijing("2026-11-09 12:00")


def test_a_reduction_counts_from_its_instant() -> None:
    levels = (
        DoseLevel("ixazomib", NOON, "3mg"),
        DoseLevel("ixazomib", _beijing("2026-11-30 00:00"), "2.3mg"),
    )
    doses = planned_doses(STUDY, replace(_timeline(cycles=2), levels=levels))
    assert [str(dose.dose_mg) for dose in doses if dose.drug == "ixazomib"] == [
        "4", "4", "3", "2.3", "2.3", "2.3",
    ]  # fmt: skip
    assert {dose.dose_mg for dose in doses if dose.drug == "lenalidomide"} == {25}


def test_of_two_reductions_from_one_instant_the_later_entry_counts() -> None:
    levels = (DoseLevel("ixazomib", NOON, "2.3mg"), DoseLevel("ixazomib", NOON, "3mg"))
    doses = planned_doses(STUDY, replace(_timeline("ixazomib"), levels=levels))
    assert [str(dose.dose_mg) for dose in doses] == ["4", "4", "3"]


def test_a_change_of_arm_counts_from_its_instant_and_keeps_a_reduction() -> None:
    start = _timeline("lenalidomide", cycles=2)
    changed = replace(
        start,
        assignments=(*start.assignments, Assignment(NOON, "ixazomib")),
        levels=(DoseLevel("ixazomib", _beijing("2026-11-02 00:00"), "3mg"),),
    )
    doses = planned_doses(STUDY, changed)
    assert _days(doses, "lenalidomide") == ["C1D1", "C1D3", "C1D5", "C1D7"]
    assert _days(doses, "ixazomib") == ["C1D15", "C2D1", "C2D8", "C2D15"]
    assert {str(dose.dose_mg) for dose in doses if dose.drug == "ixazomib"} == {"3"}


def test_nothing_is_due_before_the_first_assignment_or_from_the_end_on() -> None:
    start = _timeline("ixazomib")
    late = replace(start, assignments=(Assignment(_beijing("2026-11-02 08:01"), "ixazomib"),))
    assert _days(planned_doses(STUDY, late), "ixazomib") == ["C1D8", "C1D15"]
    ended = replace(start, ends_at=_beijing("2026-11-09 08:00"))
    assert _days(planned_doses(STUDY, ended), "ixazomib") == ["C1D1"]
    assert planned_doses(STUDY, replace(start, habits=())) == ()
    assert planned_doses(STUDY, replace(start, cycles=())) == ()


# dose time of day 8   changed at          to        day 8 is due      day 15 is due
HABITS = [
    ("08:00", "2026-11-09 12:00", "20:00", "2026-11-09 08:00", "2026-11-16 20:00"),  # was due: stays
    ("20:00", "2026-11-09 12:00", "22:00", "2026-11-09 22:00", "2026-11-16 22:00"),  # both to come: moves
    ("20:00", "2026-11-09 12:00", "08:00", "2026-11-09 20:00", "2026-11-16 08:00"),  # would be past: stays
    ("20:00", "2026-11-09 12:00", "12:00", "2026-11-09 12:00", "2026-11-16 12:00"),  # at the very instant
    (
        "12:00",
        "2026-11-09 12:00",
        "20:00",
        "2026-11-09 12:00",
        "2026-11-16 20:00",
    ),  # due at that instant: stays
]


@pytest.mark.parametrize(("before", "at", "after", "day_8", "day_15"), HABITS)
def test_a_new_dose_time(before: str, at: str, after: str, day_8: str, day_15: str) -> None:
    start = ideal_timeline(STUDY, "ixazomib", START, 1, BEIJING, time.fromisoformat(before))
    habit = Habit(_beijing(at), BEIJING, time.fromisoformat(after))
    doses = planned_doses(STUDY, replace(start, habits=(*start.habits, habit)))
    assert [dose.due_at for dose in doses[1:]] == [_beijing(day_8), _beijing(day_15)]


def test_a_move_to_another_zone_keeps_the_hour_on_the_wall() -> None:
    start = _timeline("ixazomib")
    doses = planned_doses(
        STUDY, replace(start, habits=(*start.habits, Habit(NOON, "Europe/Berlin", time(8))))
    )
    assert [(dose.zone, f"{dose.due_at:%dT%H}") for dose in doses] == [
        (BEIJING, "02T00"),
        (BEIJING, "09T00"),
        ("Europe/Berlin", "16T07"),
    ]


def test_the_next_dose_after_day_15_is_that_of_the_expected_cycle() -> None:
    timeline = _timeline()
    assert next_due(STUDY, timeline, "ixazomib", _beijing("2026-11-02 08:00")) == _beijing("2026-11-09 08:00")
    assert next_due(STUDY, timeline, "ixazomib", _beijing("2026-11-16 08:00")) == _beijing("2026-11-30 08:00")
    ended = replace(timeline, ends_at=_beijing("2026-11-20 00:00"))
    assert next_due(STUDY, ended, "ixazomib", _beijing("2026-11-16 08:00")) is None


def test_an_arm_that_the_study_does_not_know_is_a_bug_not_an_empty_plan() -> None:
    with pytest.raises(KeyError):
        planned_doses(STUDY, _timeline("placebo"))


def test_a_dose_time_that_the_clocks_skip_is_kept_and_moves_forward() -> None:
    timeline = ideal_timeline(STUDY, "ixazomib", date(2026, 3, 29), 1, "Europe/Berlin", time(2, 30))
    dose = planned_doses(STUDY, timeline)[0]
    assert (dose.local_time, f"{dose.due_at:%H:%M}") == (time(2, 30), "01:30")
    assert dose.due_at + timedelta(days=7) != planned_doses(STUDY, timeline)[1].due_at


def test_a_habit_entered_after_the_first_doses_loses_none_of_them() -> None:
    start = _timeline("ixazomib")
    late = replace(start, habits=(Habit(NOON, BEIJING, time(8)),))
    assert planned_doses(STUDY, late) == planned_doses(STUDY, start)


def test_a_habit_entered_later_but_for_earlier_counts_until_the_first_begins() -> None:
    start = replace(_timeline("ixazomib"), habits=(Habit(NOON, BEIJING, time(8)),))
    earlier = Habit(_beijing("2026-11-05 00:00"), BEIJING, time(6))
    doses = planned_doses(STUDY, replace(start, habits=(*start.habits, earlier)))
    assert [f"{dose.local_date:%d} {dose.local_time:%H}" for dose in doses] == ["02 08", "09 06", "16 08"]
