"""Tables in, tables out: what a spreadsheet, R or pandas may write, and files that are no table at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.commands.rules import COMMANDS, rules
from bot.commands.rules_composite import composite
from tests.pure.rules.table import run, run_bytes

HEADER = "structure,frequency,severity,interference"


def test_columns_come_back_with_the_answers_beside_them() -> None:
    found = run(composite, f"case,{HEADER},note", 'P1,frequency,3,,,"a, b"', "P2,frequency,9,,,x")
    assert found.columns == (
        "case",
        "structure",
        "frequency",
        "severity",
        "interference",
        "note",
        "composite_grade",
        "error",
    )
    assert found.rows[0] | {"note": ""} == {
        "case": "P1",
        "structure": "frequency",
        "frequency": "3",
        "severity": "",
        "interference": "",
        "note": "",
        "composite_grade": "2",
        "error": "",
    }
    assert found.rows[0]["note"] == "a, b"
    assert (found.rows[1]["composite_grade"], found.rows[1]["error"]) == (
        "",
        "frequency is 9, not a score from 0 to 4",
    )
    assert found.status == 1


def test_an_answer_already_there_is_written_anew() -> None:
    found = run(composite, f"{HEADER},composite_grade,error", "frequency,3,,,0,old")
    assert found.columns == ("structure", "frequency", "severity", "interference", "composite_grade", "error")
    assert (found.rows[0]["composite_grade"], found.rows[0]["error"]) == ("2", "")


def test_marks_line_ends_and_empty_lines_of_other_programs() -> None:
    content = f"\ufeff{HEADER}\r\n\r\nfrequency,4.0,NA,NaN\r\n".encode()
    found = run_bytes(composite, content)
    assert (found.status, [row["composite_grade"] for row in found.rows]) == (0, ["3"])


def test_a_header_alone_is_an_empty_table() -> None:
    found = run(composite, HEADER)
    assert (found.status, found.rows) == (0, [])


@pytest.mark.parametrize("row", ["frequency,1", "frequency,1,,,,,"])
def test_a_row_with_other_cells_than_the_header_is_an_error_of_its_own(row: str) -> None:
    found = run(composite, HEADER, row, "frequency,1,,")
    assert "cells where the header has 4" in found.rows[0]["error"]
    assert (found.rows[1]["composite_grade"], found.status) == ("1", 1)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "standard input: empty: a header line is needed, with structure, frequency"),
        (b"structure,frequency\n", "standard input: no column severity, interference; the header has"),
        (b"structure,frequency,frequency\n", "standard input: the header has 'frequency' twice"),
        (b"structure;frequency;severity;interference\n", "standard input: no column structure, frequency"),
        (b"\xff\xfe", "standard input: not UTF-8 text (byte 1)"),
        (b'structure,frequency,severity,interference\n"a"b,1,,\n', "standard input: line 2: "),
    ],
)
def test_what_is_no_table_is_refused_on_one_line(content: bytes, said: str) -> None:
    found = run_bytes(composite, content)
    assert (found.status, found.rows) == (2, [])
    assert found.said.startswith(said), found.said
    assert len(found.said.splitlines()) == 1


def test_a_file_that_is_not_there() -> None:
    done = CliRunner().invoke(composite, ["nowhere.csv"])
    assert (done.exit_code, done.stderr) == (2, "nowhere.csv: cannot be read (No such file or directory)\n")


def test_a_file_is_read_like_standard_input(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text(f"{HEADER}\nseverity,,2,\n", "utf-8")
    done = CliRunner().invoke(composite, [str(file)])
    assert (done.exit_code, done.stdout.splitlines()[1]) == (0, "severity,,2,,2,")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    done = CliRunner().invoke(rules, [name, "--help"])
    assert done.exit_code == 0
    assert "Usage" in done.stdout


@pytest.mark.parametrize(
    ("words", "told", "kept_out"),
    [
        ("labs -", "test,value,unit,term", ("sqlalchemy", "babel", "jinja2", "cryptography")),
        ("show", "# ", ("cryptography",)),
    ],
)
def test_nothing_heavy_is_loaded(words: str, told: str, kept_out: tuple[str, ...]) -> None:
    code = (
        "import atexit, sys;"
        "atexit.register(lambda: print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr));"
        f"from bot.commands.rules import rules; rules({words.split()})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input="test,value,unit\n", capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith(told)
    for heavy in ("telegram", "fastapi", "apscheduler", "uvicorn", *kept_out):
        assert f"'{heavy}'" not in done.stderr
