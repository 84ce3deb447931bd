"""Free words beside a decision or the end of an alert, typed on the command line: sealed, whole, and nowhere else."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from bot.app.app import App
from bot.db.embedded import EmbeddedPostgres
from bot.services import sealing
from bot.settings import Settings
from tests.commands.conftest import Shell, nowhere_in_plain

NOTE = "门诊说手麻明显，先停；女儿已经知道"
# Each decision, and the table that keeps it.
DECISIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("cycle_start", ("cycle", "start", "TST-001", "--cycle", "1", "--date", "2026-01-06")),
    ("hold", ("hold", "TST-001", "--drug", "lenalidomide", "--reason", "toxicity")),
    ("resume", ("resume", "TST-001", "--drug", "ixazomib")),
    ("dose_level_change", ("dose-level", "TST-001", "--drug", "ixazomib", "--level", "3mg")),
    ("regimen_assignment", ("arm", "TST-001", "--to", "ixazomib")),
    ("status_change", ("pause", "TST-001")),
    ("status_change", ("end", "TST-001", "--reason", "progression")),
)
ALERT = """INSERT INTO alert (unique_key, participant_id, kind, tier, rule, raised_at)
    SELECT 'test', participant_id, 'relay', 'urgent', 'relay_nurse@1', '2026-01-01' FROM participant"""


def kept(house: Shell, postgres: EmbeddedPostgres, name: str, table: str) -> list[str]:
    """Notes of a table, unsealed with the keys of the house."""
    found = postgres.sql(f"SELECT note_sealed FROM {table} WHERE note_sealed IS NOT NULL", name).split()
    settings = {key.removeprefix("SUIYAO_").lower(): value for key, value in house.environ.items()}

    async def read() -> list[str]:
        async with App.open(Settings.model_validate(settings)) as app, app.ctx.begin() as tx:
            return [await sealing.unseal_text(tx, uuid.UUID(one)) for one in found]

    return asyncio.run(read())


@pytest.mark.parametrize(("table", "command"), DECISIONS, ids=lambda value: str(value[0]))
def test_a_decision_keeps_its_note_sealed(
    table: str,
    command: tuple[str, ...],
    house: Shell,
    subject: str,
    postgres: EmbeddedPostgres,
    database_name: str,
) -> None:
    house.fine("hold", "TST-001", "--drug", "ixazomib", "--yes")  # for the one that ends it
    said = house.fine(*command, "--note", f"  {NOTE}\n", "--yes")
    assert NOTE not in said.out + said.err
    assert kept(house, postgres, database_name, table) == [NOTE]
    nowhere_in_plain(postgres, database_name, NOTE[:4])
    assert house.fine("audit", "verify").out == "Every chain holds.\n"


def test_a_note_may_be_asked_for(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    """Then it stands neither in the shell's history nor in the list of processes."""
    said = house("hold", "TST-001", "--note", "-", typed=f"{NOTE}\nn\n")
    assert said.status == 1 and said.out.startswith("Note: ")
    assert kept(house, postgres, database_name, "hold") == []
    house.fine("hold", "TST-001", "--note", "-", typed=f"{NOTE}\ny\n")
    assert kept(house, postgres, database_name, "hold") == [NOTE]


def test_a_note_is_never_cut_and_an_empty_one_is_none(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    assert "at most 10000" in house.refused("hold", "TST-001", "--note", "长" * 10_001, "--yes")
    assert "not UTF-8" in house.refused("hold", "TST-001", "--note", "caf\udce9", "--yes")
    assert postgres.sql("SELECT count(*) FROM hold", database_name) == "0"
    house.fine("hold", "TST-001", "--note", "  ", "--yes")
    assert kept(house, postgres, database_name, "hold") == []
    house.fine("pause", "TST-001", "--note", "长" * 10_000, "--yes")
    assert kept(house, postgres, database_name, "status_change") == ["长" * 10_000]


def test_an_alert_ends_with_outcome_and_note_and_only_once(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str
) -> None:
    postgres.sql(ALERT, database_name)
    number = postgres.sql("SELECT alert_id FROM alert", database_name)
    assert "1 entries." in house.fine("inbox").out
    closing = ("inbox", "--close", number, "--outcome", "called")
    assert "--note" in house.refused(*closing)
    assert "0 entries." in house.fine(*closing, "--note", NOTE).out
    assert "closed by cli" in house.refused(*closing, "--note", "again")
    assert kept(house, postgres, database_name, "alert_step") == [NOTE]
    nowhere_in_plain(postgres, database_name, NOTE[:4])
    assert house.fine("audit", "verify").out == "Every chain holds.\n"
