"""The embedded PostgreSQL: attaching, kills, clean stop; and that a test's database is what it should be."""

from __future__ import annotations

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.db.database import Database
from bot.db.embedded import EmbeddedPostgres
from tests.support import database as databases


@pytest.fixture
def cluster() -> Iterator[EmbeddedPostgres]:
    """One of its own, not in pytest's folder, whose parents are closed to others on purpose."""
    folder = databases.new_folder()
    yield EmbeddedPostgres(folder)
    databases.remove(folder)


def server_pid(postgres: EmbeddedPostgres) -> int:
    return int((postgres.data / "postmaster.pid").read_text().split("\n")[0])


def test_life_of_a_cluster(cluster: EmbeddedPostgres) -> None:
    """Made once, found again running, found again stopped, found again after a kill: always the same data."""
    url = cluster.start()
    assert url.startswith("postgresql://postgres@/postgres?host=")
    assert cluster.sql("SHOW server_version").startswith("18.")
    cluster.create_database("kept")
    first = server_pid(cluster)

    assert EmbeddedPostgres(cluster.folder).start() == url
    assert server_pid(cluster) == first

    cluster.stop()
    cluster.stop()
    assert not (cluster.data / "postmaster.pid").exists()

    cluster.start()
    os.kill(server_pid(cluster), signal.SIGKILL)
    cluster.start()
    assert cluster.sql("SELECT count(*) FROM pg_database WHERE datname = 'kept'") == "1"


def test_a_pid_file_from_before_a_reboot_does_not_matter(cluster: EmbeddedPostgres) -> None:
    cluster.start()
    cluster.stop()
    (cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{cluster.data}\n1\n5432\n\n\n\n")
    cluster.start()
    assert cluster.sql("SELECT 1") == "1"


def test_only_its_user_can_reach_it(cluster: EmbeddedPostgres) -> None:
    cluster.start()
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700
    assert cluster.sql("SHOW listen_addresses") == ""
    assert cluster.sql("SHOW unix_socket_directories") == str(cluster.data)
    assert cluster.sql("SHOW fsync") == "on"


def test_a_long_folder_gets_a_short_socket(tmp_path: Path) -> None:
    long = EmbeddedPostgres(tmp_path / ("long" * 30))
    assert len(long.admin_url) < 100
    assert long.admin_url != EmbeddedPostgres(tmp_path / ("lang" * 30)).admin_url


@pytest.mark.parametrize("name", ["", "Upper", "a-b", "a;b", "a" * 64])
def test_names_of_databases_are_plain(cluster: EmbeddedPostgres, name: str) -> None:
    with pytest.raises(ValueError, match="plain"):
        cluster.create_database(name)


async def test_a_test_sees_an_empty_migrated_database_as_the_runtime_role(database: Database) -> None:
    async with database.begin() as (connection, now):
        role = await connection.execute(
            text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = user")
        )
        assert tuple(role.one()) == ("suiyao_runtime", False, False)
        assert now.utcoffset() is not None


async def test_the_runtime_role_makes_no_tables(database: Database) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with database.begin() as (connection, _):
            await connection.execute(text("CREATE TABLE mine (id int)"))


def test_both_addresses_name_the_same_database(
    postgres: EmbeddedPostgres, database_url: str, owner_url: str
) -> None:
    name = owner_url.split("/")[3].split("?")[0]
    assert f"/{name}?" in database_url
    assert postgres.sql("SELECT user", name) == "postgres"
