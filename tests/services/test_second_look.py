"""What the provider kept back until night waits for the morning, and nothing reminds of it meanwhile or beside it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from sqlalchemy import select

from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.errors import TooFast
from bot.messages import Kind
from bot.rehearsal.stage import Stage
from bot.services import deployment
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
        assert nudges == []  # the question itself was still on its way


async def test_what_is_due_at_once_after_a_silence_is_one_line(unmade_url: str) -> None:
    """A reminder that nobody could send, and the same question brought up again because taps may be lost."""
    async with house.opened(unmade_url, EVENING - timedelta(hours=10)) as town:
        person = await house.enrolled(town, "lenalidomide", at=time(10, 0))
        stage = Stage(town.ctx)
        phone = stage.phone("1001")
        await stage.hear(phone, Kind.START, text=person.invited.code)
        for words in (PHONE[-4:], "1", "1", "1", "1", "1"):
            await stage.say(phone, words)
        await stage.move_to(EVENING - timedelta(hours=9))
        assert phone.screen
        back = EVENING - timedelta(hours=8, minutes=40)  # the first reminder was due ten minutes ago
        await deployment.set_virtual_now(town.ctx, back)
        async with town.ctx.begin() as tx:
            due = await tx.scalar(
                select(Timer.due_at).where(Timer.kind == "nudge").order_by(Timer.due_at).limit(1)
            )
        assert due <= back
        stage.shown.clear()
        await stage.gap()
        await stage.jump_to(back)
        assert [one.text for one in stage.shown] == ["您好，那条小记录还在，方便的时候点开看看。"]
