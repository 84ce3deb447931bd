"""Telegram's queue of updates for one bot: offsets, expiry, one poller at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.rehearsal.bot_api.params import ApiError

Update = dict[str, Any]
TAP_SECONDS = 150.0
MESSAGE_SECONDS = 24 * 3600.0
_FUTURE_STEPS = 10  # an offset further ahead than this is taken for a leftover of an older numbering


@dataclass(slots=True, eq=False)
class Pending:
    update: Update
    expires_at: float
    line: str  # messages of a chat are one line of waiting updates, its taps another
    not_before: float = 0.0  # webhook: when to try again, on the event loop's clock

    @property
    def id(self) -> int:
        return int(self.update["update_id"])


@dataclass(slots=True)
class UpdateQueue:
    clock: Callable[[], float]
    random: Random
    next_id: int = 700_000_001
    pending: list[Pending] = field(default_factory=list)
    made: list[int] = field(default_factory=list)  # every number that was given, in this order
    lost: list[Update] = field(default_factory=list)  # expired before anybody confirmed them
    confirmed: list[int] = field(default_factory=list)
    allowed: frozenset[str] | None = None
    repeats: int = 0  # so many confirmed updates are delivered once more
    shuffled: bool = False
    _again: list[Update] = field(default_factory=list)
    _waiting: asyncio.Future[None] | None = None

    def add(self, kind: str, body: dict[str, Any], line: str, sent_at: float | None = None) -> int | None:
        """The update's id; None when the bot did not ask for this kind."""
        if self.allowed is not None and kind not in self.allowed:
            return None
        lives = TAP_SECONDS if kind == "callback_query" else MESSAGE_SECONDS
        update: Update = {"update_id": self.next_id, kind: body}
        self.pending.append(Pending(update, (sent_at or self.clock()) + lives, line))
        self.made.append(self.next_id)
        self.next_id += 1
        self._wake()
        return int(update["update_id"])

    def add_raw(self, update: Update) -> None:
        """Any object at all, as it is."""
        self.pending.append(Pending(update, self.clock() + MESSAGE_SECONDS, "raw"))
        self._wake()

    def jump(self) -> int:
        """After a week of silence the numbering starts anew anywhere. Returns the next id."""
        if self.pending:
            raise ValueError("a jump comes after a week of silence: nothing can be waiting")
        self.next_id = self.random.randrange(1_000, 2_000_000_000)
        return self.next_id

    async def get(self, offset: int, limit: int, timeout: float) -> list[Update]:
        """One getUpdates. A second one ends the first with 409."""
        if self._waiting and not self._waiting.done():
            words = "terminated by other getUpdates request; make sure that only one bot instance is running"
            self._waiting.set_exception(ApiError(409, f"Conflict: {words}"))
        self._confirm_before(offset)
        found = self._ready(limit)
        if not found and timeout > 0:
            await self._news(timeout)
            found = self._ready(limit)
        return found

    def heads(self, now: float) -> list[Pending]:
        """The first of each line that may be tried now: what a webhook gets at the same time."""
        self._expire()
        again = [
            Pending(update, self.clock() + TAP_SECONDS, f"again{n}") for n, update in enumerate(self._again)
        ]
        self._again.clear()
        self.pending[:0] = again
        first = {item.line: item for item in reversed(self.pending)}
        return [item for item in first.values() if item.not_before <= now]

    def confirm(self, item: Pending) -> None:
        if item in self.pending:
            self.pending.remove(item)
            self.confirmed.append(item.id)
            if self.repeats > 0:
                self.repeats -= 1
                self._again.append(item.update)

    def _confirm_before(self, offset: int) -> None:
        if offset < 0:
            for item in self.pending[:offset]:
                self.confirm(item)
        elif offset <= self.next_id + _FUTURE_STEPS:
            for item in [item for item in self.pending if item.id < offset]:
                self.confirm(item)

    def _ready(self, limit: int) -> list[Update]:
        self._expire()
        again, self._again = self._again, []
        found = [*again, *(item.update for item in self.pending)][:limit]
        if self.shuffled:
            self.random.shuffle(found)
        return found

    def _expire(self) -> None:
        now = self.clock()
        self.lost += [item.update for item in self.pending if item.expires_at <= now]
        self.pending = [item for item in self.pending if item.expires_at > now]

    async def _news(self, timeout: float) -> None:
        waiting = self._waiting = asyncio.get_running_loop().create_future()
        await asyncio.wait({waiting}, timeout=timeout)
        if waiting.done():
            waiting.result()
        else:
            waiting.cancel()

    def _wake(self) -> None:
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)
