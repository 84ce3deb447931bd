"""Thirty people in three cycles meet with everything, whatever the seed: in a town that has no database."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, cast

import pytest

from bot.messages import Choice, Kind, Outbound, Press
from bot.rehearsal.body import Body
from bot.rehearsal.dealing import TWO_PHONES, deal, lots
from bot.rehearsal.ledger import Act, Agreed, Ledger, Order
from bot.rehearsal.life import Life
from bot.rehearsal.people import Person
from bot.rehearsal.persona import PERSONAS
from bot.rehearsal.phones import Phone
from bot.rehearsal.plain.calendar import ARMS, cycle_starts
from bot.rehearsal.played import KINDS, played
from bot.rehearsal.rates import load
from bot.rehearsal.town import KINDS as PHONES
from bot.rehearsal.town import OF_KINDS
from tests.rehearsal.test_sitting import BEGIN

ENDS = BEGIN + timedelta(days=84)
# What needs a screen, or letters: not seen here.
ON_SCREENS = ("answer", "correction", "other words", "alerts")
STOP = Outbound("1", "", tuple(Choice("", Press("t", one)) for one in ("pause", "withdraw", "yes")))


class Place:
    """As much of a town as its people's lives need. Every order is carried out, every button is there."""

    def __init__(self, seed: int, *, deaf: bool = False) -> None:
        self.now, self.deaf, self.plans = (
            BEGIN,
            deaf,
            list[tuple[datetime, int, Callable[[], Awaitable[None]]]](),
        )
        self.numbers, self.undone = itertools.count(), Counter[str]()
        self.house = self
        life = Life(cast("Any", self), cast("Any", self), load(), self.at, str(seed))
        kinds = deal(PHONES, OF_KINDS, 30, Random(seed))
        life.lots, self.life = lots(kinds, Random(seed)), life
        self.people = [someone(number, kind) for number, kind in enumerate(kinds)]

    def at(self, when: datetime, act: Callable[[], Awaitable[None]]) -> None:
        heapq.heappush(self.plans, (when, next(self.numbers), act))

    async def order(self, person: Person, what: str, start: datetime | None = None, **more: Any) -> bool:
        person.ledger.orders.append(Order(self.now, start or self.now, what, **more))
        return True

    async def release(self, person: Person, on: date) -> bool:
        return await self.order(person, "cycle", cycle=max(cycle_starts(person.ledger.orders)) + 1, on=on)

    async def say(self, person: Person, phone: Phone, words: str) -> Act:
        return await self.do(person, phone, Kind.TEXT, text=words)

    async def do(self, person: Person, phone: Phone, kind: Kind, **given: Any) -> Act:
        act = Act(self.now, phone.address, phone.channel, "", given.get("text", ""))
        person.ledger.acts.append(act)
        if given.get("heard"):
            given["heard"](self.now)
        return act

    async def look(self, person: Person, phone: Phone) -> None:
        return None

    def question(self, person: Person, phone: Phone) -> tuple[str, Outbound] | None:
        stopping = "停止" in [act.what for act in person.ledger.acts[-2:]]  # then come how, and yes
        return ("1", STOP) if stopping and not self.deaf else None

    async def run(self) -> None:
        for person in self.people:
            self.life.begin_cycle(person)
        while self.plans and self.plans[0][0] < ENDS:
            self.now, _, act = heapq.heappop(self.plans)
            await act()


def someone(number: int, kind: str) -> Person:
    arm, first = sorted(ARMS)[number % 3], date(2027, 1, 12)
    ledger = Ledger(number, "REA", arm, agreed=[Agreed(BEGIN, "1", True)])
    ledger.orders += [
        Order(BEGIN, BEGIN, "arm", arm),
        Order(BEGIN, BEGIN, "cycle", cycle=1, on=first),
        Order(BEGIN, BEGIN, "habit", "Asia/Shanghai 08:00 21:30 07:30"),
    ]
    phones = [Phone("1", "web" if kind in ("web", "notice") else "telegram")]
    phones += [Phone("2", "telegram" if kind == "helped" else "web")] if kind in TWO_PHONES else []
    family = frozenset({"1"} if kind == "family" else {"2"} if kind == "helped" else ())
    body = Body(arm, Random(number), load(), first)
    return Person(ledger, PERSONAS[number % 6], Random(number), body, phones, "Asia/Shanghai", "0000", family)


@pytest.mark.parametrize("seed", range(8))
async def test_everything_befalls_somebody(seed: int) -> None:
    place = Place(seed)
    await place.run()
    found = played(place.people, {})
    seen = [kind for kind in KINDS if not kind.startswith(ON_SCREENS)]
    assert [kind for kind in seen if not found[kind]] == []


async def test_what_never_comes_about_is_counted() -> None:
    place = Place(1, deaf=True)
    await place.run()
    found = played(place.people, {})
    assert not found["pauses"] and not found["withdrawals"]
    assert place.undone["pause"] >= 2 and place.undone["withdrawal"] >= 2
    tried = [act for one in place.people for act in one.ledger.acts if act.what == "停止"]
    assert len(tried) == 3 * place.undone.total()
