"""Phrases with the codes and urgency that a nurse would write beside them, and how many are read so.

Each table was written before the words were tried on it. freetext_dev.tsv was then worked with; the others were measured
once untouched (figures in docs/freetext.md) and have been worked with since. freetext_hard.tsv holds what was hard to find.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from bot.symptoms.danger import parse_danger
from bot.symptoms.freetext import Heard, Lexicon, lexicon, read
from bot.symptoms.symptom_words import CODES, parse_symptom_words

HERE = Path(__file__).parent
RULES = HERE.parents[2] / "bot" / "symptoms" / "rules"
TABLES = (
    *("dev", "check", "later", "fourth", "fifth", "sixth", "seventh", "hard"),
    *("eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth"),
)


@cache
def words() -> Lexicon:
    danger, symptoms = (
        (RULES / name).read_text(encoding="utf-8") for name in ("danger.toml", "symptoms.toml")
    )
    return lexicon(parse_danger(danger, "danger.toml"), parse_symptom_words(symptoms, "symptoms.toml"))


@cache
def heard(phrase: str) -> Heard:
    """Several tests ask about the same phrases."""
    return read(phrase, words())


def rows(table: str) -> list[dict[str, str]]:
    with (HERE / f"freetext_{table}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def all_rows() -> list[dict[str, str]]:
    return [row for table in TABLES for row in rows(table)]


@pytest.mark.parametrize("table", TABLES)
def test_nearly_every_phrase_is_read_as_written_beside_it(table: str) -> None:
    """What is read otherwise stands in docs/freetext.md; a change that reads more of them otherwise fails here."""
    some = rows(table)
    codes = [row["phrase"] for row in some if ",".join(heard_codes(row)) != sorted_codes(row)]
    urgency = [row["phrase"] for row in some if heard(row["phrase"]).urgency != row["urgency"]]
    assert len(codes) <= len(some) * 0.05, codes
    assert len(urgency) <= len(some) * 0.02, urgency


def heard_codes(row: dict[str, str]) -> tuple[str, ...]:
    return heard(row["phrase"]).codes or ("none",)


def sorted_codes(row: dict[str, str]) -> str:
    return ",".join(sorted(row["codes"].split(",")))


def test_every_emergency_is_found() -> None:
    assert [phrase for phrase in written_as("emergency") if heard(phrase).urgency != "emergency"] == []


def test_nothing_is_never_more_than_routine() -> None:
    worried = {"emergency", "urgent"}
    assert [phrase for phrase in written_as("none") if heard(phrase).urgency in worried] == []


def lines(name: str) -> list[str]:
    text = (HERE / f"freetext_{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_emergencies_in_many_words_are_found() -> None:
    assert [said for said in lines("emergencies") if heard(said).urgency != "emergency"] == []


def test_harmless_words_are_never_more_than_routine() -> None:
    assert [said for said in lines("harmless") if heard(said).urgency in {"emergency", "urgent"}] == []


@pytest.mark.parametrize(
    "change",
    [
        *("{}怎么办", "我家老爷子{}", "大夫您好，{}，要不要去医院", "从昨天晚上开始{}"),
        *("看新闻的时候{}", "在邻居家打牌，{}"),
    ],
)
def test_an_emergency_stays_one_whatever_is_said_around_it(change: str) -> None:
    said = [change.format(phrase) for phrase in lines("emergencies")]
    assert [phrase for phrase in said if heard(phrase).urgency != "emergency"] == []


def written_as(urgency: str) -> list[str]:
    return [row["phrase"] for row in all_rows() if row["urgency"] == urgency]


def test_every_code_has_its_phrases() -> None:
    told = [code for row in all_rows() for code in row["codes"].split(",")]
    assert {code: told.count(code) for code in CODES if told.count(code) < 6} == {}
