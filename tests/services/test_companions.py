"""Medicines beside the study drugs on the real database: set by staff, asked once a week, and known to the rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.db.alerts import Alert
from bot.db.companions import CompanionAnswer, CompanionChoice
from bot.db.timers import Timer
from bot.errors import Refused
from bot.services import companions, known_facts, planning
from bot.services.dosing import Author
from tests.services.test_symptom_checks import Home, settled
from tests.support.house import opened

SHANGHAI = ZoneInfo("Asia/Shanghai")
STAFF = Author("staff:1", "staff")


def at(day: int, hour: int = 8) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=SHANGHAI)


@pytest.fixture
async def home(database_url: str) -> AsyncIterator[Home]:
    async with opened(database_url, at(5, 20)) as town:
        yield await settled(town)


async def choose(home: Home, matter: str, choice: str = "on") -> None:
    async with home.ctx.begin() as tx:
        await companions.choose(tx, home.who.participant_id, matter, choice, date(2026, 11, 1), STAFF)
        await planning.replan(tx, home.who.participant_id)


async def planned(home: Home) -> list[str]:
    async with home.ctx.begin() as tx:
        query = select(Timer).where(Timer.kind == "visit", Timer.state == "waiting").order_by(Timer.due_at)
        rows = await tx.all(query)
    return [f"{row.due_at.astimezone(SHANGHAI):%m-%d} {row.payload['talk']}" for row in rows]


async def test_one_question_a_week_for_what_staff_have_set(home: Home) -> None:
    assert await planned(home) == []
    await choose(home, "aspirin")
    await choose(home, "acyclovir")
    assert await planned(home) == ["11-06 prophylaxis", "11-13 prophylaxis"]
    await choose(home, "acyclovir")
    assert len(await home.rows(CompanionChoice)) == 2, "the same again writes nothing"
    await home.stage.move_to(at(6, 12))
    await home.press("查看", "都吃了", "医生让停")
    found = [(row.matter, row.answer) for row in await home.rows(CompanionAnswer)]
    assert found == [("acyclovir", "taken"), ("aspirin", "stopped")]
    kinds = [(row.kind, row.tier) for row in await home.rows(Alert)]
    assert ("companion_stopped", "routine") in kinds


async def test_rules_know_of_aspirin_as_long_as_it_is_on(home: Home) -> None:
    for choice, expected in (("on", {"aspirin": "yes"}), ("off", {})):
        await choose(home, "aspirin", choice)
        async with home.ctx.begin() as tx:
            assert await known_facts.of_participant(tx, home.who.participant_id, 28) == expected
    assert await planned(home) == []


async def test_an_unknown_matter_is_refused(home: Home) -> None:
    with pytest.raises(Refused):
        await choose(home, "warfarin")


async def test_something_new_goes_to_the_nurse(home: Home) -> None:
    await home.stage.move_to(at(25, 12))
    await home.press("查看")
    await home.say("有", "朋友给的灵芝孢子粉")
    kinds = [(row.kind, row.tier) for row in await home.rows(Alert)]
    assert ("new_medicine", "routine") in kinds
    assert ("relay", "routine") in kinds
    assert [(row.matter, row.answer) for row in await home.rows(CompanionAnswer)] == [
        ("interactions", "something_new")
    ]
