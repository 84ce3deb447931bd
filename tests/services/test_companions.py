"""Medicines beside the study drugs on the real database: set by staff, asked once a week, and known to the rules."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update

from bot.db.alerts import Alert
from bot.db.companions import CompanionAnswer, CompanionChoice
from bot.db.doses import DoseReport
from bot.db.people import Consent
from bot.db.timers import Timer
from bot.errors import Refused
from bot.services import companions, known_facts, people, planning, timeline, visit_plan, wishes
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.people import Who
from schedules.companions import medicines
from tests.services.conftest import HALF_PAST_NINE
from tests.services.test_symptom_checks import Home, settled
from tests.support.house import opened

SHANGHAI = ZoneInfo("Asia/Shanghai")
STAFF = Author("staff:1", "staff")
FIRST = "11-06 interactions"  # asked once, the day after the welcome


def at(day: int, hour: int = 8) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=SHANGHAI)


@pytest.fixture
async def home(unmade_url: str) -> AsyncIterator[Home]:
    async with opened(unmade_url, at(5, 20)) as town:
        yield await settled(town)


async def choose(home: Home, matter: str, choice: str = "on", **how: Any) -> None:
    async with home.ctx.begin() as tx:
        new = companions.NewChoice(matter, choice, date(2026, 11, 1), **how)
        await companions.choose(tx, home.who.participant_id, new, STAFF)
        await planning.replan(tx, home.who.participant_id)


async def planned(home: Home) -> list[str]:
    async with home.ctx.begin() as tx:
        query = select(Timer).where(Timer.kind == "visit", Timer.state == "waiting").order_by(Timer.due_at)
        rows = await tx.all(query)
    return [f"{row.due_at.astimezone(SHANGHAI):%m-%d} {row.payload['talk']}" for row in rows]


async def test_one_question_a_week_for_what_staff_have_set(home: Home) -> None:
    assert await planned(home) == [FIRST]
    await choose(home, "aspirin")
    await choose(home, "acyclovir")
    assert await planned(home) == [FIRST, "11-06 prophylaxis", "11-13 prophylaxis"]
    await choose(home, "acyclovir")
    assert len(await home.rows(CompanionChoice)) == 2, "the same again writes nothing"
    await home.stage.move_to(at(6, 12))
    await home.press("查看", "都吃了", "医生让停")
    found = [(row.matter, row.answer) for row in await home.rows(CompanionAnswer)]
    assert found == [("acyclovir", "taken"), ("aspirin", "stopped")]
    kinds = [(row.kind, row.tier) for row in await home.rows(Alert)]
    assert ("companion_stopped", "routine") in kinds


async def test_today_is_the_day_where_the_person_lives(home: Home) -> None:
    await home.stage.move_to(at(6, 1))  # in UTC it is still the fifth
    async with home.ctx.begin() as tx:
        await companions.choose(tx, home.who.participant_id, companions.NewChoice("aspirin", "on"), STAFF)
    assert [row.since for row in await home.rows(CompanionChoice)] == [date(2026, 11, 6)]


async def test_rules_know_of_aspirin_as_long_as_it_is_on(home: Home) -> None:
    for choice, expected in (("on", {"aspirin": "yes"}), ("off", {})):
        await choose(home, "aspirin", choice)
        async with home.ctx.begin() as tx:
            assert await known_facts.of_participant(tx, home.who.participant_id, 28) == expected
    assert await planned(home) == [FIRST]


async def test_an_unknown_matter_is_refused(home: Home) -> None:
    with pytest.raises(Refused):
        await choose(home, "warfarin")


async def test_something_new_goes_to_the_nurse(home: Home) -> None:
    await home.stage.move_to(at(6, 12))
    await home.press("查看")
    await home.say("有", "朋友给的灵芝孢子粉")
    kinds = [(row.kind, row.tier) for row in await home.rows(Alert)]
    assert ("new_medicine", "routine") in kinds
    assert ("relay", "routine") in kinds
    assert [(row.matter, row.answer) for row in await home.rows(CompanionAnswer)] == [
        ("interactions", "something_new")
    ]


async def test_what_is_asked_once_is_planned_once_and_the_month_counts_from_it(home: Home) -> None:
    for _ in range(2):
        async with home.ctx.begin() as tx:
            who = (await people.reachable(tx, home.who.participant_id))[0]
            await visit_plan.welcomed(tx, who)
            assert await planning.replan(tx, home.who.participant_id) == planning.Change()
    assert await planned(home) == [FIRST]
    await home.stage.move_to(at(6, 12))
    await home.press("查看", "没有")
    await home.stage.move_to(at(30, 12))  # the month's own day was the 25th: 19 days after the first
    asked = [
        row.due_on.isoformat() for row in await home.rows(CompanionAnswer) if row.matter == "interactions"
    ]
    assert asked == ["2026-11-06"]
    assert "12-04 interactions" in await planned(home)


async def test_who_was_welcomed_before_keeps_the_month(home: Home) -> None:
    async with home.ctx.begin() as tx:  # as if the study had not asked it then
        await tx.execute(update(Timer).where(Timer.kind == "visit").values(state="cancelled", key="never"))
        who = (await people.reachable(tx, home.who.participant_id))[0]
        await tx.execute(insert(Consent).values(**await daughters(tx, who)))
        await visit_plan.welcomed(tx, who)
        await planning.replan(tx, home.who.participant_id)
    assert await planned(home) == []
    await home.stage.move_to(at(20, 12))
    assert "11-25 interactions" in await planned(home)


async def daughters(tx: Tx, who: Who) -> dict[str, Any]:
    """One more consent about the same participant, as a relative gives it who joins later."""
    row = await tx.first(
        select(Consent.__table__).where(Consent.participant_id == who.participant_id).limit(1)
    )
    assert row is not None
    return {name: value for name, value in row._mapping.items() if name != "consent_id"}


async def test_it_moves_with_the_hour(home: Home) -> None:
    async with home.ctx.begin() as tx:
        await wishes.keep_habit(tx, home.who.participant_id, HALF_PAST_NINE, STAFF)
        assert await planning.replan(tx, home.who.participant_id) == planning.Change()
    rows = [row for row in await home.rows(Timer) if row.kind == "visit" and row.state == "waiting"]
    assert [(f"{row.due_at.astimezone(SHANGHAI):%H:%M}", row.payload["due_at"]) for row in rows] == [
        ("09:30", rows[0].due_at.isoformat())
    ]


async def test_daily_is_asked_on_days_without_a_dose_and_once(home: Home) -> None:
    await choose(home, "aspirin", rhythm="daily")
    await choose(home, "acyclovir", rhythm="daily", starts_on=date(2026, 11, 8))
    await choose(home, "tmp_smx")
    days = await planned(home)
    assert "11-06 daily" in days
    assert "11-09 daily" not in days, "a day with a dose brings it along"
    assert days.count("11-06 prophylaxis") == 1, "tmp_smx stays weekly"
    async with home.ctx.begin() as tx:
        assert await planning.replan(tx, home.who.participant_id) == planning.Change()
    await home.stage.move_to(at(7, 8))
    await home.press("查看", "吃了")
    await home.stage.move_to(at(8, 12))
    found = [(row.matter, row.answer, row.due_on.day) for row in await home.rows(CompanionAnswer)]
    assert found == [("aspirin", "taken", 7)]
    async with home.ctx.begin() as tx:
        course = await timeline.load(tx, home.who.participant_id)
        assert medicines(course.companions, tx.now, "daily") == ("acyclovir", "aspirin")
        assert await tx.all(select(DoseReport)) == []


async def test_daily_is_for_medicines_and_for_days_to_come(home: Home) -> None:
    for matter, how in (
        ("contraception", {"rhythm": "daily"}),
        ("aspirin", {"rhythm": "hourly"}),
        ("aspirin", {"starts_on": date(2026, 11, 1)}),
        ("aspirin", {"starts_on": date(2027, 11, 1)}),
    ):
        with pytest.raises(Refused):
            await choose(home, matter, **how)


async def test_stopped_by_a_doctor_is_not_asked_the_next_day(home: Home) -> None:
    await choose(home, "aspirin", rhythm="daily")
    await home.stage.move_to(at(6, 9))
    await home.press("查看", "医生让停")
    await home.stage.move_to(at(8, 12))
    outcomes = [
        row.outcome for row in await home.rows(Timer, Timer.due_at) if row.payload.get("talk") == "daily"
    ]
    assert outcomes[:3] == ["said:daily", "nothing_to_say", "nothing_to_say"]
