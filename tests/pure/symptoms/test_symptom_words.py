"""Faults in a file of symptom words, each named with its place; and words found by their sound."""

from __future__ import annotations

import pytest

from bot.symptoms.sounds import from_latin, sound_table, spelled, syllable
from bot.symptoms.symptom_words import SymptomWordsError, parse_symptom_words

GOOD = 'version = "1"\n[code.cough]\nroutine.coughing = { version = 1, zh = ["咳嗽"] }\n'


def test_a_small_file_is_read() -> None:
    words = parse_symptom_words(GOOD, "s.toml")
    assert [(rule.id, rule.tier, rule.codes) for rule in words.rules] == [("coughing", "routine", ("cough",))]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GOOD.replace("code.cough", "code.caugh"), "s.toml: 'caugh' is no code of a symptom"),
        (GOOD.replace('"咳嗽"', '"{limb}"'), "there is no group of words 'limb'"),
        (GOOD.replace('"咳嗽"', '"(咳|)"'), "one of several is empty"),
        (GOOD.replace('"咳嗽"', '"{heat>=38}"'), "'heat' is not a measure"),
        (GOOD + '[hides]\ncough = ["koff"]\n', "'koff' is no code"),
        (GOOD + '[code.uri]\nroutine.coughing = { version = 1, zh = ["鼻涕"] }\n', "stands twice"),
        (GOOD.replace("version = 1,", "version = 0,"), "code.cough.routine.coughing.version = 0"),
        ("version = ", "not readable as TOML"),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, fault: str) -> None:
    with pytest.raises(SymptomWordsError, match=fault):
        parse_symptom_words(text, "s.toml")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("发骚了", "发烧了"),
        ("拉度子", "拉肚子"),
        ("一直拉肚子", "一直拉肚子"),
        ("法骚", "法骚"),  # no character is right: perhaps another word
        ("发少了", "发少了"),  # a word of its own
        ("带状泡疹", "带状疱疹"),
    ],
)
def test_words_are_found_by_their_sound(written: str, meant: str) -> None:
    table = sound_table(["发烧", "拉肚子", "带状疱疹"], ["发少"], ["疱pao"])
    assert spelled(written, table) == meant


def test_pinyin_that_was_never_converted() -> None:
    table = sound_table(["发烧"], [], [])
    assert (from_latin("fa shao", table), from_latin("fashaoed", table)) == ("发烧", "fashaoed")


def test_a_word_without_a_known_sound_is_refused() -> None:
    with pytest.raises(ValueError, match="疱疹"):
        sound_table(["疱疹"], [], [])


@pytest.mark.parametrize(
    ("character", "sound"), [("啊", "a"), ("烧", "shao"), ("座", "zuo"), ("疱", ""), ("a", ""), ("，", "")]
)
def test_sounds_of_characters(character: str, sound: str) -> None:
    assert syllable(character) == sound
