"""The command line as a person meets it: arguments, environment, what is typed, and what comes back."""

from __future__ import annotations

import io
import itertools
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bot.__main__ import main
from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.real.serving import ROOT, keys
from tests.support import database as databases

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """`shell("enrol", "--name", ...)`; `environ` may be changed in between."""

    environ: dict[str, str]
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *words: str, typed: str = "", more: Mapping[str, str] | None = None) -> Done:
        with self.monkeypatch.context() as patch:
            patch.setattr(logging.getLogger(), "handlers", [])  # `serve` puts its own there
            for name, value in {**self.environ, **(more or {})}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["suiyao", *words])
            patch.setattr(sys, "stdin", io.StringIO(typed))
            try:
                main()
                status: Any = 0
            except SystemExit as end:
                status = end.code or 0
        said = self.capsys.readouterr()
        return Done(status, said.out, said.err)

    def fine(self, *words: str, typed: str = "") -> Done:
        done = self(*words, typed=typed)
        assert done.status == 0, done
        return done

    def refused(self, *words: str, more: Mapping[str, str] | None = None) -> str:
        """The one line that says why, without the product's name."""
        done = self(*words, more=more)
        assert done.status == 2, done
        assert "Traceback" not in done.err
        [*usage, line] = done.err.strip().splitlines()
        assert all(word.startswith(("Usage:", "Try ")) or not word for word in usage), done.err
        return line.removeprefix("suiyao: ").removeprefix("Error: ")


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell({}, monkeypatch, capsys)


def settings(postgres: EmbeddedPostgres, name: str) -> dict[str, str]:
    return {
        "SUIYAO_DATABASE_URL": databases.runtime_url(postgres, name),
        "SUIYAO_OWNER_DATABASE_URL": postgres.url(name),
        "SUIYAO_PUBLIC_URL": "https://suiyao.example",
        "SUIYAO_KEYS": keys(),
    }


def nowhere_in_plain(postgres: EmbeddedPostgres, name: str, words: str) -> None:
    """Raises Misconfigured, naming the table, where a row of any table holds these words."""
    search = """DO $$ DECLARE name text; held boolean; BEGIN
        FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            EXECUTE format('SELECT bool_or(t::text LIKE ''%%WORDS%%'') FROM %I t', name) INTO held;
            IF held THEN RAISE EXCEPTION 'in plain in %', name; END IF;
        END LOOP; END $$"""
    postgres.sql(search.replace("WORDS", words), name)


@contextmanager
def template(postgres: EmbeddedPostgres, kind: str, source: str, *commands: Sequence[str]) -> Iterator[str]:
    """A database made by these commands, once, to be copied for each test."""
    name = f"commands_{kind}_{os.getpid()}"
    postgres.create_database(name, source)
    environ = {"PATH": "/usr/bin:/bin", **settings(postgres, name)}
    for words in commands:
        run = [sys.executable, "-m", "bot", *words]
        subprocess.run(run, cwd=ROOT, env=environ, check=True, capture_output=True)
    yield name
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def with_site(postgres: EmbeddedPostgres) -> Iterator[str]:
    site = ("site", "add", "--code", "TST", "--name", "协作医院", "--phone", "010-12345678")
    with template(postgres, "site", databases.TEMPLATE, ("migrate", "--mark", "rehearsal"), site) as name:
        yield name


@pytest.fixture(scope="session")
def with_subject(postgres: EmbeddedPostgres, with_site: str) -> Iterator[str]:
    with template(postgres, "subject", with_site, ENROL) as name:
        yield name


@pytest.fixture
def database_name(request: pytest.FixtureRequest, postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database of the test's own, with a site where it asks for `house`, with TST-001 where it asks for `subject`."""
    asked = request.fixturenames
    kind = "with_subject" if "subject" in asked else "with_site" if "house" in asked else ""
    source = str(request.getfixturevalue(kind)) if kind else databases.TEMPLATE
    name = f"command_{os.getpid()}_{next(_numbers)}"
    databases.copy(postgres, source, name)
    yield name
    databases.drop(postgres, name)


@pytest.fixture
def house(shell: Shell, postgres: EmbeddedPostgres, database_name: str) -> Shell:
    """On a database that stands at 2026-01-01 00:00 UTC, with one site."""
    shell.environ |= settings(postgres, database_name)
    return shell


@pytest.fixture
def subject(house: Shell) -> str:
    """TST-001: day 1 on 5 January, seven reminders within the fortnight that is planned."""
    return "TST-001"


ENROL = (
    *("enrol", "--study", "nct04217967", "--site", "TST", "--arm", "combination", "--start", "2026-01-05"),
    *(
        "--time",
        "08:00",
        "--name",
        "李桂兰",
        "--phone",
        "13900001234",
        "--sex",
        "female",
        "--birth-year",
        "1956",
    ),
)
