"""What is reminded of and asked besides doses: on which days, for whom, and what falls together."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

import schedules
from schedules.regimen import ideal_timeline
from schedules.study import StudyError, parse_study
from schedules.visits import planned_visits

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
