"""Medicines beside the study drugs as staff set them: off, asked about weekly, or daily; each choice is a row that stays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from bot.db.companions import CompanionChoice
from bot.db.timers import Timer
from tests.support.office import Office, Visitor, office
from tests.support.patient import enrolled

NOW = datetime(2026, 11, 3, 0, 30, tzinfo=UTC)


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


async def set_(visitor: Visitor, home: str, **given: str) -> Any:
    await visitor.get(f"{home}/labs")
    return await visitor.follow(f"{home}/companions", **given)


async def test_weekly_or_daily_is_chosen_and_kept(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("nurse") as visitor:
        page = await set_(visitor, home, matter="aspirin", choice="on", since="2026-11-01", rhythm="weekly")
        assert "asked weekly" in page.text
        switch = {"matter": "aspirin", "choice": "on", "since": "2026-11-01", "rhythm": "daily"}
        page = await set_(visitor, home, **switch, starts_on="2026-11-05")
        assert "asked daily" in page.text
        assert "from 2026-11-05 on" in page.text
        await set_(visitor, home, matter="aspirin", choice="off")
    async with town.ctx.begin() as tx:
        rows = await tx.all(select(CompanionChoice).order_by(CompanionChoice.companion_choice_id))
        daily = await tx.all(select(Timer).where(Timer.payload["talk"].astext == "daily"))
    assert [(row.choice, row.rhythm) for row in rows] == [
        ("on", "weekly"),
        ("on", "daily"),
        ("off", "weekly"),
    ]
    assert rows[1].effective_from == datetime(2026, 11, 4, 16, tzinfo=UTC), (
        "the beginning of that day in Shanghai"
    )
    assert daily
    assert {row.state for row in daily} == {"cancelled"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"matter": "aspirin", "rhythm": "hourly"},
        {"matter": "contraception", "rhythm": "daily"},
        {"matter": "aspirin", "rhythm": "daily", "starts_on": "2026-10-01"},
    ],
)
async def test_what_there_is_not_is_refused(town: Office, wrong: dict[str, str]) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("nurse") as visitor:
        await visitor.get(f"{home}/labs")
        response = await visitor.post(f"{home}/companions", choice="on", since="2026-11-01", **wrong)
        assert response.status_code == 422
    async with town.ctx.begin() as tx:
        assert await tx.all(select(CompanionChoice)) == []


async def test_a_monitor_sees_it_and_changes_nothing(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("monitor") as visitor:
        page = await visitor.get(f"{home}/labs")
        assert page.status_code != 200 or "/companions" not in page.text
