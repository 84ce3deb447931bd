"""The study's file as it is, and every way in which a file can be wrong, with the line that says so."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import schedules
from schedules.study import Study, StudyError, parse_study

FILE = Path(schedules.__file__).parent / "studies" / "nct04217967.toml"
TEXT = FILE.read_text("utf-8")


def test_the_study_as_registered() -> None:
    study = parse_study(TEXT, FILE.name)
    assert (study.id, study.timezone, study.cycle_days, study.cycle_release) == (
        "nct04217967",
        "Asia/Shanghai",
        28,
        "staff",
    )
    assert {name: [(entry.drug, entry.level) for entry in arm.drugs] for name, arm in study.arms.items()} == {
        "ixazomib": [("ixazomib", "4mg")],
        "lenalidomide": [("lenalidomide", "25mg")],
        "combination": [("ixazomib", "4mg"), ("lenalidomide", "25mg")],
    }


@pytest.mark.parametrize(
    ("drug", "doses", "mg_a_cycle", "steps"),
    [("ixazomib", 3, 12, "4 3 2.3"), ("lenalidomide", 11, 275, "25 20 15 10 5")],
)
def test_planned_milligrams_of_a_cycle(drug: str, doses: int, mg_a_cycle: int, steps: str) -> None:
    rules = parse_study(TEXT, FILE.name).drugs[drug]
    assert len(rules.days) == doses
    assert doses * rules.mg(rules.levels[0].name) == mg_a_cycle
    assert [level.mg for level in rules.levels] == [Decimal(step) for step in steps.split()]


def test_it_names_its_texts() -> None:
    texts = parse_study(TEXT, FILE.name).text_ids()
    assert "late.ask_site.ixazomib" in texts
    assert "advice.food.lenalidomide" in texts
    assert list(texts) == sorted(set(texts))


def test_a_study_cannot_be_changed() -> None:
    study = parse_study(TEXT, FILE.name)
    with pytest.raises(ValidationError, match="frozen"):
        study.__setattr__("cycle_days", 21)


# in the file                                 instead                              what is said
FAULTS = [
    ("cycle_days = 28 ", "", "cycle_days: missing"),
    ("cycle_days = 28 ", "cycle_days = 0", "cycle_days = 0: should be greater than or equal to 1"),
    ("cycle_days = 28 ", 'cycle_days = "28"', 'cycle_days = "28": should be a valid integer'),
    ("cycle_days = 28 ", "cycle_days = true", "cycle_days = true: should be a valid integer"),
    ("cycle_days = 28 ", "cycle_days = 28.5", "cycle_days = 28.5: should be a valid integer"),
    ("cycle_days = 28 ", "cycel_days = 28", "cycel_days = 28: no such key"),
    (
        "cycle_days = 28 ",
        "cycle_days = 14",
        "drugs.ixazomib.days = [1, 8, 15]: a day after the cycle's last (14)",
    ),
    (
        'cycle_release = "staff"',
        'cycle_release = "nobody"',
        "cycle_release = \"nobody\": should be 'staff' or 'automatic'",
    ),
    (
        '"Asia/Shanghai"',
        '"Asia/Peking"',
        'timezone = "Asia/Peking": should be an IANA time zone such as "Asia/Shanghai"',
    ),
    (
        'dose_time = "08:00"',
        'dose_time = "8:00"',
        'dose_time = "8:00": should be a time of day such as "08:00"',
    ),
    (
        'dose_time = "08:00"',
        "dose_time = 08:00:00",
        'dose_time = 08:00:00: should be a time of day such as "08:00"',
    ),
    (
        'dose_time = "08:00"',
        'dose_time = "22:00"',
        'dose_time = "22:00": within the quiet hours 21:30-07:30',
    ),
    (
        'dosing_day_ends = "03:00"',
        'dosing_day_ends = "09:00"',
        'dosing_day_ends = "09:00": not before dose_time (08:00)',
    ),
    (
        "nudge_minutes = [60, 180]",
        "nudge_minutes = [180, 60]",
        "prompts.nudge_minutes = [180, 60]: not in rising order",
    ),
    (
        "nudge_minutes = [60, 180]",
        "nudge_minutes = [60, -5]",
        "prompts.nudge_minutes[1] = -5: should be greater than or equal to 1",
    ),
    (
        "days = [1, 8, 15]",
        "days = [1, 15, 8]",
        "drugs.ixazomib.days = [1, 15, 8]: not in rising order",
    ),
    ("days = [1, 8, 15]", "days = [1, 1, 8]", "drugs.ixazomib.days = [1, 1, 8]: not in rising order"),
    (
        "mg = 2.3",
        "mg = -2.3",
        "drugs.ixazomib.levels[2].mg = -2.3: should be a number of milligrams above 0, at most 1000",
    ),
    (
        "mg = 2.3",
        "mg = nan",
        "drugs.ixazomib.levels[2].mg = NaN: should be a number of milligrams above 0, at most 1000",
    ),
    (
        "mg = 2.3",
        "mg = 3.5",
        "drugs.ixazomib.levels = ['4', '3', '3.5']: mg not falling from step to step",
    ),
    (
        '"2.3mg", mg',
        '"3mg", mg',
        'drugs.ixazomib.levels: "3mg" stands twice',
    ),
    (
        "close_after_hours = 96",
        "close_after_hours = 24",
        "drugs.ixazomib.close_after_hours = 24: not beyond the 24 h to the next day's question",
    ),
    (
        "late_take_max_hours = 96",
        "late_take_max_hours = 96\nlate_take_under_hours = 12",
        "drugs.ixazomib.window: exactly one of late_take_max_hours and late_take_under_hours",
    ),
    (
        "on_time_hours = 12 ",
        "on_time_hours = 25 ",
        "drugs.lenalidomide.window.on_time_hours = 25: overlaps the window of the next dose",
    ),
    (
        'beyond = "skip"',
        'beyond = "ask_site"',
        'drugs.lenalidomide.late_texts.ask_site: missing, while window.beyond = "ask_site"',
    ),
    (
        'food_advice = "advice.food.ixazomib"',
        'food_advice = "before meals"',
        'drugs.ixazomib.food_advice = "before meals": String should match pattern',
    ),
    (
        '[{ drug = "ixazomib", level = "4mg" }]',
        '[{ drug = "ixazomid", level = "4mg" }]',
        'arms.ixazomib.drugs[0].drug = "ixazomid": not among drugs (ixazomib, lenalidomide)',
    ),
    (
        '[{ drug = "ixazomib", level = "4mg" }]',
        '[{ drug = "ixazomib", level = "5mg" }]',
        'arms.ixazomib.drugs[0].level = "5mg": not among the levels of ixazomib (4mg, 3mg, 2.3mg)',
    ),
    ("[arms.ixazomib]", "[arms.ixazomib", "not valid TOML: "),
    ("mg = 2.3", "mg = 1e99999999999999999999", "not valid TOML: a number is out of range"),
    ("[1, 8, 15]", "[" * 5000, "not valid TOML: nested too deeply"),
    ("cycle_days = 28 ", f"cycle_days = 0x{'f' * 9000}", "cycle_days = a huge number: "),
    ("cycle_days = 28 ", '"a\\nb" = 1\ncycle_days = 28 ', "a?b = 1: no such key"),
]


@pytest.mark.parametrize(("there", "instead", "said"), FAULTS)
def test_a_fault_is_named_with_file_key_and_value(there: str, instead: str, said: str) -> None:
    assert there in TEXT
    with pytest.raises(StudyError) as caught:
        parse_study(TEXT.replace(there, instead, 1), "f.toml")
    assert any(fault.startswith(f"f.toml: {said}") for fault in caught.value.faults), caught.value.faults
    assert str(caught.value).splitlines() == list(caught.value.faults)


def test_all_faults_are_collected_one_per_line() -> None:
    text = TEXT.replace('"Asia/Shanghai"', '"Mars/Base"').replace("mg = 20", "mg = 0").replace('"staff"', "1")
    with pytest.raises(StudyError) as caught:
        parse_study(text, "f.toml")
    assert [fault.split(" = ")[0] for fault in caught.value.faults] == [
        "f.toml: timezone",
        "f.toml: cycle_release",
        "f.toml: drugs.lenalidomide.levels[1].mg",
    ]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_text_is_a_study_or_a_study_error(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(TEXT)))
    end = data.draw(st.integers(start, min(len(TEXT), start + 40)))
    damaged = TEXT[:start] + data.draw(st.text(max_size=20)) + TEXT[end:]
    found, faults = _parsed(damaged)
    assert (found is None) == bool(faults)
    assert all(fault.startswith("f.toml: ") and fault.isprintable() for fault in faults)


def _parsed(text: str) -> tuple[Study | None, tuple[str, ...]]:
    try:
        return parse_study(text, "f.toml"), ()
    except StudyError as error:
        return None, error.faults
