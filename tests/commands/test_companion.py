"""`suiyao companion`: shown first, done only with a yes, refused in a line, and followed by what is planned."""

from __future__ import annotations

import pytest

from bot.db.embedded import EmbeddedPostgres
from tests.commands.conftest import Shell

ASPIRIN = ("companion", "TST-001", "--matter", "aspirin")
WRITTEN = """SELECT string_agg(matter || ' ' || choice || ' ' || rhythm, ', ' ORDER BY companion_choice_id)
    FROM companion_choice"""


def written(postgres: EmbeddedPostgres, name: str) -> str:
    return postgres.sql(WRITTEN, name).strip()


def timers(postgres: EmbeddedPostgres, name: str) -> str:
    query = "SELECT string_agg(kind || payload::text || due_at, ' ' ORDER BY kind, due_at) FROM timer"
    return postgres.sql(query, name).strip()


def test_a_no_changes_nothing_and_a_yes_does_what_was_shown(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    planned = timers(postgres, database_name)
    no = house(*ASPIRIN, typed="n\n")
    assert no.status == 1
    assert no.out == "TST-001: aspirin off -> on, weekly.\nApply this? [y/N]: Nothing was changed.\n"
    assert (written(postgres, database_name), timers(postgres, database_name)) == ("", planned)
    yes = house.fine(*ASPIRIN, typed="y\n")
    assert yes.out.endswith("Done.\n")
    assert written(postgres, database_name) == "aspirin on weekly"
    assert timers(postgres, database_name) != planned


def test_weekly_daily_and_off(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    weekly = house.fine(*ASPIRIN, "--yes")
    daily = house.fine(*ASPIRIN, "--rhythm", "daily", "--starts-on", "2026-01-09", "--yes")
    off = house.fine(*ASPIRIN, "--off", "--yes")
    assert weekly.out == "TST-001: aspirin off -> on, weekly.\nDone.\n"
    assert daily.out == "TST-001: aspirin on, weekly -> on, daily from 2026-01-09.\nDone.\n"
    assert off.out == "TST-001: aspirin on, daily -> off.\nDone.\n"
    told = "aspirin on weekly, aspirin on daily, aspirin off weekly"
    assert written(postgres, database_name) == told
    house.fine(*ASPIRIN, "--off", "--yes")
    assert written(postgres, database_name) == told, "the same again writes nothing"


@pytest.mark.parametrize(
    "words",
    [
        ("companion", "TST-404", "--matter", "aspirin", "--yes"),
        ("companion", "TST-001", "--matter", "ibuprofen", "--yes"),
        ("companion", "TST-001", "--matter", "contraception", "--rhythm", "daily", "--yes"),
        (*ASPIRIN, "--rhythm", "hourly", "--yes"),
        (*ASPIRIN, "--starts-on", "2025-12-01", "--yes"),
        (*ASPIRIN, "--starts-on", "yesterday", "--yes"),
    ],
)
def test_what_there_is_not_is_refused(
    words: tuple[str, ...], house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    refused = house(*words)
    assert refused.status == 2
    assert "Traceback" not in refused.err
    assert refused.err.strip()
    assert written(postgres, database_name) == ""
