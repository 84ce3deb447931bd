"""Two sites with one participant each, and a few days of their lives in every table."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bot.messages import Kind, Media
from bot.rehearsal.phones import Phone
from bot.rehearsal.stage import Stage
from bot.services.context import Ctx
from bot.services.enrolment import (
    Enrolled,
    NewParticipant,
    NewSite,
    NewStaff,
    add_site,
    add_staff,
    enrol,
)
from tests.support.house import STAFF, Town, opened
from tests.support.snapshots import once

SHANGHAI = ZoneInfo("Asia/Shanghai")
BEFORE_FIRST_DOSE = datetime(2026, 11, 2, 7, 50, tzinfo=SHANGHAI)
FIRST_DOSE = datetime(2026, 11, 2, 8, 0, tzinfo=SHANGHAI)
HALF_PAST_NINE = {
    "dose_time": time(9, 30),
    "quiet_from": time(21, 30),
    "quiet_to": time(7, 30),
    "zone": "Asia/Shanghai",
}
LINKING = ("1", "1", "1", "1", "1")  # myself, agree, agree, keep, keep

# Everything that may stand in the database under a key only. Nothing of it occurs in a rule, a text or a file name.
NAMES = ("李桂兰", "赵德胜")
PHONES = ("13900001234", "13700005678")
ADDRESSES = ("chat-7001", "chat-7002")
WORDS = ("我妹妹叫小红她周五来陪我", "隔壁的花猫又来讨食了")


@dataclass(frozen=True, slots=True)
class Person:
    enrolled: Enrolled
    phone: Phone
    site_id: int

    @property
    def participant_id(self) -> int:
        return self.enrolled.participant_id


@dataclass(frozen=True, slots=True)
class House:
    ctx: Ctx
    stage: Stage
    people: tuple[Person, ...]


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Town]:
    """A site with one nurse at ten to eight, and nobody enrolled."""
    async with opened(unmade_url, BEFORE_FIRST_DOSE) as town:
        yield town


@pytest.fixture
async def house(town: Town) -> House:
    """Two sites, a linked participant of the lenalidomide arm in each, ten minutes before the first dose."""
    phones, people = await once(town.ctx, "two sites, each with somebody linked", lambda: _house(town))
    return _at_home(town.ctx, phones, people)


def _at_home(ctx: Ctx, phones: dict[str, Phone], people: tuple[Person, ...]) -> House:
    stage = Stage(ctx)
    stage.phones = phones
    return House(ctx, stage, people)


async def _house(town: Town) -> tuple[dict[str, Phone], tuple[Person, ...]]:
    stage = Stage(town.ctx)
    async with town.ctx.begin() as tx:
        other = await add_site(
            tx, NewSite("OTH", "另一家医院", "Asia/Shanghai", "zh_Hans_CN", "020-87654321", "full"), "test"
        )
        nurse = NewStaff("OTH", "nurse", "孙护士", "other@example.org", "zh_Hans_CN")
        await add_staff(tx, nurse, "test")
    people = []
    for number, site in enumerate(("TST", "OTH")):
        enrolled = await _enrolled(town.ctx, site, number)
        phone = stage.phone(ADDRESSES[number])
        await link(stage, phone, enrolled.invited.code, PHONES[number])
        people.append(Person(enrolled, phone, other if number else other - 1))
    return stage.phones, tuple(people)


async def _enrolled(ctx: Ctx, site: str, number: int) -> Enrolled:
    async with ctx.begin() as tx:
        new = NewParticipant(
            "nct04217967",
            site,
            "lenalidomide",
            date(2026, 11, 2),
            time(8, 0),
            NAMES[number],
            PHONES[number],
            "female",
            1956,
        )
        return await enrol(tx, new, STAFF)


async def link(stage: Stage, phone: Phone, code: str, number: str) -> None:
    await stage.hear(phone, Kind.START, text=code)
    for words in (number[-4:], *LINKING):
        await stage.say(phone, words)


@pytest.fixture
async def lived(house: House) -> House:
    """The same two after some days: doses answered and not, words to the nurse, a picture, danger, a correction, a hold."""
    phones, people = await once(house.ctx, "the same two after some days", lambda: _live(house))
    return _at_home(house.ctx, phones, people)


async def _live(house: House) -> tuple[dict[str, Phone], tuple[Person, ...]]:
    stage = house.stage
    await stage.move_to(FIRST_DOSE)
    for person, words in zip(house.people, WORDS, strict=True):
        phone = person.phone
        await stage.say(phone, "没吃")
        await stage.say(phone, words)  # why not: relayed, and kept with the report
        await stage.say(phone, "联系护士")
        await stage.say(phone, words)
        await stage.hear(phone, Kind.MEDIA, text=words, media=Media("picture", words.encode()))
        await stage.say(phone, f"{words}，胸口疼")
        await stage.say(phone, words)
        await stage.hear(phone, Kind.EDITED, text=words)
    await stage.say(stage.phone("stranger-1"), WORDS[0])
    await stage.move_to(datetime(2026, 11, 4, 8, 0, tzinfo=SHANGHAI))
    for person in house.people:
        await stage.say(person.phone, "医生让我停")
    await stage.move_to(datetime(2026, 11, 8, 21, 0, tzinfo=SHANGHAI))
    for person in house.people:
        for words in ("停止", "暂停提醒", "对", "恢复提醒"):
            await stage.say(person.phone, words)
    return stage.phones, house.people
