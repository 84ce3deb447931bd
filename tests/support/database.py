"""One embedded PostgreSQL for a whole test run, and a fresh migrated database for each test that asks.

All xdist workers share the cluster; the process that started the run stops it. Nothing here is durable.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.db import migrate
from bot.db.embedded import EmbeddedPostgres
from tests.support import desk

TEMPLATE = "suiyao_template"
PREFIX = "suiyao-tests-"
LEAST_MEMORY = 4 * 1024**3  # bytes free, for WAL and some hundred databases
RUNTIME_PASSWORD = "runtime"
_numbers = itertools.count(1)
_running: list[EmbeddedPostgres] = []


def new_folder() -> Path:
    """Where this run's cluster will be. Its name tells the next run whose it was, if this one is killed."""
    _clear_left_behind()
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_place()))


def _place() -> Path:
    """Memory where the system offers enough: on a busy disk copying a database takes twenty times as long."""
    memory = Path("/dev/shm")  # noqa: S108 - only where to put a folder that mkdtemp makes
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > LEAST_MEMORY
    return memory if roomy else Path(tempfile.gettempdir())


def cluster(folder: Path) -> EmbeddedPostgres:
    """The running cluster with its migrated template. Whichever worker comes first makes them."""
    postgres = EmbeddedPostgres(folder, durable=False)
    postgres.start()
    with open(folder / "template.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if postgres.sql(f"SELECT 1 FROM pg_database WHERE datname = '{TEMPLATE}' AND datistemplate") != "1":
            _make_template(postgres)
    return postgres


def shared(folder: Path) -> EmbeddedPostgres:
    """The cluster of the whole run, from here on `running`. A test may have one of its own beside it."""
    postgres = cluster(folder)
    _running[:] = [postgres]
    return postgres


def running() -> EmbeddedPostgres:
    """The run's cluster, as this process uses it."""
    return _running[0]


def _make_template(postgres: EmbeddedPostgres) -> None:
    postgres.drop_database(TEMPLATE)
    postgres.create_database(TEMPLATE)
    migrate.upgrade(postgres.url(TEMPLATE), RUNTIME_PASSWORD)
    # A test asks most things fewer than six times, and PostgreSQL would plan each of them anew until then.
    postgres.sql(f"ALTER ROLE {migrate.RUNTIME} SET plan_cache_mode = force_generic_plan")
    postgres.sql(f"ALTER DATABASE {TEMPLATE} WITH IS_TEMPLATE true ALLOW_CONNECTIONS false")


@contextmanager
def fresh_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The name of a new clone of the template, dropped at the end whoever is still connected."""
    with reserved(postgres) as name:
        make(postgres, name)
        yield name


@contextmanager
def reserved(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The same for a database that somebody else will `make` or `copy`."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    yield name
    drop(postgres, name)


def make(postgres: EmbeddedPostgres, name: str) -> None:
    """A clone of the template, unless it is there."""
    if not desk.ask(postgres, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'"):
        copy(postgres, TEMPLATE, name)


def copy(postgres: EmbeddedPostgres, source: str, target: str) -> None:
    """A database becomes what another is, to which nobody may be connected."""
    drop(postgres, target)
    desk.ask(postgres, f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy")


def drop(postgres: EmbeddedPostgres, name: str) -> None:
    desk.ask(postgres, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def runtime_url(postgres: EmbeddedPostgres, name: str) -> str:
    return postgres.url(name, migrate.RUNTIME, RUNTIME_PASSWORD)


def remove(folder: Path) -> None:
    """Stop the cluster, if it was ever started, and delete it."""
    EmbeddedPostgres(folder).stop()
    shutil.rmtree(folder, ignore_errors=True)


def _clear_left_behind() -> None:
    """Clusters of runs that were killed would otherwise run for ever."""
    for folder in _place().glob(f"{PREFIX}*"):
        owner = re.match(rf"{PREFIX}(\d+)-", folder.name)
        if owner and folder.stat().st_uid == os.geteuid() and not _alive(int(owner[1])):
            remove(folder)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
