"""One process polls each bot, the others stand by: whoever holds the session advisory lock. Two pollers would get 409."""

from __future__ import annotations

import asyncio
import logging
import random
import zlib
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.telegram_polling import poll
from bot.errors import SendError
from bot.services import gaps

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from bot.app.app import App

log = logging.getLogger(__name__)

STAND_BY_SECONDS = 2.0
STILL_OURS_SECONDS = 5.0
MOST_LOCK_SECONDS = 10.0  # a database that does not answer for so long may have given the lock away
REMEMBER_EVERY_SECONDS = 20.0
_LOCK = text("SELECT pg_try_advisory_lock(7318002, :account)")
_STILL = text("SELECT 1")


class Polling:
    def __init__(self, app: App) -> None:
        assert app.telegram is not None
        self._app = app
        self._channel = app.telegram
        self._stop = asyncio.Event()
        self._remembered = 0.0

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        while not self._stop.is_set():
            try:
                await self._try()
            except (SQLAlchemyError, OSError, SendError) as problem:
                kind = type(problem).__name__
                log.warning("Polling is interrupted", extra={"action": "polling_interrupted", "error": kind})
            except Exception:
                # Whatever it is: a process that serves and no longer polls would look alive and be deaf.
                log.exception("Polling failed and goes on", extra={"action": "polling_failed"})
            await self._wait(STAND_BY_SECONDS)

    async def _try(self) -> None:
        """Poll for as long as the lock is surely ours."""
        async with self._app.database.connect() as connection:
            lock = {"account": zlib.crc32(self._channel.account.encode()) & 0x7FFFFFFF}
            if not (await connection.execute(_LOCK, lock)).scalar_one():
                return
            try:
                await connection.commit()
                extra = {"action": "polling", "account": self._channel.account}
                log.info("This process polls now", extra=extra)
                await self._channel.delete_webhook()
                await self._poll_while_locked(connection)
            finally:
                # Closed for good: back in the pool it would hold the lock, and nobody could ever poll again.
                await connection.invalidate()

    async def _poll_while_locked(self, connection: AsyncConnection) -> None:
        lost = asyncio.Event()
        watch = asyncio.create_task(self._watch(connection, lost))
        try:
            await poll(
                self._channel,
                self._app.accept,
                self._on_gap,
                lost,
                jitter=random.Random(),  # noqa: S311 - spreads retries, hides nothing
                silent_for=await gaps.silent_for(self._app.ctx, "telegram", self._channel.account),
                on_alive=self._on_alive,
            )
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _watch(self, connection: AsyncConnection, lost: asyncio.Event) -> None:
        """A session lock dies with its connection, and then another process may already be polling."""
        try:
            while not self._stop.is_set():
                async with asyncio.timeout(MOST_LOCK_SECONDS):
                    await connection.execute(_STILL)
                    await connection.commit()
                await self._wait(STILL_OURS_SECONDS)
        finally:
            lost.set()

    async def _on_gap(self, seconds: float) -> None:
        people = await gaps.ask_again_after(self._app.ctx, "telegram", self._channel.account)
        extra = {"action": "gap", "seconds": round(seconds), "people": people}
        log.warning("Taps may have been lost; open questions are asked again", extra=extra)

    async def _on_alive(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._remembered >= REMEMBER_EVERY_SECONDS:
            self._remembered = now
            await gaps.heard(self._app.ctx, "telegram", self._channel.account)

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), seconds)
        except TimeoutError:
            return
