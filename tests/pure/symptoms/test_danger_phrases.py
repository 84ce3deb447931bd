"""What patients write, and what the danger scan makes of it. The tables (danger_*.txt) are for nurses to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.symptoms.danger import Danger, DangerLexicon, parse_danger
from bot.symptoms.freetext import scan

HERE = Path(__file__).parent
RULES = HERE.parents[2] / "bot" / "symptoms" / "rules" / "danger.toml"


def phrases(table: str) -> list[str]:
    lines = (HERE / f"danger_{table}.txt").read_text(encoding="utf-8").splitlines()
    return [line.replace("\\u200b", "\u200b") for line in lines if not line.startswith("#")]


@pytest.fixture(scope="module")
def lexicon() -> DangerLexicon:
    return parse_danger(RULES.read_text(encoding="utf-8"), RULES.name)


def stated(dangers: tuple[Danger, ...]) -> list[Danger]:
    return [danger for danger in dangers if danger.certainty == "stated"]


def test_emergencies_are_stated(lexicon: DangerLexicon) -> None:
    first = {phrase: scan(phrase, lexicon)[:1] for phrase in phrases("emergency")}
    assert first
    assert {
        phrase: dangers
        for phrase, dangers in first.items()
        if [(one.tier, one.certainty) for one in dangers] != [("emergency", "stated")]
    } == {}


def test_urgent_words_are_stated_and_no_emergency(lexicon: DangerLexicon) -> None:
    found = {phrase: {one.tier for one in stated(scan(phrase, lexicon))} for phrase in phrases("urgent")}
    assert found
    assert {phrase: tiers for phrase, tiers in found.items() if tiers != {"urgent"}} == {}


def test_doubtful_words_are_found_and_not_stated(lexicon: DangerLexicon) -> None:
    found = {phrase: {one.certainty for one in scan(phrase, lexicon)} for phrase in phrases("doubtful")}
    assert found
    assert {phrase: certain for phrase, certain in found.items() if certain != {"doubtful"}} == {}


def test_nothing_is_found(lexicon: DangerLexicon) -> None:
    found = {phrase: scan(phrase, lexicon) for phrase in phrases("nothing") + phrases("gap")}
    assert found
    assert {phrase: dangers for phrase, dangers in found.items() if dangers} == {}


def test_every_rule_is_stated_by_some_phrase(lexicon: DangerLexicon) -> None:
    texts = phrases("emergency") + phrases("urgent")
    met = {danger.rule_id for phrase in texts for danger in stated(scan(phrase, lexicon))}
    assert {rule.id for rule in lexicon.rules} - met == set()


def test_every_red_flag_has_a_rule(lexicon: DangerLexicon) -> None:
    assert {rule.flag for rule in lexicon.rules} == {f"RF-{number}" for number in range(1, 18)}
