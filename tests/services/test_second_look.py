"""What the provider kept back until night waits for the morning; what is over by then expires."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select

from bot.db.outbox import OutboundMessage
from bot.errors import TooFast
from bot.messages import Kind
from bot.rehearsal.stage import Stage
from tests.support import house
from tests.support.house import PHONE

EVENING = datetime(
    2026, 11, 2, 11, 50, tzinfo=UTC
)  # ten minutes before eight in the evening in Shanghai, day 1
NIGHT = datetime(2026, 11, 2, 13, 30, tzinfo=UTC)  # half past nine, when quiet hours begin
MORNING = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)


async def test_a_reminder_kept_back_until_night_comes_in_the_morning(unmade_url: str) -> None:
    async with house.opened(unmade_url, EVENING) as town:
        person = await house.enrolled(town, "lenalidomide", at=time(20, 0))
        stage = Stage(town.ctx)
        phone = stage.phone("1001")
        await stage.hear(phone, Kind.START, text=person.invited.code)
        for words in (PHONE[-4:], "1", "1", "1", "1", "1"):
            await stage.say(phone, words)
        phone.fails += [TooFast(7200.0)]  # the prompt, from eight until ten
        stage.shown.clear()
        await stage.move_to(MORNING - timedelta(minutes=1))
        assert [one for one in stage.shown if not one.edited] == []
        await stage.move_to(MORNING + timedelta(minutes=1))
        assert [one.text for one in stage.shown] == ["您好，有一条小记录等您看看。"]
        async with town.ctx.begin() as tx:
            nudges = await tx.all(select(OutboundMessage.state).where(OutboundMessage.purpose == "nudge"))
        assert {row.state for row in nudges} == {"expired"}
