"""The weekly check as data: short enough, complete in both languages, and deaf to whatever is no answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.faults import ScriptError
from bot.symptoms.measures import body_temperature
from bot.symptoms.questionnaire import BESIDES_SCREENS, LEFT, NOT_TOLD, parse_questionnaire
from bot.wording import load_wording
from tests.pure.symptoms.shipped import WEEKLY, WEEKLY_TOML

WORDING = load_wording(Path(__file__).parents[3] / "locales")
THINGS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("yes")


def test_a_week_without_symptoms_takes_at_most_seven_taps() -> None:
    """查看, who answers, a tap for each screen, nothing to add. The transcript counts them on the phone."""
    assert BESIDES_SCREENS + len(WEEKLY.screens) <= 7
    assert len(WEEKLY.screens) <= 5
    assert all(len(screen) <= 6 for screen in WEEKLY.screens)


def test_every_text_is_there_in_both_languages_and_needs_no_value_that_is_not_given() -> None:
    for texts in WORDING.texts.values():
        assert WEEKLY.text_ids() <= set(texts)


def test_numbness_is_always_asked_about_with_pain_first() -> None:
    assert [question.id for question in WEEKLY.symptoms["numbness"].questions] == [
        "pain",
        "place",
        "limits",
        "walking",
    ]


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ({}, {}),
        ({"diarrhea": "yes", "diarrhea.stools": "4_6"}, {"diarrhea": "yes", "diarrhea.stools": "4_6"}),
        ({"diarrhea": "no", "diarrhea.stools": "4_6"}, {"diarrhea": "no"}),
        ({"diarrhea.stools": "4_6"}, {}),
        ({"diarrhea": "yes", "diarrhea.stools": "99"}, {"diarrhea": "yes"}),
        ({"fever": "yes", "fever.temperature": 38}, {"fever": "yes", "fever.temperature": 38.0}),
        ({"fever": "yes", "fever.temperature": 385}, {"fever": "yes"}),
        ({"fever": "yes", "fever.temperature": True}, {"fever": "yes"}),
        ({"fever": "yes", "fever.temperature": "not_measured"}, {"fever": "yes", "fever.temperature": "not_measured"}),
        ({"rash": "yes", "rash.body": NOT_TOLD}, {"rash": "yes", "rash.body": NOT_TOLD}),
        ({"rash": "yes", "rash.sores": LEFT}, {"rash": "yes", "rash.sores": LEFT}),
        ({"unicorn": "yes", "rash": "perhaps"}, {}),
    ],
)  # fmt: skip
def test_what_counts_as_an_answer(answers: dict[str, Any], kept: dict[str, Any]) -> None:
    assert WEEKLY.clean(answers) == kept


@given(st.dictionaries(st.sampled_from([*WEEKLY.symptoms, *WEEKLY.keys, "x"]), THINGS))
def test_nothing_that_is_given_as_answers_raises(answers: dict[str, Any]) -> None:
    kept = WEEKLY.clean(answers)
    assert WEEKLY.clean(kept) == kept
    assert set(WEEKLY.unanswered(kept)) <= set(WEEKLY.keys)


def test_answers_stand_from_the_mildest_to_the_worst() -> None:
    assert WEEKLY.rank("diarrhea.stools", "1_3") == 0
    assert WEEKLY.rank("diarrhea.stools", "7_more") == 2
    assert WEEKLY.rank("diarrhea.stools", NOT_TOLD) is None
    assert WEEKLY.rank("fever.site", "mouth") is None, "a place is not worse than another"
    assert WEEKLY.rank("diarrhea", "yes") == 1


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ("most_taps = 7", "most_taps = 6", "most_taps = 6: a week without symptoms takes 7"),
        ('"vomiting", "belly"', '"belly"', "symptoms.vomiting: stands on no screen"),
        ('"nausea", "vomiting"', '"vomiting", "vomiting"', "screens: 'vomiting' stands twice"),
        ('"nausea", "vomiting"', '"gout", "vomiting"', "screens: there is no symptom 'gout'"),
        ('"vomiting", "belly"', '"vomiting", "gout", "belly"', "screens.2: 7 symptoms, at most 6"),
        ('scale = "eating" }]', 'scale = "drinking" }]', "symptoms.nausea.questions.0.scale"),
        ('{ id = "7_more"', '{ id = "1_3"', "symptoms.diarrhea.questions.stools: an answer stands twice"),
        ('{ id = "7_more"', '{ id = "left"', "symptoms.diarrhea.questions.stools: 'left' is kept"),
        (
            'id = "place", ordered = false, answers = ["hands"',
            'id = "limits", answers = ["hands"',
            "symptoms.numbness.questions: 'limits' stands twice",
        ),
        ('id = "pain"', 'id = "PAIN"', "symptoms.numbness.questions.0.id"),
        ('version = "2"', "", "version: Field required"),
        ("[hello]", "[hello", "not TOML"),
    ],
)
def test_a_fault_is_told_with_its_place(there: str, instead: str, said: str) -> None:
    assert there in WEEKLY_TOML
    broken = WEEKLY_TOML.replace(there, instead, 1)
    with pytest.raises(ScriptError) as caught:
        parse_questionnaire(broken, "weekly.toml")
    assert all(fault.startswith("weekly.toml: ") for fault in caught.value.faults)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("38.5", 38.5), ("38度5", 38.5), ("38 度 5", 38.5), ("三十八度五", 38.5), ("37度8", 37.8), ("３８．２", 38.2),
        ("37点半", 37.5), ("38", 38.0), ("39度", 39.0), ("38.6℃", 38.6), ("腋下37.9", 37.9), ("最高38.6", 38.6),
        ("早上37.5，晚上38度6", 38.6), ("燒到三十九度", 39.0), ("101F", 38.3), ("it was 38.4", 38.4),
        ("很高", None), ("385", None), ("", None), ("两天", None), ("3", None), ("12.5", None),
    ],
)  # fmt: skip
def test_a_temperature_as_people_write_it(text: str, degrees: float | None) -> None:
    assert body_temperature(text) == degrees


@given(st.text(max_size=300))
def test_no_text_breaks_the_thermometer(text: str) -> None:
    found = body_temperature(text)
    assert found is None or 34 <= found < 45
