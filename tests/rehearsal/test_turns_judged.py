"""Out of turn is found where a clock that stands still gives everything the same instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.rehearsal.promises.recorded_once import in_turn, out_of_turn

AT = datetime(2026, 11, 27, 2, 24, tzinfo=UTC)


def accepted(number: int, settled_at: datetime | None = AT, person: int = 1) -> Any:
    return SimpleNamespace(
        inbox_id=number, lock_key=person, external_id=f"web:{number}", settled_at=settled_at, received_at=AT
    )


def made(number: int, person: int = 1) -> Any:
    return SimpleNamespace(participant_id=person, inbox_id=number, at=AT)


# what was accepted, what came of it by table, what is found
CASES: list[tuple[str, list[Any], dict[str, list[Any]], list[str]]] = [
    ("in turn", [accepted(1), accepted(2)], {"dose_report": [made(1), made(2)]}, []),
    ("several of one act", [accepted(1)], {"dose_report": [made(1), made(1)]}, []),
    (
        "at one instant",
        [accepted(1), accepted(2)],
        {"dose_report": [made(2), made(1)], "reply": [made(1), made(2)]},
        ["recorded out of turn: dose_report"],
    ),
    ("answered", [accepted(1), accepted(2)], {"reply": [made(2), made(1)]}, ["answered out of turn"]),
    ("two people", [accepted(1), accepted(2, person=2)], {"dose_report": [made(2, 2), made(1)]}, []),
    (
        "by the clock",
        [accepted(1, AT + timedelta(seconds=1)), accepted(2)],
        {},
        ["handled before an earlier message"],
    ),
    ("not handled yet", [accepted(1, None), accepted(2)], {}, []),
]


@pytest.mark.parametrize(("name", "rows", "facts", "expected"), CASES, ids=[case[0] for case in CASES])
def test_what_was_done(name: str, rows: list[Any], facts: dict[str, list[Any]], expected: list[str]) -> None:
    assert [one.what for one in out_of_turn(rows, facts)] == expected


def test_every_sort_of_fact_is_looked_at() -> None:
    """Found by what they have, so that a new one is not forgotten."""
    assert {table.name for table in in_turn()} >= {"dose_report", "symptom_report", "consent", "edge_answer"}
