"""Help, keys, migrate, check, publish: what an administrator does before the first participant."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS
from bot.db import schema
from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.real.serving import ROOT, environment, keys
from bot.setting_forms import Keys, parse_keys
from tests.commands.conftest import ENROL, Shell

SUBCOMMANDS = ("site add", "staff add", "cycle start", "study publish", "audit verify")


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_help_names_every_command(shell: Shell) -> None:
    text = shell.fine("--help").out
    assert [name for name in COMMANDS if f"\n  {name} " not in text] == []


@pytest.mark.parametrize("command", [*COMMANDS, *SUBCOMMANDS])
def test_every_command_says_what_it_does(shell: Shell, command: str) -> None:
    """A sentence that ends, and no option without a word about it unless its name says it all."""
    text = shell.fine(*command.split(), "--help").out
    usage, sentence = text.split("\n\n")[:2]
    assert usage.startswith(f"Usage: suiyao {command}")
    assert sentence.strip()[0].isupper()
    assert sentence.strip().endswith(".")


def test_a_misspelt_command(shell: Shell) -> None:
    assert "No such command 'enroll'" in shell.refused("enroll")


def test_plan_needs_neither_database_nor_network() -> None:
    """It answers at once because it imports next to nothing."""
    heavy = (
        "sqlalchemy",
        "telegram",
        "fastapi",
        "asyncpg",
        "babel",
        "uvicorn",
        "apscheduler",
        "cryptography",
    )
    code = f"""
import sys
sys.argv = ["suiyao", "plan", "--study", "nct04217967", "--arm", "ixazomib", "--start", "2026-11-02",
    "--cycles", "1", "--tz", "Asia/Shanghai", "--time", "08:00"]
from bot.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code
print([name for name in {heavy!r} if name in sys.modules])
"""
    lines = python(code).splitlines()
    assert lines[0] == "arm,drug,cycle,cycle_day,dose_mg,local_date,local_time,utc"
    assert lines[1:] == [
        "ixazomib,ixazomib,1,1,4,2026-11-02,08:00,2026-11-02T00:00:00Z",
        "ixazomib,ixazomib,1,8,4,2026-11-09,08:00,2026-11-09T00:00:00Z",
        "ixazomib,ixazomib,1,15,4,2026-11-16,08:00,2026-11-16T00:00:00Z",
        "[]",
    ]


def test_keys_are_fresh_and_fit_the_setting(shell: Shell) -> None:
    one, other = shell.fine("keys").out.strip(), shell.fine("keys").out.strip()
    assert one != other
    assert isinstance(parse_keys(one), Keys)


def test_migrating_again_changes_nothing(
    house: Shell, postgres: EmbeddedPostgres, database_name: str
) -> None:
    tables = ("definition", "deployment", "alembic_version", "site")

    def counts() -> str:
        asked = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        return postgres.sql(f"SELECT {asked}", database_name)

    before = counts()
    assert house.fine("migrate", "--mark", "rehearsal").out == "The database is up to date.\n"
    assert counts() == before
    assert house.fine("study", "publish").out == "nothing new\n"


def test_two_migrate_an_empty_database_at_once(postgres: EmbeddedPostgres, database_name: str) -> None:
    name = f"{database_name}_empty"
    postgres.create_database(name)
    try:
        url = postgres.url(name, "suiyao_runtime", "runtime")
        environ = environment(url, OWNER_DATABASE_URL=postgres.url(name))

        def migrate(_: int) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "bot", "migrate", "--mark", "demo"]
            return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

        with ThreadPoolExecutor(2) as both:
            done = list(both.map(migrate, range(2)))
        assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
        assert postgres.sql("SELECT version_num FROM alembic_version", name) == schema.newest()
        assert postgres.sql("SELECT mark FROM deployment", name) == "demo"
    finally:
        postgres.drop_database(name)


def test_the_mark_of_a_database_stays(house: Shell) -> None:
    assert "marked rehearsal, not live" in house.refused("migrate")


def test_everything_that_comes_with_this_version_is_in_order(shell: Shell) -> None:
    assert shell.fine("check").out == "Everything is in order.\n"


def test_check_reads_the_settings_too(shell: Shell) -> None:
    done = shell("check", "--settings")
    assert (done.status, done.out) == (1, "1 faults.\n")
    assert done.err == "serve needs SUIYAO_DATABASE_URL, SUIYAO_PUBLIC_URL, SUIYAO_KEYS\n"


def test_a_study_is_published_under_its_own_id(house: Shell, tmp_path: Path) -> None:
    shipped = (ROOT / "schedules/studies/nct04217967.toml").read_text(encoding="utf-8")
    mine = tmp_path / "amended.toml"
    mine.write_text(shipped.replace("nudge_minutes = [60, 180]", "nudge_minutes = [90]"), encoding="utf-8")
    assert house.fine("study", "publish", str(mine)).out == "study nct04217967\n"
    house.fine(*ENROL)


def test_keys_of_another_database(house: Shell) -> None:
    other = {"SUIYAO_KEYS": keys().replace("seal=", "seal=A", 1)[:-4] + "AAA="}
    refusal = house.refused("inbox", more=other)
    assert refusal.startswith("SUIYAO_KEYS: ")
