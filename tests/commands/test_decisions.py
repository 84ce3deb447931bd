"""What staff decide: shown first, done only with a yes, and never a change of what was."""

from __future__ import annotations

import pytest

from bot.db.embedded import EmbeddedPostgres
from tests.commands.conftest import Shell

FACTS = (
    "cycle_start",
    "hold",
    "resume",
    "dose_level_change",
    "regimen_assignment",
    "status_change",
    "audit_entry",
    "timer",
    "dose_event",
)
# Day 1 is in four days, a fortnight is planned: reminders on 5, 7, 9, 11, 12, 13 and 15 January.
DECISIONS: tuple[tuple[str, ...], ...] = (
    ("cycle", "start", "TST-001", "--cycle", "1", "--date", "2026-01-06"),
    ("cycle", "start", "TST-001", "--date", "2026-01-10", "--override", "investigator"),
    ("dose-level", "TST-001", "--drug", "ixazomib", "--level", "3mg"),
    ("arm", "TST-001", "--to", "ixazomib"),
    ("pause", "TST-001"),
    ("end", "TST-001", "--reason", "progression"),
    ("hold", "TST-001", "--drug", "lenalidomide", "--reason", "toxicity"),
    ("hold", "TST-001"),
)


def counts(postgres: EmbeddedPostgres, name: str) -> dict[str, str]:
    asked = ", ".join(f"(SELECT count(*) FROM {table})" for table in FACTS)
    return dict(zip(FACTS, postgres.sql(f"SELECT {asked}", name).split("|"), strict=True))


def prompts(postgres: EmbeddedPostgres, name: str) -> list[str]:
    """Days in January on which a reminder waits."""
    query = """SELECT to_char(due_at AT TIME ZONE 'Asia/Shanghai', 'FMDD') FROM timer
        WHERE kind = 'prompt' AND state = 'waiting' ORDER BY due_at"""
    return postgres.sql(query, name).split()


@pytest.mark.parametrize("command", DECISIONS, ids=lambda words: "-".join(words[:2]))
def test_a_no_changes_nothing_and_a_yes_does_what_was_shown(
    command: tuple[str, ...], house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    before = counts(postgres, database_name)
    no = house(*command, typed="n\n")
    shown = no.out.splitlines()[0]
    assert shown.startswith("TST-001: ")
    assert shown.endswith(" new.")
    assert (no.status, no.out.splitlines()[-1]) == (1, "Apply this? [y/N]: Nothing was changed.")
    assert counts(postgres, database_name) == before
    yes = house.fine(*command, typed="y\n")
    assert yes.out.splitlines()[0] == shown
    assert yes.out.endswith("Done.\n")
    assert counts(postgres, database_name) != before


def test_a_hold_takes_reminders_back_and_its_end_brings_them_again(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    """On the 5th both drugs are due, on the 12th only ixazomib: these two remain."""
    assert prompts(postgres, database_name) == ["5", "7", "9", "11", "12", "13", "15"]
    held = house.fine("hold", "TST-001", "--drug", "lenalidomide", "--reason", "toxicity", "--yes")
    assert held.out == "TST-001: 5 messages cancelled, 0 new.\nDone.\n"
    assert prompts(postgres, database_name) == ["5", "12"]
    again = house.fine("resume", "TST-001", "--drug", "lenalidomide", "--from", "2026-01-09T00:00Z", "--yes")
    assert again.out == "TST-001: 0 messages cancelled, 4 new.\nDone.\n"
    assert prompts(postgres, database_name) == ["5", "9", "11", "12", "13", "15"]


def test_a_cycle_that_starts_later_moves_its_reminders(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    house.fine("cycle", "start", "TST-001", "--cycle", "1", "--date", "2026-01-06", "--yes")
    assert prompts(postgres, database_name) == ["6", "8", "10", "12", "13", "14"]


def test_a_pause_keeps_the_plan_and_ends_with_resume(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    house.fine("pause", "TST-001", "--yes")
    assert len(prompts(postgres, database_name)) == 7
    house.fine("resume", "TST-001", "--reminders", "--yes")
    statuses = "SELECT status FROM status_change ORDER BY status_change_id"
    assert postgres.sql(statuses, database_name).split() == ["paused", "active"]


@pytest.mark.parametrize("reason", ["death", "progression", "withdrawal", "lost", "completed"])
def test_an_end_silences_everything(
    reason: str, house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    house.fine("end", "TST-001", "--reason", reason, "--yes")
    assert postgres.sql("SELECT count(*) FROM timer WHERE state = 'waiting'", database_name) == "0"


REFUSALS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("hold", "TST-404", "--yes"), "TST-404"),
    (("hold", "TST-001", "--drug", "aspirin", "--yes"), "aspirin"),
    (("resume", "TST-001", "--yes"), "held"),
    (("dose-level", "TST-001", "--drug", "ixazomib", "--level", "9mg", "--yes"), "4mg, 3mg, 2.3mg"),
    (("arm", "TST-001", "--to", "placebo", "--yes"), "ixazomib, lenalidomide, combination"),
    (("end", "TST-001", "--yes"), "death, progression, withdrawal, lost, completed"),
    (("end", "TST-001", "--reason", "moved", "--yes"), "moved"),
    (("cycle", "start", "TST-001", "--cycle", "3", "--date", "2026-03-02", "--yes"), "3"),
    (("cycle", "start", "TST-001", "--cycle", "2", "--date", "2026-01-05", "--yes"), "2026-01-05"),
    (("cycle", "start", "TST-001", "--date", "2026-02-30", "--yes"), "2026-02-30"),
    (("hold", "TST-001", "--from", "yesterday", "--yes"), "yesterday"),
    (("hold", "TST-001", "--reason", "her name is Li", "--yes"), "short code"),
)


def test_what_cannot_be_decided_is_refused_by_name(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    before = counts(postgres, database_name)
    for command, named in REFUSALS:
        assert named in house.refused(*command)
    assert counts(postgres, database_name) == before
