"""The alert load at committed rates: the same seed counts the same, and held-back repeats are counted instead of told."""

from __future__ import annotations

from bot.rehearsal.alert_load import illnesses, load_of
from schedules.check_rules import Repeats, SymptomRules
from tests.pure.symptoms.shipped import GRADING, TRIAGE, WEEKLY

ALWAYS = SymptomRules(repeats=Repeats(urgent_days=0, routine_days=0))


def test_every_rate_is_about_a_symptom_of_the_check() -> None:
    assert {one.symptom for one in illnesses()} <= set(WEEKLY.symptoms)
    assert all(len(one.severity) == 3 and 0 < one.weekly < 0.1 for one in illnesses())


def test_repeats_are_counted_and_not_told() -> None:
    windows = load_of(WEEKLY, GRADING, TRIAGE, SymptomRules(), people=10, weeks=24, seed=3)
    always = load_of(WEEKLY, GRADING, TRIAGE, ALWAYS, people=10, weeks=24, seed=3)
    assert windows == load_of(WEEKLY, GRADING, TRIAGE, SymptomRules(), people=10, weeks=24, seed=3)
    assert windows.weeks == always.weeks == 240
    assert sum(always.held_back.values()) == 0 < windows.held_back["routine"]
    assert windows.tiers["emergency"] == always.tiers["emergency"], "an emergency is never held back"
    assert windows.tiers["routine"] < always.tiers["routine"]
