"""`suiyao plan` as it is typed: the calendar it prints, and one clear line for everything mistyped."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import schedules
from bot.commands.plan import COLUMNS, plan

FILE = Path(schedules.__file__).parent / "studies" / "nct04217967.toml"
GOOD = {
    "--study": "nct04217967",
    "--arm": "combination",
    "--start": "2026-11-02",
    "--cycles": "3",
    "--tz": "Asia/Shanghai",
    "--time": "08:00",
}


def _arguments(**changed: str | None) -> list[str]:
    options = GOOD | {f"--{name}": value for name, value in changed.items()}
    return [part for name, value in options.items() if value is not None for part in (name, value)]


def _rows(arguments: list[str]) -> list[dict[str, str]]:
    result = CliRunner().invoke(plan, arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_the_first_lines_to_the_letter() -> None:
    result = CliRunner().invoke(plan, _arguments(cycles="1", study=str(FILE)))
    assert result.stdout.splitlines()[:4] == [
        ",".join(COLUMNS),
        "combination,ixazomib,1,1,4,2026-11-02,08:00,2026-11-02T00:00:00Z",
        "combination,lenalidomide,1,1,25,2026-11-02,08:00,2026-11-02T00:00:00Z",
        "combination,lenalidomide,1,3,25,2026-11-04,08:00,2026-11-04T00:00:00Z",
    ]
    assert len(result.stdout_bytes.split(b"\n")) == 14 + 2
    assert b"\r" not in result.stdout_bytes


@pytest.mark.parametrize(
    ("delays", "starts"),
    [
        ([], ["2026-11-02", "2026-11-30", "2026-12-28"]),
        (["2:7"], ["2026-11-02", "2026-12-07", "2027-01-04"]),
        (["2:7", "3:3"], ["2026-11-02", "2026-12-07", "2027-01-07"]),
        (["3:3", "2:7"], ["2026-11-02", "2026-12-07", "2027-01-07"]),
        (["2:-3"], ["2026-11-02", "2026-11-27", "2026-12-25"]),
    ],
)
def test_delays_move_the_later_cycles(delays: list[str], starts: list[str]) -> None:
    rows = _rows(_arguments() + [part for delay in delays for part in ("--delay", delay)])
    firsts = [row["local_date"] for row in rows if row["cycle_day"] == "1" and row["drug"] == "ixazomib"]
    assert firsts == starts
    assert len(rows) == 3 * 14


def test_zone_and_time_are_the_studys_unless_given() -> None:
    assert _rows(_arguments(tz=None, time=None)) == _rows(_arguments())
    berlin = _rows(_arguments(tz="Europe/Berlin", start="2026-10-19", time="08:30"))
    assert {(row["local_time"], row["utc"][11:]) for row in berlin} == {
        ("08:30", "06:30:00Z"),
        ("08:30", "07:30:00Z"),
    }


def test_milligrams_are_written_as_on_the_box(tmp_path: Path) -> None:
    reduced = tmp_path / "reduced.toml"
    text = FILE.read_text("utf-8").replace('level = "4mg"', 'level = "2.3mg"')
    reduced.write_text(text.replace('level = "25mg"', 'level = "20mg"'), "utf-8")
    assert {row["dose_mg"] for row in _rows(_arguments(study=str(reduced)))} == {"2.3", "20"}


# option      what was typed      what is said
WRONG = [
    ("study", None, "--study: missing"),
    ("study", "nct0", '--study "nct0": neither a study (nct04217967) nor a .toml file'),
    ("study", "../nowhere.toml", '--study "../nowhere.toml": cannot be read (No such file or directory)'),
    ("study", "./", '--study "./": cannot be read (Is a directory)'),
    ("arm", None, "--arm: missing"),
    ("arm", "placebo", '--arm "placebo": study nct04217967 has ixazomib, lenalidomide, combination'),
    ("start", None, "--start: missing"),
    ("start", "2026-02-30", '--start "2026-02-30": not a date'),
    ("start", "02.11.2026", '--start "02.11.2026": not a date'),
    ("start", "20261102", '--start "20261102": not a date'),
    ("start", "9999-12-30", '--start "9999-12-30": not a date from 2000 to 2099'),
    ("start", "２０２６-11-02", '--start "２０２６-11-02": not a date'),
    ("cycles", "0", '--cycles "0": "0" is not a whole number from 1 to 200'),
    ("cycles", "three", '--cycles "three": "three" is not a whole number from 1 to 200'),
    ("cycles", "1e3", '--cycles "1e3": "1e3" is not a whole number'),
    ("cycles", "999999999999", '--cycles "999999999999": "999999999999" is not a whole number'),
    ("tz", "Beijing", '--tz "Beijing": not a time zone'),
    ("tz", "../../etc/passwd", '--tz "../../etc/passwd": not a time zone'),
    ("time", "8am", '--time "8am": not a time such as 08:00'),
    ("time", "24:00", '--time "24:00": not a time'),
    ("delay", "2", '--delay "2": not of the form CYCLE:DAYS'),
    ("delay", "1:7", '--delay "1:7": "1" is not a whole number from 2 to 3'),
    ("delay", "4:7", '--delay "4:7": "4" is not a whole number from 2 to 3'),
    ("delay", "2:-28", '--delay "2:-28": "-28" is not a whole number from -27 to 366'),
    ("delay", "2:week", '--delay "2:week": "week" is not a whole number'),
    ("delay", "\x1b[31m2", '--delay "?[31m2": not of the form'),
]


@pytest.mark.parametrize(("option", "typed", "said"), WRONG)
def test_what_is_mistyped_is_named_on_one_line(option: str, typed: str | None, said: str) -> None:
    result = CliRunner().invoke(plan, _arguments(**{option: typed}))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(said)
    assert len(result.stderr.splitlines()) == 1


def test_a_delay_given_twice_is_refused() -> None:
    result = CliRunner().invoke(plan, [*_arguments(), "--delay", "2:7", "--delay", "2:1"])
    assert (result.exit_code, result.stderr) == (2, '--delay "2:1": cycle 2 is delayed twice\n')


def test_with_one_cycle_there_is_nothing_to_delay() -> None:
    result = CliRunner().invoke(plan, _arguments(cycles="1", delay="2:7"))
    assert (result.exit_code, result.stderr) == (2, '--delay "2:7": only cycles 2 and later; --cycles is 1\n')


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"cycle_days = 28", "{file}: id: missing\n"),
        (b"cycle_days =", "{file}: not valid TOML: Invalid value (at end of document)\n"),
        (b"\xff\xfe", '--study "{file}": the file is not UTF-8 text\n'),
        (b"#" * (1024 * 1024 + 1), '--study "{file}": the file is larger than 1 MiB\n'),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "s.toml"
    file.write_bytes(content)
    result = CliRunner().invoke(plan, _arguments(study=str(file)))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(said.format(file=str(file)[:80]))


def test_help_shows_an_example() -> None:
    result = CliRunner().invoke(plan, ["--help"])
    assert result.exit_code == 0
    assert "suiyao plan --study nct04217967 --arm combination" in result.stdout


def test_it_loads_nothing_heavy() -> None:
    code = (
        "import sys; from bot.commands.plan import plan; plan(sys.argv[1:], standalone_mode=False);"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *_arguments()], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.startswith("arm,drug,")
    assert "'schedules'" in done.stderr
    for heavy in ("sqlalchemy", "telegram", "fastapi", "apscheduler", "babel", "jinja2", "cryptography"):
        assert f"'{heavy}'" not in done.stderr
