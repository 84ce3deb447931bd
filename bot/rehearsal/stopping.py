"""Somebody stops the messages, on whichever of his phones: for some days, or by taking back his consent.

His relative may not know yet, and tells of a dose the day after: the ledger has nothing of it, as the record must not.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from bot.messages import Kind
from bot.rehearsal.ledger import Agreed, Order
from bot.rehearsal.people import Person
from bot.rehearsal.phones import Phone

if TYPE_CHECKING:
    from bot.rehearsal.life import Life

TRIES = 3  # on as many days, where a fault let it end half-way
Heard = Callable[[datetime], None]


def pause(life: Life, person: Person, on: date, chance: Random) -> None:
    days = chance.randrange(3, 11)

    def becomes(status: str) -> Heard:
        return lambda at: person.ledger.orders.append(Order(at, at, "status", status))

    async def stop(phone: Phone) -> bool:
        async def again() -> None:
            if not person.agrees():
                return  # who took his consent back meanwhile has no reminders to go on with
            await life.hands.do(person, phone, Kind.TEXT, text="恢复提醒", heard=becomes("active"))

        done = await _stopped(life, person, phone, "pause", becomes("paused"))
        if done:
            life.plan(person, person.today(life.hands.house.now) + timedelta(days=days), 15, again)
        return done

    _plan(life, person, on, 15, chance, "pause", stop)


def withdrawal(life: Life, person: Person, on: date, chance: Random) -> None:
    async def stop(phone: Phone) -> bool:
        def withdrawn(at: datetime) -> None:
            person.ledger.agreed.append(Agreed(at, phone.address, False))

        done = await _stopped(life, person, phone, "withdraw", withdrawn)
        for one in person.phones:
            if done and one.address in person.family and person.linked(one):
                tomorrow = person.today(life.hands.house.now) + timedelta(days=1)
                life.plan(person, tomorrow, 18.5, partial(_told_all_the_same, life, person, one))
        return done

    _plan(life, person, on, 16, chance, "withdrawal", stop)


async def _told_all_the_same(life: Life, person: Person, phone: Phone) -> None:
    if not person.agrees():  # a restored database knows of no withdrawal, and neither does he then
        await life.hands.say(person, phone, "吃了")


def own(person: Person) -> list[Phone]:
    """On which he himself is heard: no relative's, and no messenger that only tells him to look at his page."""
    linked = [one for one in person.phones if person.linked(one)] or person.phones
    his = [one for one in linked if one.address not in person.family] or linked
    return his[:1] if person.phones[0].channel == "web" else his


def _plan(
    life: Life,
    person: Person,
    on: date,
    hour: float,
    chance: Random,
    what: str,
    stop: Callable[[Phone], Awaitable[bool]],
) -> None:
    """On that day, or the next days where it was cut short. What never came about is counted."""
    left = TRIES

    async def begin() -> None:
        nonlocal left
        left -= 1
        if person.agrees() and await stop(chance.choice(own(person))):
            return
        if person.agrees() and left:
            life.plan(person, person.today(life.hands.house.now) + timedelta(days=1), hour, begin)
        else:
            life.office.undone[what] += 1

    life.plan(person, on, hour, begin)


async def _stopped(life: Life, person: Person, phone: Phone, how: str, heard: Heard) -> bool:
    """The words, the button, and yes, which is `heard` sooner or later. False where a fault let it end half-way."""
    hands = life.hands
    await hands.say(person, phone, "停止")
    for answer in (how, "yes"):
        if phone.channel == "web":
            await hands.look(person, phone)
        found = hands.question(person, phone)
        choices = {one.press.answer: one.press for one in found[1].choices if one.press} if found else {}
        if found is None or answer not in choices:
            return False
        then = heard if answer == "yes" else None
        await hands.do(person, phone, Kind.CHOICE, press=choices[answer], ref=found[0], heard=then)
    return True
