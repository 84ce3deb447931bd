"""How much memory a piece of work takes at most, above what stood there before it: here, or in a process of its own."""

from __future__ import annotations

import importlib
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNAWAY = 4 * 1024**3  # bytes of addresses: the machine must outlive a parser without bounds
SECONDS = 300.0
LIMIT = 200.0  # MiB


def mebibytes(work: str) -> float:
    """`work`: `module:function`, which takes nothing. Raises when it fails there."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.memory", work],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


@contextmanager
def lean() -> Iterator[None]:
    """What is done meanwhile takes at most LIMIT."""
    _forget()
    before = _highest()
    yield
    grown = _highest() - before
    assert grown <= LIMIT, f"{grown:.0f} MiB, more than {LIMIT:.0f}"


def _forget() -> None:
    """Let Linux count anew; elsewhere it is the growth of the highest point ever that is seen."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5", encoding="ascii")


def _run(work: str) -> None:
    module, _, name = work.partition(":")
    function = getattr(importlib.import_module(module), name)
    resource.setrlimit(resource.RLIMIT_AS, (RUNAWAY, RUNAWAY))
    _forget()
    before = _highest()
    function()
    print(_highest() - before)


def _highest() -> float:
    """On Linux of this program alone: what the kernel calls maxrss begins with that of the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [
            line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:")
        ]
        return int(line.split()[1]) / 1024
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest / (1024**2 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    _run(sys.argv[1])
