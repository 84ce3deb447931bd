"""The licensed questionnaire on the real database: planned once loaded, asked in its turn, kept, and nobody alerted."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.db.alerts import Alert
from bot.db.symptoms import ProResponse
from bot.db.timers import Timer
from bot.reports.questionnaires import pro_ctcae_csv
from bot.services import book, planning
from bot.services.book import Source
from bot.symptoms.pro_wording import wording_of
from tests.services.test_symptom_checks import Home, settled
from tests.support.house import opened
from tests.support.pro_wording import INSTRUMENT, pieces

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 28, 8, 0, tzinfo=SHANGHAI)  # day 27 of the cycle that began on 2 November


@pytest.fixture
async def home(unmade_url: str) -> AsyncIterator[Home]:
    async with opened(unmade_url, datetime(2026, 11, 27, 20, 0, tzinfo=SHANGHAI)) as town:
        yield await settled(town)


async def load(home: Home, *numbers: int) -> None:
    body = wording_of("pro_ctcae", INSTRUMENT, pieces(*numbers)).body()
    await book.publish(home.ctx, [Source("pro_ctcae", "pro_ctcae", body)], "test")
    async with home.ctx.begin() as tx:
        await planning.replan(tx, home.who.participant_id)


async def planned(home: Home) -> list[str]:
    async with home.ctx.begin() as tx:
        rows = await tx.all(select(Timer).where(Timer.kind == "pro_check", Timer.state == "waiting"))
        return [f"{row.due_at.astimezone(SHANGHAI):%m-%d %H:%M}" for row in rows]


async def test_without_wording_nothing_is_planned(home: Home) -> None:
    assert await planned(home) == []
    await load(home, 39)
    assert await planned(home) == ["11-28 08:00"]
    async with home.ctx.begin() as tx:
        assert await planning.replan(tx, home.who.participant_id) == planning.Change()


async def test_asked_answered_and_counted(home: Home) -> None:
    """39: severity 3, interference 2. 16: never. 48: frequency 0, so nothing more is asked. Nobody is alerted."""
    await load(home, 39, 16, 48)
    await home.stage.move_to(DAY)
    before = len(await home.rows(Alert))
    await home.press("查看", "本人回答", "丁39", "丙39", "甲16", "甲48")
    (response,) = await home.rows(ProResponse)
    assert response.scores == {"39A": 3, "39B": 2, "16A": 0, "48A": 0}
    assert (response.complete, response.as_whom, f"{response.due_on}") == (True, "self", "2026-11-28")
    assert len(await home.rows(Alert)) == before
    async with home.ctx.begin() as tx:
        text = await pro_ctcae_csv(tx, INSTRUMENT, "nct04217967", None, None)
    rows = {row["item"]: row for row in csv.DictReader(io.StringIO(text))}
    assert {item: row["composite_grade"] for item, row in rows.items()} == {"16": "0", "39": "2", "48": "0"}
    assert (rows["39"]["severity"], rows["39"]["interference"], rows["39"]["frequency"]) == ("3", "2", "")


async def test_left_half_way_keeps_what_was_said(home: Home) -> None:
    await load(home, 39, 16)
    await home.stage.move_to(DAY)
    await home.press("查看", "家人替本人答", "丁39")
    await home.stage.move_to(datetime(2026, 12, 2, 8, 0, tzinfo=SHANGHAI))
    (response,) = await home.rows(ProResponse)
    assert (response.scores, response.complete, response.as_whom) == ({"39A": 3}, False, "caregiver")
