"""A guard against hanging: work that keeps the processor for over a second, or waits without end, is stopped and fails.

It counts the time of the processor that this process had, not the clock's: a busy machine is no finding.
"""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from hypothesis import find
from hypothesis import strategies as st

MOST = 1.0  # seconds of the processor, for whatever comes from outside
WAITED = 120.0  # seconds of the clock: what waits for something that never comes uses no processor


@contextmanager
def no_hang(seconds: float = MOST, waited: float = WAITED) -> Iterator[None]:
    """Stops what is done meanwhile, also a loop or a regular expression without end. In the main thread only."""
    stopped: list[str] = []

    def stop(number: int, _frame: object) -> None:
        limit = f"{seconds:g} s of the processor" if number == signal.SIGPROF else f"{waited:g} s"
        stopped.append(f"a hang: more than {limit}")
        pytest.fail(stopped[-1])

    timers = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, waited)}
    before = {number: signal.signal(number, stop) for number in timers}
    try:
        for timer, limit in timers.values():
            signal.setitimer(timer, limit, limit)
        yield
    finally:
        for number, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, before[number])
    if stopped:  # somewhere where no exception gets out, or where every one is caught
        pytest.fail(stopped[0])


@contextmanager
def guarded_examples(test: Any, seconds: float = MOST) -> Iterator[None]:
    """Each example of a Hypothesis test by itself, without what drawing it takes."""
    kept = test.hypothesis.inner_test
    assert not inspect.iscoroutinefunction(kept), (
        "only the main thread's own work can be stopped: asyncio.run"
    )
    _characters_known()
    test.hypothesis.inner_test = _guarded(kept, seconds)
    try:
        yield
    finally:
        test.hypothesis.inner_test = kept


@cache
def _characters_known() -> None:
    """Hypothesis makes its tables of all characters at the first text: seconds that are no example's own."""
    assert find(st.text(min_size=1), bool)


def _guarded(work: Callable[..., None], seconds: float) -> Callable[..., None]:
    def guarded(*given: Any, **named: Any) -> None:
        with no_hang(seconds):
            work(*given, **named)

    return guarded
