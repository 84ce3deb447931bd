"""The machine's clock is set back: its ticks stay away until it has caught up, and the loops go on by themselves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, tzinfo
from typing import cast

import pytest
from apscheduler.schedulers import base

from bot.services.context import Ctx
from bot.settings import machine_now
from bot.worker import Worker


class Clock:
    """Stands in for `datetime` in APScheduler."""

    back = timedelta(0)

    @classmethod
    def now(cls, zone: tzinfo = UTC) -> datetime:
        return machine_now().astimezone(zone) - cls.back


async def test_a_clock_that_is_set_back_stops_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "datetime", Clock)
    worker, rounds = Worker(cast("Ctx", None), []), asyncio.Queue[int]()

    async def drain() -> None:
        rounds.put_nowait(1)

    worker._run("inbox", drain, 0.05)
    worker._scheduler.start()
    async with asyncio.timeout(30):
        for _ in range(3):
            await rounds.get()
        monkeypatch.setattr(Clock, "back", timedelta(minutes=5))
        for _ in range(5):
            await rounds.get()
    await worker.stop()
