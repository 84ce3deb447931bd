"""Settings, databases and files that are wrong: one clear line that says what and where, and nothing half-started."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import app
from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.real.serving import ROOT, environment, keys
from bot.services.book import Book
from bot.services.context import Tx
from tests.commands.conftest import Shell

SHIPPED = (ROOT / "schedules/studies/nct04217967.toml").read_text(encoding="utf-8")
SETTINGS: tuple[tuple[str, str, str], ...] = (
    ("SUIYAO_DATABASE_URL", "", "serve needs SUIYAO_DATABASE_URL"),
    ("SUIYAO_DATABASE_URL", "mysql://root@db/suiyao", "SUIYAO_DATABASE_URL: must begin with postgresql://"),
    ("SUIYAO_DATABASE_URL", "postgresql://a:b@127.0.0.1:1/suiyao", "SUIYAO_DATABASE_URL: "),
    ("SUIYAO_DATABASE_URL", "postgresql://a:b@nohost.invalid/suiyao", "SUIYAO_DATABASE_URL: "),
    ("SUIYAO_KEYS", "", "serve needs SUIYAO_KEYS"),
    ("SUIYAO_KEYS", "master-1=abc", "SUIYAO_KEYS: "),
    ("SUIYAO_PORT", "99999", "SUIYAO_PORT: "),
    ("SUIYAO_PORT", "http", "SUIYAO_PORT: "),
    ("SUIYAO_HOST", "203.0.113.7", "SUIYAO_HOST, SUIYAO_PORT: 203.0.113.7:"),
    ("SUIYAO_HOST", "no.such.host.invalid", "SUIYAO_HOST, SUIYAO_PORT: no.such.host.invalid:"),
    ("SUIYAO_PUBLIC_URL", "", "serve needs SUIYAO_PUBLIC_URL"),
    ("SUIYAO_PUBLIC_URL", "suiyao.example", "SUIYAO_PUBLIC_URL: must be http:// or https://"),
    ("SUIYAO_TELEGRAM_TOKEN", "secret-token", "SUIYAO_TELEGRAM_TOKEN: does not have the form"),
    ("SUIYAO_TELEGRAM_API_BASE", "telegram", "SUIYAO_TELEGRAM_API_BASE: "),
    ("SUIYAO_TELEGRAM_WEBHOOK_SECRET", "s", "SUIYAO_PUBLIC_URL must be https"),
    ("SUIYAO_SMTP_URL", "mail.example", "SUIYAO_SMTP_URL: "),
    ("SUIYAO_SMTP_URL", "smtp://mail.example", "SUIYAO_MAIL_FROM is needed"),
    ("SUIYAO_LOG_LEVEL", "loud", "SUIYAO_LOG_LEVEL: "),
    ("SUIYAO_LANGUAGE", "fr", "SUIYAO_LANGUAGE: "),
    ("SUIYAO_KEYS_FILE", "/nowhere/keys", "SUIYAO_KEYS and SUIYAO_KEYS_FILE are both set"),
    (
        "SUIYAO_TELEGRAM_TOKEN_FILE",
        "/nowhere/token",
        "SUIYAO_TELEGRAM_TOKEN_FILE: cannot read /nowhere/token",
    ),
    ("SUIYAO_TELEGRAM_TOKN", "1:a", "SUIYAO_TELEGRAM_TOKN is not a setting; is SUIYAO_TELEGRAM_TOKEN meant?"),
)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        yield int(one.getsockname()[1])


@pytest.fixture
def ready(house: Shell) -> Shell:
    """Everything `serve` needs is there; each test then breaks one thing."""
    house.environ |= {"SUIYAO_PUBLIC_URL": "http://127.0.0.1:8080", "SUIYAO_PORT": str(free())}
    return house


def free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(("name", "value", "line"), SETTINGS, ids=lambda value: str(value)[:40])
def test_serve_refuses_a_wrong_setting(
    name: str, value: str, line: str, shell: Shell, database_url: str
) -> None:
    shell.environ |= {k: v for k, v in environment(database_url).items() if k.startswith("SUIYAO_")}
    shell.environ["SUIYAO_PORT"] = str(free())
    said = shell.refused("serve", more={name: value})
    assert said.startswith(line), said
    assert "secret" not in said or value not in said


def test_a_database_that_is_lost_while_serve_starts(
    ready: Shell, monkeypatch: pytest.MonkeyPatch, postgres: EmbeddedPostgres, database_name: str
) -> None:
    read = Book.refresh

    async def lost(book: Book, tx: Tx) -> None:
        others = "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert postgres.sql(f"SELECT count(pg_terminate_backend(pid)) FROM {others}", database_name) != "0"
        await read(book, tx)

    monkeypatch.setattr(Book, "refresh", lost)
    assert ready.refused("serve").startswith("SUIYAO_DATABASE_URL: ")


def test_a_port_in_use(ready: Shell, taken_port: int) -> None:
    said = ready.refused("serve", more={"SUIYAO_PORT": str(taken_port)})
    assert said == f"SUIYAO_HOST, SUIYAO_PORT: 127.0.0.1:{taken_port}: Address already in use"


def test_a_clock_far_from_the_databases(
    ready: Shell, monkeypatch: pytest.MonkeyPatch, postgres: EmbeddedPostgres, database_name: str
) -> None:
    """Ours cannot be moved, so the bound is: nothing is near enough."""
    postgres.sql("UPDATE deployment SET mark = 'live', virtual_now = NULL", database_name)
    monkeypatch.setattr(app, "CLOCKS_APART_SECONDS", -1.0)
    assert ready.refused("serve").startswith("clock: this machine is 0 s away from the database's clock")


def test_a_database_without_tables(ready: Shell, postgres: EmbeddedPostgres, database_name: str) -> None:
    name = f"{database_name}_bare"
    postgres.create_database(name)
    try:
        url = postgres.url(name, "suiyao_runtime", "runtime")
        said = ready.refused("serve", more={"SUIYAO_DATABASE_URL": url})
        assert said == "SUIYAO_DATABASE_URL: this database has no tables yet; run `suiyao migrate`"
    finally:
        postgres.drop_database(name)


def test_a_database_that_nobody_prepared(shell: Shell, database_url: str) -> None:
    more = {"SUIYAO_DATABASE_URL": database_url, "SUIYAO_KEYS": keys()}
    said = shell.refused("inbox", more=more)
    assert said == "SUIYAO_DATABASE_URL: this database is not prepared yet; run `suiyao migrate`"


@pytest.mark.parametrize(
    ("version", "words"), [("0001", "run `suiyao migrate`"), ("9999", "install the newer one")]
)
def test_tables_of_another_version(
    version: str, words: str, ready: Shell, postgres: EmbeddedPostgres, database_name: str
) -> None:
    postgres.sql(f"UPDATE alembic_version SET version_num = '{version}'", database_name)
    said = ready.refused("serve")
    assert said.startswith(f"SUIYAO_DATABASE_URL: its tables are of version {version}")
    assert said.endswith(words)


def test_a_database_that_does_not_exist_and_a_role_that_does_not(
    ready: Shell, postgres: EmbeddedPostgres
) -> None:
    there = postgres.url("no_such_database", "suiyao_runtime", "runtime")
    assert 'database "no_such_database" does not exist' in ready.refused(
        "serve", more={"SUIYAO_DATABASE_URL": there}
    )
    nobody = {"SUIYAO_DATABASE_URL": postgres.url("postgres", "nobody", "hidden-word")}
    said = ready.refused("serve", more=nobody)
    assert 'role "nobody" does not exist' in said
    assert "hidden-word" not in said


@pytest.mark.parametrize("lost", ["master-1", "lookup", "seal"])
def test_wrong_keys(lost: str, ready: Shell) -> None:
    wrong = [one if not one.startswith(lost) else f"{lost}={'A' * 43}=" for one in keys().split(",")]
    said = ready.refused("serve", more={"SUIYAO_KEYS": ",".join(wrong)})
    assert said.startswith("SUIYAO_KEYS: ")


def test_migrate_without_the_right_to(ready: Shell, database_url: str) -> None:
    said = ready.refused("migrate", "--mark", "rehearsal", more={"SUIYAO_OWNER_DATABASE_URL": database_url})
    assert said.startswith("SUIYAO_OWNER_DATABASE_URL: ")
    far = {"SUIYAO_OWNER_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/suiyao"}
    assert ready.refused("migrate", more=far).startswith("SUIYAO_OWNER_DATABASE_URL: ")


STUDIES: tuple[tuple[str, str, str], ...] = (
    ("cycle_days = 28", "cycle_days = 0", "cycle_days"),
    ("cycle_days = 28", "cycle_days = twenty", "line"),
    ("cycle_days = 28", "cycle_dayz = 28", "cycle_dayz"),
    ("nudge_minutes = [60, 180]", 'nudge_minutes = ["soon"]', "nudge_minutes"),
    ('timezone = "Asia/Shanghai"', 'timezone = "Asia/Peking"', "Asia/Peking"),
)


@pytest.mark.parametrize(("right", "wrong", "named"), STUDIES, ids=lambda value: str(value)[:40])
def test_a_wrong_study_is_refused_with_file_and_key(
    right: str, wrong: str, named: str, house: Shell, tmp_path: Path
) -> None:
    assert right in SHIPPED
    file = tmp_path / "study.toml"
    file.write_text(SHIPPED.replace(right, wrong), encoding="utf-8")
    done = house("study", "publish", str(file))
    assert done.status == 2
    assert str(file) in done.err
    assert named in done.err
    assert "Traceback" not in done.err


def test_files_that_are_no_text(house: Shell, tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_bytes(b"\xff\xfe\x00")
    assert house.refused("study", "publish", str(file)) == f"{file}: is not UTF-8 text"
    assert "nowhere.toml" in house.refused("study", "publish", str(tmp_path / "nowhere.toml"))
