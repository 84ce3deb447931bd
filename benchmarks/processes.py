"""The same work in several processes that begin at the same moment, and what a process holds in memory."""

from __future__ import annotations

import multiprocessing
import os
import re
from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
MEBIBYTE = 1024**2
_together: Barrier


def side_by_side(count: int, work: Callable[..., T], *given: object) -> list[T]:
    """`work(number, *given)` in each of `count` fresh processes; it calls `ready()` wherever all begin together."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(count, _take, (context.Barrier(count),)) as pool:
        return pool.starmap(_one, [(work, number, *given) for number in range(count)], 1)


def _one(work: Callable[..., T], *given: object) -> T:
    """One that fails lets nobody wait for it."""
    try:
        return work(*given)
    except BaseException:
        _together.abort()
        raise


def ready() -> None:
    """In such a process: wait for the others."""
    _together.wait()


def _take(barrier: Barrier) -> None:
    global _together
    _together = barrier


def resident(pid: int | str = "self") -> float:
    """MiB of memory that a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MEBIBYTE


def peak() -> float:
    """MiB that this process held at most, since `forget_peak`."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found is not None
    return int(found[1]) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
