"""`suiyao report compliance`: nothing but the report on standard output, and one clear line for what is wrong."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import sys
from functools import partial

import pytest

from tests.commands.conftest import Shell
from tests.reports.pen import STUDY, due, house, writing
from tests.support.house import KEYS

AS_OF = "2026-11-10T00:00Z"


def environment(database_url: str) -> dict[str, str]:
    """Of a terminal that could not print Chinese."""
    raw = {"master-1": b"m" * 32, "lookup": KEYS["lookup"], "seal": KEYS["sealing"]}
    keys = ",".join(f"{name}={base64.b64encode(key).decode()}" for name, key in raw.items())  # type: ignore[arg-type]  # the same
    return {
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
        "PYTHONWARNINGS": "error",
        "SUIYAO_DATABASE_URL": database_url,
        "SUIYAO_KEYS": keys,
    }


async def suiyao(database_url: str, *options: str) -> tuple[int, bytes, str]:
    command = (sys.executable, "-m", "bot", "report", "compliance", *options)
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment(database_url),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out, err.decode()


async def _one_dose(unmade_url: str) -> None:
    async with house(unmade_url, due(12)) as town, writing(town) as pen:
        person = await pen.participant("TST-001", "lenalidomide")
        await pen.dose(person, "lenalidomide", 1, 1, due(1))


async def test_it_prints_the_report_and_nothing_else(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await _one_dose(database_url)
    asked = ("--study", STUDY, "--as-of", AS_OF)
    status, table, said = await suiyao(database_url, *asked)
    assert (status, said) == (0, "")
    shell = partial(Shell(environment(database_url), monkeypatch, capsys), "report", "compliance", *asked)
    assert (await asyncio.to_thread(shell, "--bom")).out.encode() == "\ufeff".encode() + table
    rows = list(csv.DictReader(io.StringIO(table.decode())))
    assert [row["not_asked"] for row in rows if row["row"] == "study"] == ["1", "1"]
    told = await asyncio.to_thread(shell, "--format", "json", "--language", "en")
    assert told.json["study_totals"][0]["not_asked"] == 1
    shown = await asyncio.to_thread(shell, "--format", "html", "--site", "TST")
    assert "服药依从性报告" in shown.out


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--study", "nct00000000"), "No study nct00000000"),
        (("--study", STUDY, "--site", "NIX"), "no site NIX"),
        (("--study", STUDY, "--as-of", "2099-01-01T00:00Z"), "lies in the future"),
        (("--study", STUDY, "--as-of", "2026-11-10T00:00"), "an instant with its zone"),
        (("--study", STUDY, "--as-of", "yesterday"), "an instant with its zone"),
    ],
)
async def test_one_line_says_what_is_wrong(
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
    reason: str,
) -> None:
    await _one_dose(database_url)
    shell = Shell(environment(database_url), monkeypatch, capsys)
    done = await asyncio.to_thread(shell, "report", "compliance", *options)
    assert (done.status, done.out) == (2, "")
    assert reason in done.err
    assert done.err.count("\n") == 1
