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


@pytest.mark.parametrize("phrase", phrases("emergency"))
def test_emergencies_are_stated(phrase: str, lexicon: DangerLexicon) -> None:
    dangers = scan(phrase, lexicon)
    assert dangers
    assert (dangers[0].tier, dangers[0].certainty) == ("emergency", "stated")


@pytest.mark.parametrize("phrase", phrases("urgent"))
def test_urgent_words_are_stated_and_no_emergency(phrase: str, lexicon: DangerLexicon) -> None:
    assert {danger.tier for danger in stated(scan(phrase, lexicon))} == {"urgent"}


@pytest.mark.parametrize("phrase", phrases("doubtful"))
def test_doubtful_words_are_found_and_not_stated(phrase: str, lexicon: DangerLexicon) -> None:
    assert {danger.certainty for danger in scan(phrase, lexicon)} == {"doubtful"}


@pytest.mark.parametrize("phrase", phrases("nothing") + phrases("gap"))
def test_nothing_is_found(phrase: str, lexicon: DangerLexicon) -> None:
    assert scan(phrase, lexicon) == ()


def test_every_rule_is_stated_by_some_phrase(lexicon: DangerLexicon) -> None:
    texts = phrases("emergency") + phrases("urgent")
    met = {danger.rule_id for phrase in texts for danger in stated(scan(phrase, lexicon))}
    assert {rule.id for rule in lexicon.rules} - met == set()


def test_every_red_flag_has_a_rule(lexicon: DangerLexicon) -> None:
    assert {rule.flag for rule in lexicon.rules} == {f"RF-{number}" for number in range(1, 18)}
