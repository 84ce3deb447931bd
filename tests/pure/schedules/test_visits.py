"""What is reminded of and asked besides doses: on which days, for whom, and what falls together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import pairwise
from pathlib import Path

import pytest

import schedules
from schedules.companions import Companion
from schedules.regimen import ideal_timeline
from schedules.study import StudyError, parse_study
from schedules.visits import daily_visits, planned_visits

TEXT = (Path(schedules.__file__).parent / "studies" / "nct04217967.toml").read_text("utf-8")
STUDY = parse_study(TEXT, "s.toml")
COURSE = ideal_timeline(STUDY, "combination", date(2026, 11, 2), 1, "Asia/Shanghai", time(8, 0))

# what staff have set -> day, talk, rules, until day 28
CASES: list[tuple[set[str], list[tuple[str, str, str]]]] = [
    (
        set(),
        [
            ("11-23", "visit", "blood"),
            ("11-25", "interactions", "interactions"),
            ("11-27", "visit", "clinic"),
        ],
    ),
    (
        {"pregnancy_test", "contraception"},
        [
            ("11-23", "visit", "blood pregnancy_test"),
            ("11-25", "interactions", "interactions"),
            ("11-27", "visit", "clinic contraception"),
        ],
    ),
    (
        {"prophylaxis", "aspirin"},
        [
            ("11-06", "prophylaxis", "prophylaxis"),
            ("11-13", "prophylaxis", "prophylaxis"),
            ("11-20", "prophylaxis", "prophylaxis"),
            ("11-23", "visit", "blood"),
            ("11-25", "interactions", "interactions"),
            ("11-27", "prophylaxis", "prophylaxis"),
            ("11-27", "visit", "clinic"),
        ],
    ),
]


@pytest.mark.parametrize(("traits", "expected"), CASES)
def test_days(traits: set[str], expected: list[tuple[str, str, str]]) -> None:
    found = planned_visits(STUDY.visits, COURSE, traits, date(2026, 11, 29))
    assert [(f"{one.due_on:%m-%d}", one.talk, " ".join(one.rules)) for one in found] == expected


def test_nothing_after_an_end_and_nothing_without_rules() -> None:
    ended = replace(COURSE, ends_at=datetime(2026, 11, 10, tzinfo=UTC))
    assert planned_visits(STUDY.visits, ended, set(), date(2026, 12, 31)) == ()
    assert planned_visits(None, COURSE, set(), date(2026, 12, 31)) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "clinic"', 'id = "blood"', "visits.rules: blood stands twice"),
        ('talk = "interactions"', 'talk = "visit"', "visits.rules.interactions.text: needed for a visit"),
        ("first_day = 26", "first_day = 30", "first_day = 30: after the cycle's last day (28)"),
    ],
)
def test_a_wrong_rule_is_named(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(StudyError) as fault:
        parse_study(TEXT.replace(old, new, 1), "s.toml")
    assert any(said in line for line in fault.value.faults), fault.value.faults


def test_what_is_asked_once_moves_the_month_and_is_never_nearer_than_agreed() -> None:
    """Welcomed on 1 November: asked on the 2nd, and then every four weeks, each cycle being four weeks long."""
    course = ideal_timeline(STUDY, "combination", date(2026, 11, 2), 4, "Asia/Shanghai", time(8, 0))
    found = planned_visits(STUDY.visits, course, set(), date(2027, 2, 21), date(2026, 11, 2))
    days = [one.due_on for one in found if one.talk == "interactions"]
    assert days[0] == date(2026, 11, 2)
    assert {(later - earlier).days for earlier, later in pairwise(days)} == {28}


def test_daily_days_are_those_without_a_dose() -> None:
    start = datetime(2026, 11, 4, tzinfo=UTC)
    daily = [Companion("aspirin", "on", "daily", start)]
    found = daily_visits(STUDY, COURSE, daily, date(2026, 11, 2), date(2026, 11, 10))
    assert [one.due_on.day for one in found] == [5, 7]
    off = [*daily, Companion("aspirin", "off", "weekly", datetime(2026, 11, 6, tzinfo=UTC))]
    assert [
        one.due_on.day for one in daily_visits(STUDY, COURSE, off, date(2026, 11, 2), date(2026, 11, 10))
    ] == [5]
    weekly = [Companion("aspirin", "on", "weekly", start)]
    assert daily_visits(STUDY, COURSE, weekly, date(2026, 11, 2), date(2026, 11, 10)) == ()
