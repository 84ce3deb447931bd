"""Provisional grades as tables that a clinician can read, and what must hold for every answer there is."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.faults import ScriptError
from bot.symptoms.grading import grades, parse_grading
from bot.symptoms.questionnaire import LEFT, NOT_TOLD
from tests.pure.symptoms.answers import any_answers, worse_of
from tests.pure.symptoms.shipped import GRADING, GRADING_TOML, WEEKLY

NONE = None
# symptom; its follow-ups; the grade (None: no grade can be made of it)
TABLE: list[tuple[str, dict[str, Any], int | None]] = [
    ("fever", {}, NONE),
    ("fever", {"temperature": "not_measured"}, NONE),
    ("fever", {"temperature": 37.9}, 0),
    ("fever", {"temperature": 38.0}, 1),
    ("fever", {"temperature": 39.0}, 1),
    ("fever", {"temperature": 39.1}, 2),
    ("fever", {"temperature": 40.0}, 2),
    ("fever", {"temperature": 40.1}, 3),
    ("numbness", {"pain": "yes"}, NONE),
    ("numbness", {"pain": "yes", "limits": "nothing"}, 1),
    ("numbness", {"pain": "no", "limits": "nothing"}, 1),
    ("numbness", {"limits": "housework"}, 2),
    ("numbness", {"limits": "selfcare"}, 3),
    ("diarrhea", {"stools": "1_3"}, 1),
    ("diarrhea", {"stools": "4_6"}, 2),
    ("diarrhea", {"stools": "7_more"}, 3),
    ("diarrhea", {"stools": NOT_TOLD, "blood": "yes"}, NONE),
    ("constipation", {"passing": "sometimes"}, 1),
    ("constipation", {"passing": "medicine"}, 2),
    ("constipation", {"passing": "stuck"}, 3),
    ("nausea", {"eating": "usual"}, 1),
    ("nausea", {"eating": "less"}, 2),
    ("nausea", {"eating": "hardly"}, 3),
    ("vomiting", {"times": "6_more"}, NONE),
    ("vomiting", {"times": "6_more", "care": "none"}, 1),
    ("vomiting", {"care": "clinic"}, 2),
    ("vomiting", {"care": "hospital"}, 3),
    ("rash", {"body": "under_10", "limits": "nothing"}, 1),
    ("rash", {"body": "10_30", "limits": "nothing"}, 2),
    ("rash", {"body": "under_10", "limits": "housework"}, 2),
    ("rash", {"body": "over_30", "limits": "nothing"}, 2),
    ("rash", {"body": "over_30", "limits": "housework"}, 3),
    ("rash", {"body": "under_10", "limits": "selfcare"}, 3),
    ("rash", {"body": LEFT, "limits": LEFT}, NONE),
    ("fatigue", {"rest": "relieved"}, 1),
    ("fatigue", {"rest": "housework"}, 2),
    ("fatigue", {"rest": "selfcare"}, 3),
]


def graded(symptom: str, answers: dict[str, Any]) -> int | None:
    found = {GRADING.symptom_of[one.term]: one for one in grades(GRADING, WEEKLY, answers)}
    return found[symptom].grade if symptom in found else None


@pytest.mark.parametrize(("symptom", "follow_ups", "grade"), TABLE)
def test_grades(symptom: str, follow_ups: dict[str, Any], grade: int | None) -> None:
    answers = {symptom: "yes", **{f"{symptom}.{key}": one for key, one in follow_ups.items()}}
    assert graded(symptom, answers) == grade


@pytest.mark.parametrize("symptom", list(WEEKLY.symptoms))
def test_asked_and_not_there_is_0_and_not_asked_is_nothing(symptom: str) -> None:
    assert graded(symptom, {symptom: "no"}) == 0
    assert graded(symptom, {}) is None


def test_a_grade_carries_term_version_basis_and_what_was_said() -> None:
    said = {"numbness": "yes", "numbness.pain": "yes", "numbness.limits": "housework", "rash": "no"}
    found = {one.term: one for one in grades(GRADING, WEEKLY, said)}
    one = found["paresthesia"]
    assert (one.name, one.grade, one.ctcae_version, one.basis) == ("Paresthesia", 2, "5.0", "paresthesia_2@1")
    assert one.raw == {"numbness": "yes", "numbness.pain": "yes", "numbness.limits": "housework"}


def test_the_label_row_can_be_told_from_the_raw_answers() -> None:
    """Grade 1 with pain and grade 1 without are different rows of the label: the answer is kept, not only the grade."""
    for pain in ("yes", "no"):
        (one,) = grades(
            GRADING, WEEKLY, {"numbness": "yes", "numbness.pain": pain, "numbness.limits": "nothing"}
        )
        assert (one.grade, one.raw["numbness.pain"]) == (1, pain)


@given(any_answers(), st.randoms())
def test_the_order_of_answers_does_not_matter(answers: dict[str, Any], chance: random.Random) -> None:
    shuffled = list(answers.items())
    chance.shuffle(shuffled)
    assert grades(GRADING, WEEKLY, dict(shuffled)) == grades(GRADING, WEEKLY, answers)


@given(st.data())
def test_a_worse_answer_never_lowers_a_grade(data: st.DataObject) -> None:
    answers = data.draw(any_answers())
    worse = data.draw(worse_of(answers))
    before = {one.term: one.grade for one in grades(GRADING, WEEKLY, answers)}
    after = {one.term: one.grade for one in grades(GRADING, WEEKLY, worse)}
    assert all(after[term] >= grade for term, grade in before.items() if term in after)


@given(st.dictionaries(st.text(max_size=20), st.none() | st.text(max_size=5) | st.floats()))
def test_no_answers_raise(answers: dict[str, Any]) -> None:
    assert isinstance(grades(GRADING, WEEKLY, answers), tuple)


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ('id = "diarrhea_3"', 'id = "diarrhea_2"', "the rule id 'diarrhea_2' stands twice"),
        ("diarrhea.stools >= 7_more", "diarrhea.stools <> 7_more", "cannot read 'diarrhea.stools <> 7_more'"),
        ("diarrhea.stools >= 7_more", "rash.body >= over_30", "is not about diarrhea alone"),
        ("diarrhea.stools >= 7_more", "grade rash >= 2", "is not about diarrhea alone"),
        ('code = "10012727"', 'code = "1"', "terms.diarrhea.code"),
    ],
)
def test_a_fault_is_told_with_its_place(there: str, instead: str, said: str) -> None:
    assert there in GRADING_TOML
    with pytest.raises(ScriptError) as caught:
        parse_grading(GRADING_TOML.replace(there, instead, 1), "grading.toml")
    assert said in str(caught.value)
