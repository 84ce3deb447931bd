"""What "all taken" would say of stands in the question that offers it: nobody agrees to what he was not shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pure.dialogue.talk import PHONE, Talk, at, dose

Doses = list[dict[str, Any]]

I1 = dose("ixazomib", mode="did")
L1 = dose("lenalidomide", mode="did")
L2 = dose("lenalidomide", mode="did", dose_id="l2", due_at="2026-11-06T08:00:00+08:00")
LINES = {
    "i1": "11月4日（周三）早上8:00的伊沙佐米，4毫克",
    "l1": "11月4日（周三）早上8:00的来那度胺，25毫克",
    "l2": "昨天（11月6日，周五）早上8:00的来那度胺，25毫克",
}
TAKEN = ["tap:taken", "tap:as_planned"]


def begun(doses: Doses, lines: list[str]) -> Talk:
    talk = Talk("dose", {"doses": [*doses], "site_phone": PHONE}, at("2026-11-07 08:00"))
    for line in lines:
        talk.hear(line)
    return talk


def listed(talk: Talk) -> list[str]:
    said = talk.said.splitlines()
    return [name for name, line in LINES.items() if line in said]


@pytest.mark.parametrize(
    ("doses", "lines", "named", "offered"),
    [
        ([L1], [], [], False),
        ([I1, L1], [], ["i1", "l1"], True),
        ([I1, L1], ["什么呀"], ["i1", "l1"], True),
        ([I1, L1], TAKEN, [], False),
        ([I1, L1, L2], [], ["i1", "l1", "l2"], True),
        # What was told of the first stays as it was told: it is not in the list any more.
        ([I1, L1, L2], TAKEN, ["l1", "l2"], True),
        ([I1, L1, L2], [*TAKEN, "什么呀"], ["l1", "l2"], True),
        ([I1, L1, L2], [*TAKEN, *TAKEN], [], False),
    ],
)
def test_all_that_all_means_is_named(doses: Doses, lines: list[str], named: list[str], offered: bool) -> None:
    talk = begun(doses, lines)
    assert listed(talk) == named
    assert ("all_taken" in talk.answers) is offered


def test_two_that_are_due_and_one_of_before() -> None:
    """The two stand there with their advice; "all" would say of the one of before, too."""
    two = [
        dose(drug, due_at="2026-11-07T08:00:00+08:00", dose_id=drug) for drug in ("ixazomib", "lenalidomide")
    ]
    talk = begun([*two, L2], [])
    assert "这次是两种" in talk.said
    assert listed(talk) == ["l2"]
    assert "也还没有记上" not in begun(two, []).said
