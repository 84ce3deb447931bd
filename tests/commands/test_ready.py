"""`suiyao check --live`: every reason why a deployment is not ready for a participant is a line, and none is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.app import checking
from bot.db.embedded import EmbeddedPostgres
from tests.commands.conftest import Shell

NOT_READY = [
    "SUIYAO_PUBLIC_URL: plain HTTP",
    "SUIYAO_SMTP_URL: not set",
    "SUIYAO_BACKUPS: not set",
    "database: marked rehearsal",
    "rules of nct04217967: no investigator has signed them",
]


@pytest.fixture(autouse=True)
def files_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether files are in order has tests of its own, and takes seconds."""
    monkeypatch.setattr(checking, "faults", list)


def test_everything_that_is_missing_is_named_at_once(house: Shell) -> None:
    house.environ["SUIYAO_PUBLIC_URL"] = "http://suiyao.example"
    done = house("check", "--live")
    assert done.status == 1
    assert [line for line in NOT_READY if line not in done.err] == [], done.err
    assert done.out == f"{len(NOT_READY)} faults.\n"


def test_a_backup_counts_for_two_days(house: Shell, tmp_path: Path) -> None:
    dump = tmp_path / "suiyao.dump"
    house.environ["SUIYAO_BACKUPS"] = str(tmp_path)
    assert "no backup of the last 2 days" in house("check", "--live").err
    dump.write_bytes(b"x")
    assert "SUIYAO_BACKUPS" not in house("check", "--live").err
    two_days_ago = dump.stat().st_mtime - 49 * 3600
    os.utime(dump, (two_days_ago, two_days_ago))
    assert "no backup of the last 2 days" in house("check", "--live").err
    house.environ["SUIYAO_BACKUPS"] = str(tmp_path / "nowhere")
    assert "cannot be read" in house("check", "--live").err


def test_staff_with_a_password_alone_are_counted(
    house: Shell, postgres: EmbeddedPostgres, database_name: str
) -> None:
    house.fine("staff", "add", "--site", "TST", "--role", "nurse", "--name", "王", "--email", "n@tst.example")
    assert "staff:" not in house("check", "--live").err, "who has no password yet cannot sign in"
    postgres.sql(
        "INSERT INTO staff_login (staff_id, name_lookup, password_hash, changed_at)"
        " SELECT staff_id, '\\x00', 'x', created_at FROM staff_member"
        " ON CONFLICT (staff_id) DO UPDATE SET password_hash = 'x'",
        database_name,
    )
    assert "staff: 1 active accounts sign in with a password alone" in house("check", "--live").err


def test_without_its_settings_the_database_is_not_even_asked(shell: Shell) -> None:
    done = shell("check", "--live")
    assert done.status == 1
    assert "serve needs SUIYAO_DATABASE_URL" in done.err
