"""A process that the machine let sleep must not send in other processes' turns what it should have sent in its own."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import cast

import pytest
from sqlalchemy import select

from bot.db.outbox import ChannelAccount
from bot.services import pacing
from bot.services.context import Ctx
from bot.services.pacing import Pace
from bot.worker import MOST_TURNS, Line, Sender, Worker
from tests.services.conftest import BEFORE_FIRST_DOSE
from tests.support.house import Town


class Bot:
    name, account = "telegram", "1"


def line(pace: Pace) -> Line:
    return Line(cast("Sender", Bot()), pace)


async def taken(ctx: Ctx, pace: Pace) -> float:
    """How many turns of the account are given out; the clock stands still."""
    async with ctx.begin() as tx:
        free_at = await tx.scalar(select(ChannelAccount.next_free_at))
    return 0.0 if free_at is None else (free_at - BEFORE_FIRST_DOSE) / pace.interval


async def test_each_who_slept_through_his_turn_takes_another(town: Town) -> None:
    pace = Pace(per_second=20, late=timedelta(milliseconds=500))
    worker, long_ago = Worker(town.ctx, []), asyncio.get_running_loop().time() - 1
    await asyncio.gather(*(worker._turn(line(pace), long_ago) for _ in range(3)))
    assert 3 <= await taken(town.ctx, pace) <= 3 * MOST_TURNS


async def test_who_is_always_late_leaves_after_a_few_turns(town: Town) -> None:
    pace = Pace(per_second=1000, late=timedelta(seconds=-1))
    await Worker(town.ctx, [])._turn(line(pace), asyncio.get_running_loop().time() - 1)
    assert await taken(town.ctx, pace) == pytest.approx(MOST_TURNS)


async def test_who_is_in_time_takes_none(town: Town) -> None:
    pace = Pace(late=timedelta(hours=1))
    await Worker(town.ctx, [])._turn(line(pace), asyncio.get_running_loop().time())
    assert await taken(town.ctx, pace) == 0


async def test_without_a_database_it_leaves_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object) -> float:
        raise ConnectionRefusedError

    monkeypatch.setattr(pacing, "another_turn", away)
    await Worker(cast("Ctx", None), [])._turn(line(Pace()), asyncio.get_running_loop().time() - 1)
