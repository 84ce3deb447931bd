"""Extra doses: two at once, too close together, or beside the plan; at the exact hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import schedules
from schedules.excess import Excess, Intake, excess
from schedules.study import Extra, parse_study

STUDY = parse_study(
    (Path(schedules.__file__).parent / "studies" / "nct04217967.toml").read_text("utf-8"), "s.toml"
)
AT = datetime(2026, 11, 9, tzinfo=UTC)


def rule(drug: str) -> Extra:
    found = STUDY.drugs[drug].extra
    assert found is not None
    return found


# drug, hours since the intake before (None: none, or nobody knows), how many, planned -> why it is one too many
CASES = [
    ("ixazomib", None, 1, True, None),
    ("ixazomib", None, 2, True, Excess.MORE_THAN_ONE),
    ("ixazomib", 168, 1, True, None),
    ("ixazomib", 72, 1, True, None),
    ("ixazomib", 71.99, 1, True, Excess.TOO_CLOSE),
    ("ixazomib", 0, 1, True, Excess.TOO_CLOSE),
    ("ixazomib", 168, 1, False, Excess.UNPLANNED),
    ("lenalidomide", 48, 1, True, None),
    ("lenalidomide", 36, 1, True, None),  # the one before was taken 12 h late
    ("lenalidomide", 24, 1, True, None),
    ("lenalidomide", 23.99, 1, True, Excess.TOO_CLOSE),
    ("lenalidomide", 24, 1, False, Excess.UNPLANNED),
    ("lenalidomide", None, 3, False, Excess.MORE_THAN_ONE),
]


@pytest.mark.parametrize(("drug", "hours", "quantity", "planned", "expected"), CASES)
def test_excess(
    drug: str, hours: float | None, quantity: int, planned: bool, expected: Excess | None
) -> None:
    before = [Intake(AT - timedelta(hours=hours) if hours is not None else None)]
    intake = Intake(AT, quantity, planned)
    assert excess(rule(drug), intake, before) is expected
    after = [Intake(AT + timedelta(hours=hours) if hours is not None else None)]
    assert excess(rule(drug), intake, after) is expected, "told later of an earlier one: the same"


def test_at_an_unknown_time_nobody_says_too_close() -> None:
    assert excess(rule("ixazomib"), Intake(None), [Intake(AT)]) is None


def test_an_extra_ixazomib_is_an_emergency_and_an_extra_lenalidomide_urgent() -> None:
    assert (rule("ixazomib").tier, rule("lenalidomide").tier) == ("emergency", "urgent")
