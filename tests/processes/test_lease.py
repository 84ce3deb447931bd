"""A process dies between taking a message and saying what became of it. Its lease decides, on the database's clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bot.messages import Inbound, Kind
from bot.rehearsal.real.town import BOT, linked, newcomer, town
from bot.rehearsal.real.verdict import rows
from bot.services import deployment, inbox, reminding, sending, timers
from bot.services.context import Ctx
from bot.services.pacing import UNPACED
from bot.services.sending import Parcel

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)
CHAT = 3001
STATES = """SELECT purpose, state, repeats IS NOT NULL AS again FROM outbound_message
    WHERE channel = 'telegram' ORDER BY message_id"""


@pytest.fixture
async def ctx(database_url: str) -> AsyncIterator[Ctx]:
    """Somebody whose dose is due now."""
    async with town(database_url, "rehearsal", NOON) as opened:
        async with opened.begin() as tx:
            await linked(tx, CHAT, newcomer("Asia/Shanghai", date(2026, 11, 2), time(12, 0)))
        yield opened


async def later(ctx: Ctx, seconds: float) -> None:
    await deployment.set_virtual_now(ctx, NOON + timedelta(seconds=seconds))


async def taken(ctx: Ctx) -> Parcel:
    [parcel] = await sending.claim(ctx, "telegram", BOT, UNPACED)
    return parcel


async def test_a_reminder_is_unknown_after_its_lease_and_not_sent_again(ctx: Ctx) -> None:
    while await timers.fire_next(ctx, reminding.FIRE):
        pass
    lost = await taken(ctx)
    await later(ctx, 59)
    assert await sending.sweep(ctx) == 0
    assert await sending.claim(ctx, "telegram", BOT, UNPACED) == []
    await later(ctx, 60)
    assert await sending.sweep(ctx) == 1
    assert [tuple(row) for row in await rows(ctx, STATES)] == [("prompt", "unknown", False)]
    # The process was only slow: what it says now is too late to be believed, and is not an error.
    await sending.settle(ctx, lost, "77")
    assert [tuple(row) for row in await rows(ctx, STATES)] == [("prompt", "unknown", False)]
    assert await sending.claim(ctx, "telegram", BOT, UNPACED) == []


async def test_an_emergency_text_is_sent_again_and_says_so(ctx: Ctx) -> None:
    said = Inbound("telegram", BOT, str(CHAT), "u1", Kind.TEXT, None, text="胸口疼，喘不上气")
    await inbox.receive(ctx, said)
    first = await taken(ctx)
    await later(ctx, 61)
    assert await sending.sweep(ctx) == 1  # a minute has passed: nobody waits any longer
    again = await taken(ctx)
    assert [tuple(row) for row in await rows(ctx, STATES)] == [
        ("emergency", "unknown", False),
        ("emergency", "sending", True),
    ]
    mark, _, text = again.outbound.text.partition("\n")
    assert mark
    assert text == first.outbound.text
    await sending.settle(ctx, again, "78")
    assert [row.state for row in await rows(ctx, STATES)] == ["unknown", "sent"]
