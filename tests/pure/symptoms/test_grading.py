"""Provisional grades as tables that a clinician can read, and what must hold for every answer there is."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.faults import ScriptError
from bot.symptoms.examples import Case, grading_faults, parse_examples
from bot.symptoms.grading import grades, parse_grading
from tests.pure.symptoms.answers import any_answers, worse_of
from tests.pure.symptoms.shipped import GRADING, GRADING_EXAMPLES, GRADING_TOML, WEEKLY

ROWS = [(term, case) for term, cases in GRADING_EXAMPLES.items() for case in cases]


@pytest.mark.parametrize(("term", "case"), ROWS, ids=[f"{term}: {case.text}" for term, case in ROWS])
def test_a_row_of_the_table(term: str, case: Case) -> None:
    symptom = GRADING.symptom_of[term]
    answers = {symptom: "yes", **{f"{symptom}.{key}": one for key, one in case.said.items()}}
    found = {one.term: one.grade for one in grades(GRADING, WEEKLY, answers)}
    assert found.get(term, "none") == case.wanted


def test_every_term_has_a_table_and_the_worst_row_reaches_its_worst_rule() -> None:
    assert list(grading_faults(GRADING, WEEKLY, GRADING_EXAMPLES)) == []
    for term in GRADING.terms:
        wanted = {case.wanted for case in GRADING_EXAMPLES[term.id]}
        assert {rule.grade for rule in term.rules} - {0} <= wanted, term.id


def test_a_wrong_row_is_told() -> None:
    rows = parse_examples('[fever]\n"temperature = 39.1" = 3\n[gout]\n"x = y" = 1', "rows.toml")
    told = list(grading_faults(GRADING, WEEKLY, rows))
    assert "examples: fever: 'temperature = 39.1' is 2 by fever_2@1, expected 3" in told
    assert "examples: gout: there is no such term" in told
    assert "examples: nausea: no row" in told


@pytest.mark.parametrize("symptom", sorted(set(GRADING.symptom_of.values())))
def test_asked_and_not_there_is_0_and_not_asked_is_nothing(symptom: str) -> None:
    mine = {term for term, of in GRADING.symptom_of.items() if of == symptom}
    assert {one.term: one.grade for one in grades(GRADING, WEEKLY, {symptom: "no"})} == dict.fromkeys(mine, 0)
    assert grades(GRADING, WEEKLY, {}) == ()


def test_a_grade_carries_term_version_basis_and_what_was_said() -> None:
    said = {"numbness": "yes", "numbness.pain": "yes", "numbness.limits": "housework", "rash": "no"}
    found = {one.term: one for one in grades(GRADING, WEEKLY, said)}
    one = found["paresthesia"]
    assert (one.name, one.grade, one.ctcae_version, one.basis) == ("Paresthesia", 2, "5.0", "paresthesia_2@2")
    assert one.raw == {"numbness": "yes", "numbness.pain": "yes", "numbness.limits": "housework"}


def test_the_label_row_can_be_told_from_the_raw_answers() -> None:
    """Grade 1 with pain and grade 1 without are different rows of the label: the answer is kept, not only the grade."""
    for pain in ("yes", "no"):
        said = {"numbness": "yes", "numbness.pain": pain, "numbness.limits": "nothing"}
        found = {one.term: one for one in grades(GRADING, WEEKLY, said)}
        assert (found["paresthesia"].grade, found["paresthesia"].raw["numbness.pain"]) == (1, pain)
        assert found["neuralgia"].grade == (pain == "yes")


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
        (
            'grade = 3, when = ["diarrhea',
            'grade = 2, when = ["diarrhea',
            "the rule id 'diarrhea_2' stands twice",
        ),
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
