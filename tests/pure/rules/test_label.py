"""Label rows by the facts they speak of: a nurse's answers and a laboratory's counts, with every drug they name."""

from __future__ import annotations

from typing import Any

import pytest

from bot.commands.shipped_file import shipped_text
from bot.dialogue.faults import ScriptError
from bot.symptoms.condition import Facts
from bot.symptoms.label import matching, parse_label
from tests.pure.symptoms.shipped import WEEKLY

TEXT = shipped_text("rules/label.toml")
LABEL = parse_label(TEXT, "label.toml")
BOTH = ("ixazomib", "lenalidomide")


def numb(pain: str, limits: str) -> dict[str, str]:
    return {"numbness": "yes", "numbness.pain": pain, "numbness.limits": limits}


# what was answered, what was counted -> rows for the combined arm, ixazomib alone, lenalidomide alone
CASES: list[tuple[dict[str, str], dict[str, float], str, str, str]] = [
    ({}, {}, "", "", ""),
    ({}, {"platelets": 30.0}, "", "", ""),
    ({}, {"platelets": 29.9}, "ix_dm_1 le_h_1", "ix_dm_1", "ix_dm_1 le_h_1"),
    ({}, {"neutrophils": 1.0}, "", "", ""),
    ({}, {"neutrophils": 0.99}, "le_h_2", "", "le_h_2"),
    ({}, {"neutrophils": 0.49}, "ix_dm_2 le_h_2", "ix_dm_2", "ix_dm_2 le_h_2"),
    (numb("no", "nothing"), {}, "ix_dm_9", "ix_dm_9", ""),
    (numb("yes", "nothing"), {}, "ix_dm_5", "ix_dm_5", ""),
    (numb("no", "housework"), {}, "ix_dm_5", "ix_dm_5", ""),
    (numb("yes", "housework"), {}, "ix_dm_6", "ix_dm_6", ""),
    (numb("no", "selfcare"), {}, "ix_dm_6", "ix_dm_6", ""),
    (numb("yes", "selfcare"), {}, "ix_dm_6", "ix_dm_6", ""),
    ({"rash": "yes", "rash.body": "under_10"}, {}, "", "", ""),
    ({"rash": "yes", "rash.body": "10_30"}, {}, "ix_dm_3", "ix_dm_3", "ix_dm_3"),
    (
        {"rash": "yes", "rash.body": "over_30", "rash.sores": "blisters"},
        {},
        "ix_dm_3 ix_dm_4",
        "ix_dm_3 ix_dm_4",
        "ix_dm_3 ix_dm_4",
    ),
]


@pytest.mark.parametrize(("answers", "known", "both", "ixazomib", "lenalidomide"), CASES)
def test_rows(
    answers: dict[str, Any], known: dict[str, Any], both: str, ixazomib: str, lenalidomide: str
) -> None:
    facts = Facts(WEEKLY, WEEKLY.clean(answers), known=known)
    for drugs, expected in ((BOTH, both), (BOTH[:1], ixazomib), (BOTH[1:], lenalidomide)):
        assert " ".join(row.id for row in matching(LABEL, facts, drugs)) == expected


def test_a_row_about_both_names_both() -> None:
    facts = Facts(WEEKLY, {}, known={"platelets": 10.0})
    assert [row.drugs for row in matching(LABEL, facts, BOTH[:1])] == [("ixazomib", "lenalidomide")]


def test_every_fact_that_a_row_names_can_be_answered() -> None:
    tests = [test for row in LABEL.rows for line in row.when for test in line if test.subject == "answer"]
    assert len(tests) > 10
    for test in tests:
        assert all(
            test.wanted[0] in [one.id for one in WEEKLY.keys[test.key].answers] for _ in test.wanted
        ), test


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("known platelets < 30", "known platelet < 30", "cannot read"),
        ('id = "ix_dm_2"', 'id = "ix_dm_1"', "row ix_dm_1 stands twice"),
        ('drugs = ["ixazomib"]', "drugs = []", "rows.6.drugs"),
    ],
)
def test_a_wrong_file_is_named(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(ScriptError) as fault:
        parse_label(TEXT.replace(old, new, 1), "l.toml")
    assert any(said in line for line in fault.value.faults), fault.value.faults
