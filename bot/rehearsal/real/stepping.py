"""A process whose machine clock is set to and fro by minutes: `python -m bot.rehearsal.real.stepping 7 serve`.

Everything in it that asks for the time of day is told another one every few seconds; what measures how long something takes
(the event loop, the poller's waits) runs on, as under a real clock that is set. The database keeps its own clock.
"""

from __future__ import annotations

import runpy
import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from typing import Any, ClassVar

from apscheduler.executors import base as executors
from apscheduler.schedulers import base as schedulers
from apscheduler.triggers import interval

from bot import settings
from bot.rehearsal.real.serving import CLOCK_SET

MOST = 300.0  # seconds, ahead or behind
EVERY = (5.0, 20.0)  # seconds between two settings


class Stepped(datetime):
    """Stands in for `datetime` where the present is asked for."""

    chance: ClassVar[Random]
    off: ClassVar[float] = 0.0
    until: ClassVar[float] = 0.0
    true_time: ClassVar[Any] = staticmethod(time.time)  # noqa: TID251 - what is to be falsified

    @classmethod
    def seconds(cls) -> float:
        """The time of day as this machine tells it."""
        if time.monotonic() >= cls.until:
            cls.until = time.monotonic() + cls.chance.uniform(*EVERY)
            cls.off = cls.chance.uniform(-MOST, MOST)
            sys.stderr.write(f"{CLOCK_SET} {cls.off:+.0f} s\n")
        return float(cls.true_time()) + cls.off

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # plain, as all others are
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=cls.seconds())).astimezone(tz or UTC)


def step(seed: int) -> None:
    """From now on, in this process."""
    Stepped.chance = Random(seed)
    for module in (schedulers, executors, interval, settings):
        setattr(module, "datetime", Stepped)  # noqa: B010 - it is imported there by this name
    time.time = Stepped.seconds  # noqa: TID251 - as above


def main() -> None:
    _, seed, *words = sys.argv
    step(int(seed))
    sys.argv = ["suiyao", *words]
    runpy.run_module("bot", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
