"""The patients at their phones: they wait for the reminder, tap what they see, then write without waiting for answers.

They look at the fake Bot API as at a screen, and at the database only to know when the bot has heard them.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.rehearsal.bot_api.server import FakeBotApi
from bot.rehearsal.real.patients import Patient
from bot.rehearsal.real.town import Person
from bot.services.context import Ctx

LOOK_SECONDS = 4.0  # so long somebody looks for a button before writing the same in words
_ASKED = text(
    "SELECT participant_id FROM outbound_message WHERE purpose = 'prompt' AND settled_at IS NOT NULL"
)
_HANDLED = text(
    "SELECT participant_id AS pid, count(*) AS n FROM inbox_message WHERE state <> 'pending' GROUP BY 1"
)


def chat_of_tap(update: Mapping[str, Any]) -> int | None:
    """None when the update is no tap."""
    tap = update.get("callback_query")
    return int(tap["message"]["chat"]["id"]) if tap else None


@dataclass
class Crowd:
    """`pause`: seconds between somebody's words. `fed`: how many updates each participant has made. `answered`: tokens of
    questions that need no more taps.
    """

    ctx: Ctx
    api: FakeBotApi
    chance: Random
    pause: float = 0.0
    fed: Counter[int] = field(default_factory=Counter)
    answered: set[str] = field(default_factory=set)
    asked: frozenset[int] = frozenset()
    handled: Mapping[int, int] = field(default_factory=dict)
    looked: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def watch(self) -> None:
        """Look into the database for all of them, until cancelled."""
        while True:
            with contextlib.suppress(SQLAlchemyError, OSError):  # connections are lost on purpose
                async with self.ctx.begin() as tx:
                    self.asked = frozenset((await tx.execute(_ASKED)).scalars())
                    self.handled = {row.pid: row.n for row in (await tx.execute(_HANDLED)).all()}
            async with self.looked:
                self.looked.notify_all()
            await asyncio.sleep(0.2)

    async def _until(self, condition: Callable[[], bool]) -> None:
        async with self.looked:
            await self.looked.wait_for(condition)

    async def live(self, person: Person, patient: Patient) -> None:
        pid = person.participant_id
        await self._until(lambda: pid in self.asked)
        for button, words in (("查看", ""), *patient.taps):
            await self._tap(person, button, words)
        for words in patient.words:
            self._say(person, words)
            await asyncio.sleep(self.chance.uniform(0, 0.2 + 2 * self.pause))

    async def _heard(self, person: Person) -> None:
        """Until all is handled that he did, but for the taps that the messenger forgot."""
        pid = person.participant_id
        await self._until(lambda: self.handled.get(pid, 0) >= self.fed[pid] - self._forgotten(person.chat))

    def _forgotten(self, chat: int) -> int:
        return sum(chat_of_tap(update) == chat for update in self.api.queue.lost)

    async def _tap(self, person: Person, button: str, words: str) -> None:
        """Tap such a button, sometimes twice, and again where nobody fetched it in time; where none appears, its message was
        lost on the way: write instead.
        """
        while (found := await self._find(person.chat, button)) is not None:
            message_id, data = found
            token, forgotten = data.partition(":")[0], self._forgotten(person.chat)
            if words:
                self.answered.add(token)
            times = self.chance.choice((1, 1, 2))
            for _ in range(times):
                self.api.press(person.chat, message_id, data, stale=True)
                self.fed[person.participant_id] += 1
            await self._heard(person)
            if self._forgotten(person.chat) < forgotten + times:
                return
            self.answered.discard(token)
        if words:
            self._say(person, words)
            await self._heard(person)

    async def _find(self, chat: int, button: str) -> tuple[int, str] | None:
        """The newest such button, and what it carries. One whose question was answered already is only left over there."""
        for _ in range(round(LOOK_SECONDS / 0.1)):
            for shown in reversed(self.api.visible(chat)):
                data = dict(shown.buttons).get(button, "") if shown.by_bot else ""
                if data and data.partition(":")[0] not in self.answered:
                    return shown.message_id, data
            await asyncio.sleep(0.1)
        return None

    def _say(self, person: Person, words: str) -> None:
        self.api.say(person.chat, words)
        self.fed[person.participant_id] += 1
