"""Conditions before a cycle, at each limit: what is met, what is not, and what nobody can say."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedules
from schedules.gates import LabFact, Outcome, Symptoms, ToxicityFact, assess, passed
from schedules.study import StudyError, parse_study

TEXT = (Path(schedules.__file__).parent / "studies" / "nct04217967.toml").read_text("utf-8")
GATE = parse_study(TEXT, "s.toml").cycle_gate
DAY_1 = date(2026, 11, 30)
BOTH = ("ixazomib", "lenalidomide")
WELL = Symptoms(DAY_1 - timedelta(days=1), ())


def lab(value: str, days_before: int = 1) -> LabFact:
    return LabFact(Decimal(value), DAY_1 - timedelta(days=days_before))


# drugs of the arm, ANC, platelets -> conditions that are not met
LIMITS = [
    (BOTH, "1.0", "75", set()),
    (BOTH, "0.99", "75", {"ixazomib_anc", "lenalidomide_anc"}),
    (BOTH, "1.0", "74.9", {"ixazomib_platelets"}),
    (BOTH, "1.0", "50", {"ixazomib_platelets"}),
    (BOTH, "1.0", "49.9", {"ixazomib_platelets", "lenalidomide_platelets"}),
    (("ixazomib",), "1.0", "74.9", {"ixazomib_platelets"}),
    (("lenalidomide",), "1.0", "74.9", set()),
    (("lenalidomide",), "0.99", "49.9", {"lenalidomide_anc", "lenalidomide_platelets"}),
]


@pytest.mark.parametrize(("drugs", "anc", "platelets", "not_met"), LIMITS)
def test_limits(drugs: tuple[str, ...], anc: str, platelets: str, not_met: set[str]) -> None:
    found = assess(GATE, drugs, {"anc": (lab(anc),), "platelets": (lab(platelets),)}, WELL, DAY_1)
    assert {one.rule.id for one in found if one.outcome is Outcome.NOT_MET} == not_met
    assert {one.rule.drug for one in found} == set(drugs)
    assert passed(found) is not bool(not_met)


# days before day 1 on which the blood was taken -> outcome
AGES = [
    (0, Outcome.MET, "value"),
    (7, Outcome.MET, "value"),
    (8, Outcome.NOT_ASSESSABLE, "old"),
    (-1, Outcome.NOT_ASSESSABLE, "missing"),
]


@pytest.mark.parametrize(("days", "outcome", "why"), AGES)
def test_a_value_counts_for_a_week_before_day_1(days: int, outcome: Outcome, why: str) -> None:
    found = assess(
        GATE, ("lenalidomide",), {"anc": (lab("5", days),), "platelets": (lab("200"),)}, WELL, DAY_1
    )
    anc = next(one for one in found if one.rule.test == "anc")
    assert (anc.outcome, anc.why) == (outcome, why)
    assert passed(found) is (outcome is Outcome.MET)


def test_without_values_nothing_passes() -> None:
    found = assess(GATE, BOTH, {}, None, DAY_1)
    assert {one.outcome for one in found} == {Outcome.NOT_ASSESSABLE}
    assert not passed(found)


def test_the_newest_day_counts_and_of_one_day_the_last_written() -> None:
    values = (lab("200", 1), lab("40", 2), lab("60", 1))
    found = assess(GATE, ("lenalidomide",), {"anc": (lab("2"),), "platelets": values}, WELL, DAY_1)
    assert [one.shown for one in found if one.rule.test == "platelets"] == ["60"]


# grades of the newest check, with the baseline's -> outcome
TOXICITY = [
    ((), Outcome.MET),
    ((ToxicityFact("Diarrhea", 1),), Outcome.MET),
    ((ToxicityFact("Diarrhea", 2),), Outcome.NOT_MET),
    ((ToxicityFact("Paresthesia", 2, baseline=2),), Outcome.MET),
    ((ToxicityFact("Paresthesia", 3, baseline=2),), Outcome.NOT_MET),
    ((ToxicityFact("Diarrhea", 0), ToxicityFact("Fatigue", 3)), Outcome.NOT_MET),
]


@pytest.mark.parametrize(("grades", "outcome"), TOXICITY)
def test_toxicity(grades: tuple[ToxicityFact, ...], outcome: Outcome) -> None:
    found = assess(GATE, ("ixazomib",), {}, Symptoms(DAY_1 - timedelta(days=1), grades), DAY_1)
    [toxicity] = [one for one in found if one.rule.toxicity_at_most is not None]
    assert toxicity.outcome is outcome


def test_an_old_check_says_nothing_about_today() -> None:
    found = assess(GATE, ("ixazomib",), {}, Symptoms(DAY_1 - timedelta(days=9), ()), DAY_1)
    assert [(one.outcome, one.why) for one in found if one.rule.test is None] == [
        (Outcome.NOT_ASSESSABLE, "old")
    ]


VALUE = st.decimals(0, 300, places=2)


@given(VALUE, VALUE, st.integers(-2, 12))
def test_a_higher_count_never_closes_a_gate(one: Decimal, two: Decimal, days: int) -> None:
    low, high = sorted((one, two))
    ranks = {Outcome.NOT_MET: 0, Outcome.NOT_ASSESSABLE: 0, Outcome.MET: 1}
    results = [
        assess(GATE, BOTH, {"platelets": (lab(str(value), days),), "anc": (lab("2"),)}, WELL, DAY_1)
        for value in (low, high)
    ]
    for before, after in zip(*results, strict=True):
        assert ranks[before.outcome] <= ranks[after.outcome]


def test_a_study_without_conditions_asks_for_none() -> None:
    assert assess(None, BOTH, {}, None, DAY_1) == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "ixazomib_anc"', 'id = "lenalidomide_anc"', "cycle_gate.rules: lenalidomide_anc stands twice"),
        (
            'test = "anc", at_least = 1.0',
            'test = "anc"',
            "cycle_gate.rules.ixazomib_anc: test and at_least belong",
        ),
        ("toxicity_at_most = 1", "version_note = 1", "cycle_gate.rules[2].version_note = 1: no such key"),
        (
            'drug = "ixazomib", test = "anc"',
            'drug = "bortezomib", test = "anc"',
            'cycle_gate.rules.ixazomib_anc.drug = "bortezomib": not among drugs (ixazomib, lenalidomide)',
        ),
        ("lab_max_age_days = 7 ", "lab_max_age_days = 0 ", "cycle_gate.lab_max_age_days"),
    ],
)
def test_a_wrong_gate_is_named(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(StudyError) as fault:
        parse_study(TEXT.replace(old, new, 1), "s.toml")
    assert any(said in line for line in fault.value.faults), fault.value.faults
