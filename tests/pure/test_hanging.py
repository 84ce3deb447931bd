"""The guard against hanging stops what hangs, whatever it hangs in, and nothing else."""

from __future__ import annotations

import contextlib
import itertools
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support.hanging import guarded_examples, no_hang

A_LITTLE = 0.05
Work = Callable[[], Any]


def loop_without_end() -> None:
    for _ in itertools.count():
        pass


def expression_without_end() -> None:
    re.match("(a*)*b", "a" * 60)


def loop_that_catches_everything() -> None:
    end = time.thread_time() + 10 * A_LITTLE
    while time.thread_time() < end:
        with contextlib.suppress(BaseException):
            sum(range(1000))


@pytest.mark.parametrize(
    "work",
    [loop_without_end, expression_without_end, loop_that_catches_everything],
    ids=lambda work: work.__name__,
)
def test_what_keeps_the_processor_is_stopped(work: Work) -> None:
    with pytest.raises(pytest.fail.Exception, match="of the processor"), no_hang(A_LITTLE):
        work()


def test_what_waits_for_ever_is_stopped() -> None:
    with pytest.raises(pytest.fail.Exception, match="a hang: more than"), no_hang(waited=A_LITTLE):
        time.sleep(3600)


def test_waiting_for_the_processor_is_no_hang() -> None:
    with no_hang(A_LITTLE):
        time.sleep(4 * A_LITTLE)


def test_afterwards_nobody_is_stopped() -> None:
    with no_hang(A_LITTLE, A_LITTLE):
        pass
    end = time.thread_time() + 2 * A_LITTLE
    while time.thread_time() < end:
        sum(range(1000))


@settings(phases=[Phase.generate], database=None)
@given(st.just(None))
def hanging(_: None) -> None:
    loop_without_end()


def test_each_example_of_a_property_is_guarded() -> None:
    with guarded_examples(hanging, A_LITTLE), pytest.raises(pytest.fail.Exception, match="of the processor"):
        hanging()


@given(st.booleans())
def test_every_property_of_the_suite_is_one(request: pytest.FixtureRequest, drawn: bool) -> None:
    assert drawn in (True, False)
    assert request.function.hypothesis.inner_test.__name__ == "guarded"
