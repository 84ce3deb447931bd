"""A second process of the demonstration's rehearsal, which plays some of those who look at their pages at the same moment,
and fires some of the timers that are due at it.

The clock stands still meanwhile: it belongs to the database, and the first process moves it when both are done.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection

from bot.app.app import App
from bot.rehearsal.stage import Stage
from bot.rehearsal.visitors import Person, answer
from bot.settings import Settings

Errand = tuple[Person, str]  # who looks, and the seed of what he answers


class Hands:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def answer(self, errand: Errand) -> None:
        """One person looks and answers. Raises EOFError when the other process has died."""
        await self._done(errand)

    async def fire(self) -> set[int]:
        """What is due; the contacts whose pages have news by it."""
        return await self._done(None)

    async def _done(self, wanted: Errand | None) -> set[int]:
        self._connection.send(wanted)
        news: set[int] = await asyncio.to_thread(self._connection.recv)
        return news


@contextmanager
def hands(settings: Settings) -> Iterator[Hands]:
    """The other process, until the end of the block."""
    context = get_context("spawn")
    mine, its = context.Pipe()
    process = context.Process(target=_work, args=(settings, its), daemon=True)
    process.start()
    its.close()
    try:
        yield Hands(mine)
    finally:
        mine.close()
        process.join()


def _work(settings: Settings, connection: Connection) -> None:
    """In the other process, until the first closes its end: Ctrl-C stops both, in that order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_serve(settings, connection))


async def _serve(settings: Settings, connection: Connection) -> None:
    app = App(settings.model_copy(update={"telegram_token": ""}), None, "")
    try:
        async with app.ctx.begin() as tx:
            await app.ctx.book.refresh(tx)
        gc.freeze()  # as `serve` does
        stage = Stage(app.ctx, ids=f"h{os.getpid()}-")
        while True:
            try:
                wanted = await asyncio.to_thread(connection.recv)
            except EOFError:
                return
            if wanted is None:
                connection.send(await stage.fire())
            else:
                await answer(stage, *wanted)
                connection.send(set())
    finally:
        await app.database.close()
