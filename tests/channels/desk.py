"""An inbox in memory, and a poller at work on it, for tests of the Telegram channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_polling import poll
from bot.messages import Inbound


class Quick(Random):
    """No waiting between tries."""

    def uniform(self, a: float, b: float) -> float:
        return 0.0005


class Desk:
    """Keeps each message once. `refuse` decides what raises, as a database would that is away.

    `time` is what the poller takes for the clock, in seconds.
    """

    def __init__(self) -> None:
        self.kept: list[Inbound] = []
        self.seen: list[str] = []
        self.refuse: Callable[[Inbound], bool] = lambda inbound: False
        self.gaps: list[float] = []
        self.alive = 0
        self.time = 1000.0

    async def accept(self, inbound: Inbound) -> None:
        self.seen.append(inbound.external_id)
        if self.refuse(inbound):
            raise ConnectionError("the database is away")
        if inbound.external_id not in {known.external_id for known in self.kept}:
            self.kept.append(inbound)

    async def on_gap(self, seconds: float) -> None:
        self.gaps.append(seconds)

    async def on_alive(self) -> None:
        self.alive += 1

    def texts(self) -> list[str]:
        return [inbound.text for inbound in self.kept]


@asynccontextmanager
async def polling(
    channel: TelegramChannel,
    desk: Desk,
    *,
    silent_for: float = 0.0,
    on_gap: Callable[[float], Awaitable[None]] | None = None,
) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    loop = poll(
        channel,
        desk.accept,
        on_gap or desk.on_gap,
        stop,
        jitter=Quick(),
        silent_for=silent_for,
        on_alive=desk.on_alive,
        clock=lambda: desk.time,
    )
    task = asyncio.create_task(loop)
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await task
