"""Telegram posting updates to our web server: one at a time in each line, again until it gets a 2xx."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field

import aiohttp

from bot.rehearsal.bot_api.queue import Pending, UpdateQueue

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"


@dataclass(slots=True)
class Webhook:
    queue: UpdateQueue
    retry_seconds: float = 0.1  # the real server starts at a second
    url: str = ""
    secret: str = ""
    statuses: list[int] = field(default_factory=list)  # of every attempt, 0 when there was no answer
    bodies: list[bytes] = field(
        default_factory=list
    )  # of every 2xx: the real server would carry out a method
    _task: asyncio.Task[None] | None = None

    async def start(self, url: str, secret: str) -> None:
        await self.stop()
        if url:
            self.url, self.secret = url, secret
            self._task = asyncio.create_task(self._run(), name="bot_api.webhook")

    async def stop(self) -> None:
        self.url = ""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                now = asyncio.get_running_loop().time()
                await asyncio.gather(*(self._post(session, item) for item in self.queue.heads(now)))
                await asyncio.sleep(0.01)

    async def _post(self, session: aiohttp.ClientSession, item: Pending) -> None:
        headers = {SECRET_HEADER: self.secret} if self.secret else {}
        try:
            async with session.post(self.url, json=item.update, headers=headers) as answer:
                status, body = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            status, body = 0, b""
        self.statuses.append(status)
        if 200 <= status < 300:
            self.bodies.append(body)
            self.queue.confirm(item)
        else:
            item.not_before = asyncio.get_running_loop().time() + self.retry_seconds
