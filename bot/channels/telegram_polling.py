"""Asks Telegram for updates, one bot, one process at a time; bot.app's lock sees to that.

The offset moves only after `accept` has returned, because the next request with it deletes what came before.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar
from urllib.parse import urlencode

from telegram.error import TelegramError

from bot.channels.base import Accept
from bot.channels.telegram import POLL_SECONDS, TelegramChannel
from bot.channels.telegram_updates import ALLOWED_UPDATES, is_update, parse
from bot.channels.telegram_wire import meaning
from bot.errors import TooFast

logger = logging.getLogger(__name__)

GAP_SECONDS = 150.0  # Telegram's server forgets a tap after that time
MOST_WAIT_SECONDS = 30.0
T = TypeVar("T")
OnGap = Callable[[float], Awaitable[None]]
OnAlive = Callable[[], Awaitable[None]]


async def poll(
    channel: TelegramChannel,
    accept: Accept,
    on_gap: OnGap,
    stop: asyncio.Event,
    *,
    jitter: random.Random,
    silent_for: float = 0.0,
    on_alive: OnAlive | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Poll until `stop` is set; then ends after the `accept` that runs. What was not confirmed comes again.

    `on_gap(seconds)` is awaited once, after the waiting updates were stored, when more than 150 s lay between
    two successful polls: taps made meanwhile may be lost. `silent_for` is the silence in seconds before this
    call, where somebody remembers it; `on_alive` is awaited after each successful poll, to remember it.
    """
    poller = _Poller(channel, accept, on_gap, on_alive, stop, clock, clock() - silent_for)
    failures = 0
    while not stop.is_set():
        wait = await poller.turn()
        failures = 0 if wait is None else failures + 1
        if wait is not None:
            usual = min(MOST_WAIT_SECONDS, 2.0 ** min(failures - 1, 5)) * jitter.uniform(0.5, 1.0)
            await _or_stop(stop, asyncio.sleep(wait or usual))


async def _or_stop(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T | None:
    """What `work` comes to, or None when `stop` came first: then it is given up."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.wait({working, stopping})


class _Poller:
    """What is remembered from one request to the next."""

    def __init__(
        self,
        channel: TelegramChannel,
        accept: Accept,
        on_gap: OnGap,
        on_alive: OnAlive | None,
        stop: asyncio.Event,
        clock: Callable[[], float],
        heard_at: float,
    ) -> None:
        self.channel, self.accept, self.on_gap, self.on_alive = channel, accept, on_gap, on_alive
        self.stop, self.clock, self.heard_at = stop, clock, heard_at
        self.offset: int | None = None

    async def turn(self) -> float | None:
        """One request and its updates. None: go on at once. Else wait: seconds; 0 is the usual back-off."""
        try:
            updates = await _or_stop(self.stop, self._ask())
        except (TelegramError, KeyError) as error:  # KeyError: an answer of 200 without a result
            return self._ask_failed(error)
        if updates is None:
            return None
        try:
            for update in sorted(updates, key=lambda update: int(update["update_id"])):
                if self.stop.is_set():
                    return None
                await self._take(update)
            await self._tell()
        except Exception as error:  # noqa: BLE001 - whatever it is: not confirmed, so the same updates come again
            kind = type(error).__name__
            logger.error(
                "An update could not be stored; it will be asked for again",
                extra={"action": "telegram.accept_failed", "account": self.channel.account, "error": kind},
            )
            return 0.0
        return None

    async def _ask(self) -> list[dict[str, Any]]:
        """Raw updates: the library's own get_updates gives up a whole batch for one that it cannot read."""
        asked: dict[str, Any] = {"timeout": POLL_SECONDS, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if self.offset is not None:
            asked["offset"] = self.offset
        answer: Any = await self.channel.polls.post(
            f"{self.channel.bot.base_url}/getUpdates?{urlencode(asked)}"
        )
        if not isinstance(answer, list):
            raise TelegramError("Invalid server response")
        return [update for update in answer if is_update(update)]

    async def _take(self, update: dict[str, Any]) -> None:
        inbound = parse(update, self.channel.bot)
        if inbound is not None:
            await self.accept(inbound)
            self.channel.answer_soon(inbound)
        self.offset = int(update["update_id"]) + 1

    async def _tell(self) -> None:
        """A poll counts once its updates are stored: taps also die at Telegram while our database is away."""
        silence = self.clock() - self.heard_at
        if silence > GAP_SECONDS:
            await self.on_gap(silence)
        self.heard_at = self.clock()
        if self.on_alive is not None:
            await self.on_alive()

    def _ask_failed(self, error: TelegramError | KeyError) -> float:
        why = meaning(error)
        severe = why.code in {"bad_token", "conflict"}  # another poller, or a token that was revoked
        logger.log(
            logging.ERROR if severe else logging.WARNING,
            "Telegram could not be asked for updates",
            extra={"action": "telegram.poll_failed", "account": self.channel.account, "code": why.code},
        )
        return why.retry_after_seconds if isinstance(why, TooFast) else 0.0
