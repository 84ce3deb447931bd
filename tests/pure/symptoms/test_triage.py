"""How soon somebody must look, as a table; the worst wins, a worse answer is never less urgent, and files that contradict."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.faults import ScriptError
from bot.symptoms.condition import parse_condition
from bot.symptoms.grading import parse_grading
from bot.symptoms.questionnaire import LEFT, parse_questionnaire
from bot.symptoms.rule_faults import rule_faults
from bot.symptoms.triage import SPOKEN, URGENCIES, parse_triage, triage, urgency
from tests.pure.symptoms.answers import any_answers, worse_of
from tests.pure.symptoms.shipped import GRADING, GRADING_TOML, TRIAGE, TRIAGE_TOML, WEEKLY, WEEKLY_TOML

CALM = dict.fromkeys(WEEKLY.symptoms, "no")
BEFORE = st.dictionaries(st.sampled_from([*GRADING.symptom_of, "gout"]), st.integers(0, 4))

# what is answered, besides "no" to everything else; how urgent; the rule that makes it so
TABLE: list[tuple[dict[str, Any], str, str]] = [
    ({}, "none", "nothing_ticked"),
    ({"fever.temperature": 37.2, "fever.site": "armpit"}, "routine", "ticked"),
    ({"fever.temperature": 37.7, "fever.site": "mouth", "fever.shivering": "no"}, "routine", "ticked"),
    ({"fever.temperature": 37.7, "fever.site": "armpit"}, "urgent", "fever_armpit"),
    ({"fever.temperature": 37.7, "fever.site": "forehead"}, "urgent", "fever_armpit"),
    ({"fever.temperature": 37.7, "fever.site": "unknown"}, "urgent", "fever_armpit"),
    ({"fever.temperature": 37.7, "fever.site": LEFT}, "urgent", "fever_armpit"),
    ({"fever.temperature": 38.0}, "urgent", "fever_38"),
    ({"fever.temperature": 38.0, "fever.site": "ear"}, "urgent", "fever_38"),
    ({"fever.temperature": "not_measured"}, "urgent", "fever_not_measured"),
    ({"fever.temperature": LEFT}, "urgent", "fever_not_measured"),
    ({"fever.temperature": 37.0, "fever.shivering": "yes"}, "urgent", "fever_not_measured"),
    ({"fever.temperature": 38.5, "fever.shivering": "yes"}, "emergency", "fever_with_rigors"),
    ({"fever.temperature": 37.8, "fever.site": "armpit", "fever.shivering": "yes"}, "emergency", "fever_with_rigors"),
    ({"fever.temperature": 40.1}, "emergency", "fever_over_40"),
    ({"numbness": "yes"}, "routine", "ticked"),
    ({"numbness.pain": "no", "numbness.limits": "nothing"}, "routine", "present"),
    ({"numbness.pain": "yes"}, "urgent", "numbness_with_pain"),
    ({"numbness.pain": "no", "numbness.limits": "housework"}, "urgent", "numbness_limiting"),
    ({"diarrhea.stools": "1_3", "diarrhea.blood": "no"}, "routine", "present"),
    ({"diarrhea.stools": "4_6"}, "urgent", "diarrhea_frequent"),
    ({"diarrhea.stools": "7_more"}, "urgent", "diarrhea_frequent"),
    ({"diarrhea.stools": "1_3", "diarrhea.blood": "yes"}, "emergency", "diarrhea_blood"),
    ({"constipation.passing": "medicine"}, "routine", "present"),
    ({"constipation.passing": "stuck"}, "urgent", "constipation_stuck"),
    ({"nausea.eating": "less"}, "routine", "present"),
    ({"nausea.eating": "hardly"}, "urgent", "nausea_hardly_eating"),
    ({"vomiting.times": "1_2", "vomiting.care": "none"}, "routine", "present"),
    ({"vomiting.times": "3_5"}, "urgent", "vomiting_frequent"),
    ({"vomiting.times": "1_2", "vomiting.care": "clinic"}, "urgent", "vomiting_frequent"),
    ({"vomiting.blood": "yes"}, "emergency", "vomiting_blood"),
    ({"rash.body": "under_10", "rash.sores": "none", "rash.limits": "nothing"}, "routine", "present"),
    ({"rash.body": "10_30"}, "urgent", "rash_wide"),
    ({"rash.sores": "blisters"}, "urgent", "rash_blisters"),
    ({"rash.sores": "raw"}, "emergency", "rash_raw"),
    ({"fatigue.rest": "housework"}, "routine", "present"),
    ({"fatigue.rest": "selfcare"}, "urgent", "fatigue_severe"),
]  # fmt: skip


def full(said: dict[str, Any]) -> dict[str, Any]:
    return {**CALM, **dict.fromkeys((key.partition(".")[0] for key in said), "yes"), **said}


@pytest.mark.parametrize(("said", "wanted", "rule"), TABLE, ids=[f"{rule} {said}" for said, _, rule in TABLE])
def test_urgency(said: dict[str, Any], wanted: str, rule: str) -> None:
    hits = triage(TRIAGE, GRADING, WEEKLY, full(said), {})
    assert urgency(hits) == wanted
    assert rule in {hit.rule.partition("@")[0] for hit in hits if hit.urgency == wanted}


def test_every_rule_stands_in_the_table_or_below() -> None:
    assert {rule.id for rule in TRIAGE.rules} - {rule for _, _, rule in TABLE} == {"worse_by_two"}


@pytest.mark.parametrize(
    ("rest", "before", "wanted"),
    [
        ("housework", None, "routine"),
        ("housework", 0, "urgent"),
        ("housework", 1, "routine"),
        ("housework", 2, "routine"),
        ("relieved", 0, "routine"),
    ],
)
def test_worse_by_two_than_at_the_check_before(rest: str, before: int | None, wanted: str) -> None:
    known = {} if before is None else {"fatigue": before}
    hits = triage(TRIAGE, GRADING, WEEKLY, full({"fatigue.rest": rest}), known)
    assert urgency(hits) == wanted
    assert ("worse_by_two:fatigue" in {hit.key for hit in hits}) == (wanted == "urgent")


def test_nothing_at_all_is_not_nothing_ticked() -> None:
    """A check that was left off says nothing about what was not asked."""
    assert triage(TRIAGE, GRADING, WEEKLY, {}, {}) == ()
    assert urgency(triage(TRIAGE, GRADING, WEEKLY, {"fever": "no"}, {})) == "none"


def test_who_is_told_has_a_text() -> None:
    assert all(bool(rule.patient) == (rule.urgency in SPOKEN) for rule in TRIAGE.rules)
    assert TRIAGE.rule("diarrhea_blood").patient == "symptom.emergency"


@given(st.data())
def test_a_worse_answer_is_never_less_urgent(data: st.DataObject) -> None:
    answers = data.draw(any_answers())
    worse, before = data.draw(worse_of(answers)), data.draw(BEFORE)
    first = urgency(triage(TRIAGE, GRADING, WEEKLY, answers, before))
    then = urgency(triage(TRIAGE, GRADING, WEEKLY, worse, before))
    assert URGENCIES.index(then) <= URGENCIES.index(first)


@given(any_answers(), BEFORE, st.randoms())
def test_the_order_of_answers_does_not_matter(
    answers: dict[str, Any], before: dict[str, int], chance: random.Random
) -> None:
    shuffled = list(answers.items())
    chance.shuffle(shuffled)
    told = triage(TRIAGE, GRADING, WEEKLY, answers, before)
    assert triage(TRIAGE, GRADING, WEEKLY, dict(shuffled), before) == told


@given(any_answers())
def test_an_answer_more_never_takes_urgency_away(answers: dict[str, Any]) -> None:
    """What was alerted on the way is never more than the whole check would say."""
    for end in range(len(answers)):
        part = dict(list(answers.items())[:end])
        whole = urgency(triage(TRIAGE, GRADING, WEEKLY, answers, {}))
        sofar = urgency(triage(TRIAGE, GRADING, WEEKLY, part, {}))
        assert URGENCIES.index(whole) <= URGENCIES.index(sofar)


@given(st.dictionaries(st.text(max_size=20), st.none() | st.text(max_size=5) | st.floats()), BEFORE)
def test_no_answers_raise(answers: dict[str, Any], before: dict[str, int]) -> None:
    assert isinstance(triage(TRIAGE, GRADING, WEEKLY, answers, before), tuple)


def test_the_shipped_files_fit_together() -> None:
    assert rule_faults(WEEKLY, GRADING, TRIAGE) == []


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ('when = ["grade nausea >= 3"]', 'when = ["nausea.eating = less"]', "is routine, less than"),
        ('when = ["grade nausea >= 3"]', 'when = ["nausea.eating >= crumbs"]', "there is no answer 'crumbs'"),
        ('when = ["grade nausea >= 3"]', 'when = ["grade gout >= 3"]', "there is no term 'gout'"),
        ('when = ["grade nausea >= 3"]', 'when = ["nausea.colour = red"]', "there is no question 'nausea.colour'"),
        ('when = ["grade nausea >= 3"]', 'when = ["fever.site >= ear"]', "the answers of this question have no order"),
        ('when = ["grade nausea >= 3"]', 'when = ["nausea = maybe"]', "nausea: 'maybe' is yes or no"),
        ('when = ["grade nausea >= 3"]', 'when = ["grade nausea >= 4"]', "nausea_hardly_eating: no answer is decided by it"),
        ('when = ["diarrhea.blood = yes"]', 'when = ["diarrhea.blood = no"]', "less than"),
    ],
)  # fmt: skip
def test_triage_that_contradicts_is_refused(there: str, instead: str, said: str) -> None:
    assert there in TRIAGE_TOML
    broken = parse_triage(TRIAGE_TOML.replace(there, instead, 1), "triage.toml")
    assert any(said in fault for fault in rule_faults(WEEKLY, GRADING, broken))


@pytest.mark.parametrize(
    ("there", "instead", "said"),
    [
        ('3, when = ["diarrhea.stools >= 7_more"]', '0, when = ["diarrhea.stools >= 7_more"]', "diarrhea_3: no answer"),
        ('2, when = ["diarrhea.stools >= 4_6"]', '4, when = ["diarrhea.stools = 4_6"]', "gives 3 by diarrhea_3@1"),
        ('symptom = "diarrhea"', 'symptom = "gout"', "is not about gout alone"),
    ],
)  # fmt: skip
def test_grading_that_contradicts_is_refused(there: str, instead: str, said: str) -> None:
    assert there in GRADING_TOML
    broken = GRADING_TOML.replace(there, instead, 1)
    try:
        faults = rule_faults(WEEKLY, parse_grading(broken, "grading.toml"), TRIAGE)
    except ScriptError as error:
        faults = list(error.faults)
    assert any(said in fault for fault in faults), faults


def test_a_questionnaire_that_lost_a_question_is_told_with_the_rules_that_need_it() -> None:
    check = parse_questionnaire(WEEKLY_TOML.replace('id = "blood"', 'id = "colour"', 1), "weekly.toml")
    assert "triage: diarrhea_blood: there is no question 'diarrhea.blood'" in rule_faults(
        check, GRADING, TRIAGE
    )


@pytest.mark.parametrize(
    "text", ["", "a", "a = ", "grade a = 2", "grade a >= x", "a >= 1 | 2", "A = b", "a = b &", "a.b.c = d"]
)
def test_a_condition_that_cannot_be_read_is_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        parse_condition(text)
