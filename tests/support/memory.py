"""How much memory a piece of work takes at most, above what stood there before it: here, or in a process of its own."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import resource
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

RUNAWAY = 4 * 1024**3  # bytes of addresses: the machine must outlive a parser without bounds
SECONDS = 300.0
LIMIT = 200.0  # MiB
AS_USUAL = (700, 10, 10)  # Python's own: tests otherwise let more garbage lie than a process of ours does
_fresh: dict[str, ForkServerContext] = {}


def mebibytes(module: str, work: str) -> float:
    """What this function takes, in a process that has done nothing but import its module. Raises what it raises there."""
    if module not in _fresh:
        _fresh[module] = multiprocessing.get_context("forkserver")
        _fresh[module].set_forkserver_preload([module])
    with ProcessPoolExecutor(1, _fresh[module]) as one:
        return one.submit(_taken, module, work).result(SECONDS)


@contextmanager
def lean() -> Iterator[None]:
    """What is done meanwhile takes at most LIMIT."""
    of_tests = gc.get_threshold()
    gc.set_threshold(*AS_USUAL)
    _forget()
    before = _highest()
    yield
    grown = _highest() - before
    gc.set_threshold(*of_tests)
    assert grown <= LIMIT, f"{grown:.0f} MiB, more than {LIMIT:.0f}"


def _forget() -> None:
    """Let Linux count anew; elsewhere it is the growth of the highest point ever that is seen."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5", encoding="ascii")


def _taken(module: str, work: str) -> float:
    function = getattr(importlib.import_module(module), work)
    resource.setrlimit(resource.RLIMIT_AS, (RUNAWAY, RUNAWAY))
    _forget()
    before = _highest()
    try:
        function()
    except pytest.fail.Exception as told:
        raise AssertionError(str(told)) from None  # pytest's own does not travel between processes
    return _highest() - before


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
