"""A rehearsal that is told to stop leaves nothing behind: no process, no database, no folder."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SECONDS = 60.0


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a short name: a socket of PostgreSQL lies in it."""
    with tempfile.TemporaryDirectory(prefix="suiyao-") as name:
        yield Path(name)


def test_it_stops_when_told(folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "bot",
        "rehearse",
        "--participants",
        "31",
        "--days",
        "300",
        "--workers",
        "2",
    ]
    with subprocess.Popen(
        command, env={"TMPDIR": str(folder)}, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        _until(lambda: sum("spawn_main" in one for one in _of_session(process.pid)) == 2)  # who plays
        [file] = folder.glob("suiyao-rehearsal-*/postgres/postmaster.pid")
        database = Path("/proc") / file.read_text(encoding="utf-8").split()[0]
        assert database.exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 128 + signal.SIGTERM
    _until(lambda: not (_of_session(process.pid) or database.exists()))
    assert list(folder.glob("suiyao-rehearsal-*")) == []


def _of_session(session: int) -> list[str]:
    """Command lines of what runs in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, _, of, *_ = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(of) == session and state != "Z":
                found.append((process / "cmdline").read_text(encoding="utf-8"))
    return found


def _until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < end
        time.sleep(0.1)
