"""What befalls virtual people: two things of one day do not get into each other's way."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast

from bot.rehearsal import rates
from bot.rehearsal.life import ASIDES, DANGERS, Life
from tests.rehearsal.test_sitting import BEGIN, person


async def test_words_of_danger_are_not_those_of_the_same_days_chat() -> None:
    one, planned, said = person(), list[Callable[[], Awaitable[None]]](), list[str]()

    async def say(_person: Any, _phone: Any, words: str) -> None:
        said.append(words)

    def at(_when: datetime, act: Callable[[], Awaitable[None]]) -> None:
        planned.append(act)

    hands = cast("Any", SimpleNamespace(house=SimpleNamespace(now=BEGIN), say=say, question=lambda *_: None))
    known = rates.load()
    only = dict.fromkeys(known.daily, 0.0) | {"danger_words": 1.0, "aside": 1.0}
    Life(cast("Any", None), hands, dataclasses.replace(known, daily=only), at, "1").begin_day(
        one, date(2027, 1, 13)
    )
    for act in planned[:2]:
        await act()
    assert said[0] in dict(DANGERS) and said[1] in ASIDES
