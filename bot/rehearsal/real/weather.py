"""What happens to the processes and around them: a clock that runs faster, a wire with faults, and random kills."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from bot.rehearsal.bot_api.faults import FaultKind
from bot.rehearsal.bot_api.server import FakeBotApi
from bot.rehearsal.real import verdict
from bot.rehearsal.real.serving import EndedAtStart, Serving
from bot.services import deployment
from bot.services.context import Ctx

# Seconds, for the faults that take time. All of them leave it open to a sender whether his message arrived, or hold it back.
FAULTS = {
    FaultKind.TOO_MANY: 1.0,
    FaultKind.SERVER_ERROR: 0.0,
    FaultKind.INTERNAL: 0.0,
    FaultKind.RESET_BEFORE: 0.0,
    FaultKind.RESET_AFTER: 0.0,
    FaultKind.BAD_JSON: 0.0,
    FaultKind.LATE: 0.5,
    FaultKind.STALL: 0.5,
}
STARTS = 5
KILLED, LOST = "process killed", "database connections lost"
JUMPED = "update numbers jumped"
_OF_THE_API = "Bot API: "
_LEFT = """SELECT (SELECT count(*) FROM inbox_message WHERE state = 'pending')
    + (SELECT count(*) FROM timer WHERE state = 'waiting' AND due_at <= suiyao_now())
    + (SELECT count(*) FROM outbound_message WHERE state = 'sending'
        OR (state = 'queued' AND send_after <= suiyao_now() + interval '1 minute')) AS left"""
POLL_FAULTS = (FaultKind.CONFLICT, FaultKind.SERVER_ERROR, FaultKind.RESET_AFTER, FaultKind.TOO_MANY)
KINDS = (KILLED, LOST, JUMPED, *(f"{_OF_THE_API}{kind}" for kind in {**FAULTS, **dict.fromkeys(POLL_FAULTS)}))


async def clock(ctx: Ctx, start: datetime, speed: float, began: float | None = None) -> None:
    """The database's clock, `speed` times as fast as ours, in small steps. `began`: when it showed `start`; else now."""
    loop = asyncio.get_running_loop()
    began = loop.time() if began is None else began
    while True:
        gone = timedelta(seconds=(loop.time() - began) * speed)
        with contextlib.suppress(SQLAlchemyError, OSError):  # connections are lost on purpose
            await deployment.set_virtual_now(ctx, start + gone)
        await asyncio.sleep(0.05)


async def losses(cut: Callable[[], object], chance: Random, told: Callable[[str], None]) -> None:
    """Until cancelled: now and then every connection to the database is lost."""
    while True:
        await asyncio.sleep(chance.uniform(5, 15))
        await asyncio.to_thread(cut)
        told(LOST)


async def jumps(api: FakeBotApi, chance: Random, told: Callable[[str], None]) -> None:
    """Until cancelled: as after a silence of a week, the numbering of updates begins anew anywhere."""
    while True:
        await asyncio.sleep(chance.uniform(5, 15))
        while api.queue.pending:  # noqa: ASYNC110 - confirmed by other processes
            await asyncio.sleep(0.01)
        api.queue.jump()
        told(JUMPED)


async def faults(api: FakeBotApi, chats: Sequence[int], chance: Random, told: Callable[[str], None]) -> None:
    """Until cancelled. Some are meant for one chat, some for whoever comes next, a few for the poller.

    No more are ordered than happen: a poller that only ever meets faults waits longer and longer, as it should.
    """
    while True:
        await asyncio.sleep(chance.uniform(0.1, 0.4))
        waiting = [fault for fault in api.faults.waiting if fault.times]
        if chance.random() < 0.05 and all(fault.method is None for fault in waiting):
            kind, chat, method = chance.choice(POLL_FAULTS), None, "getUpdates"
        elif len(waiting) < 3:
            kind, method = chance.choice(list(FAULTS)), None
            chat = chance.choice([None, chance.choice(chats)])
        else:
            continue
        api.fail(kind, chat=chat, method=method, seconds=FAULTS.get(kind, 0.0))
        told(f"{_OF_THE_API}{kind}")


async def kills(
    servings: Sequence[Serving], chance: Random, rounds: int, told: Callable[[str], None]
) -> None:
    """Kill one, and every third time all at once, at random moments, and start them again."""
    for number in range(1, rounds + 1):
        await asyncio.sleep(chance.uniform(0.2, 2.5))
        await kill([chance.choice(list(servings))] if number % 3 else list(servings), chance, told)


async def kill(victims: Sequence[Serving], chance: Random, told: Callable[[str], None]) -> None:
    for victim in victims:
        await victim.kill()
        told(KILLED)
    await asyncio.sleep(chance.uniform(0, 0.5))
    await asyncio.gather(*(rise(victim, told) for victim in victims))


async def rise(victim: Serving, told: Callable[[str], None]) -> None:
    """Start it, and again where it lost the database before it served, as whoever watches over it would."""
    for _ in range(STARTS):
        await victim.start()
        try:
            return await victim.ready()
        except EndedAtStart:
            told("process gave up at its start")
    raise EndedAtStart(victim.log)


@asynccontextmanager
async def meanwhile(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """While the block lasts. What fails in the background ends the block at once."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
        yield
        for task in tasks:
            task.cancel()


async def calm(ctx: Ctx) -> None:
    """Wait until nothing is left to handle, to fire or to send."""
    left = 1
    while left:
        with contextlib.suppress(SQLAlchemyError, OSError):  # a connection that was lost before
            left = (await verdict.rows(ctx, _LEFT))[0].left
        await asyncio.sleep(0.5)
