"""`suiyao labs import` on a real database: good rows stay, wrong rows say why, the same file twice changes nothing."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from bot.db.embedded import EmbeddedPostgres
from bot.errors import Misconfigured
from bot.services import labs
from tests.commands.conftest import Shell

ROWS = """subject_id,test,value,unit,collected_on,lln,uln,note
TST-001,PLT,60,x10^9/L,2025-12-30,125,350,a
TST-001,血红蛋白,9.9,g/dL,2025-12-30,11.5,15,
TST-001,PLT,150000,x10^9/L,2025-12-30,125,350,wrong unit
TST-404,PLT,60,x10^9/L,2025-12-30,125,350,
TST-001,ANC,2,x10^9/L,2026-02-01,1.8,6.3,tomorrow
TST-001,ANC,2,x10^9/L
"""


def test_a_file_of_values(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str, tmp_path: Path
) -> None:
    file = tmp_path / "labs.csv"
    file.write_text(ROWS, "utf-8")
    done = house("labs", "import", str(file))
    assert done.status == 1
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [row["outcome"] for row in rows] == ["recorded", "recorded", "", "", "", ""]
    errors = [row["error"] for row in rows]
    assert errors[:2] == ["", ""]
    assert errors[2].startswith("150000 x10^9/L cannot be right")
    assert "TST-404" in errors[3]
    assert errors[4].startswith("Day of collection “2026-02-01”")
    assert errors[5] == "4 cells where the header has 8"
    query = "SELECT string_agg(test || ':' || grade, ',' ORDER BY test) FROM lab_result"
    assert postgres.sql(query, database_name).strip() == "hemoglobin:2,platelets:2"
    again = house("labs", "import", str(file))
    assert [row["outcome"] for row in csv.DictReader(io.StringIO(again.out))][:2] == ["same", "same"]
    assert postgres.sql("SELECT count(*) FROM lab_result", database_name).strip() == "2"


def test_a_file_that_cannot_be_read_to_its_end_records_nothing(
    house: Shell, subject: str, postgres: EmbeddedPostgres, database_name: str, tmp_path: Path
) -> None:
    file = tmp_path / "labs.csv"
    file.write_text(ROWS + 'TST-001,"PLT', "utf-8")
    assert "line 8" in house.refused("labs", "import", str(file))
    assert postgres.sql("SELECT count(*) FROM lab_result", database_name).strip() == "0"


def test_an_import_that_ends_in_the_middle_tells_of_what_it_recorded(
    house: Shell,
    subject: str,
    postgres: EmbeddedPostgres,
    database_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record, times = labs.record, iter(range(9))

    async def lost_at_the_second(*given: Any) -> labs.Outcome:
        if next(times) == 1:
            raise Misconfigured("the database is gone")
        return await record(*given)

    monkeypatch.setattr(labs, "record", lost_at_the_second)
    file = tmp_path / "labs.csv"
    file.write_text(ROWS, "utf-8")
    done = house("labs", "import", str(file))
    assert done.status == 2
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert [(row["test"], row["outcome"]) for row in rows] == [("PLT", "recorded")]
    assert postgres.sql("SELECT count(*) FROM lab_result", database_name).strip() == "1"
