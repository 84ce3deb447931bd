"""A telephone in other hands: its open page ends, shows nothing of what was said, and takes no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from bot.app.page import ACCOUNT, PageBackend, PageNews
from bot.db.people import Contact
from bot.messages import Inbound, Kind
from bot.services import inbox, linking, screens
from bot.services.context import Ctx
from bot.services.locking import lock_participant
from tests.services.conftest import LINKING
from tests.support.house import PHONE, Town, enrolled

WORDS = "我妹妹叫小红她周五来陪我"


async def does(ctx: Ctx, device: str, name: str, words: str, kind: Kind = Kind.TEXT) -> None:
    inbound = Inbound("web", ACCOUNT, device, f"{device}-{name}", kind, None, text=words)
    await inbox.receive(ctx, inbound)
    while await inbox.handle_next(ctx):
        pass


async def linked(town: Town, device: str, code: str) -> None:
    await does(town.ctx, device, "start", code, Kind.START)
    for number, words in enumerate((PHONE[-4:], *LINKING)):
        await does(town.ctx, device, f"link{number}", words)


async def cut_off(ctx: Ctx, participant_id: int) -> str:
    async with ctx.begin() as tx:
        await lock_participant(tx, participant_id)
        assert await linking.lost(tx, participant_id, "staff:0") == 1
        return (await linking.invite(tx, participant_id, "staff:0")).code


async def test_the_open_page_of_a_lost_phone_ends(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.app.page.LOOK_AGAIN_SECONDS", 0.05)
    person = await enrolled(town)
    await linked(town, "old", person.invited.code)
    backend = PageBackend(town.ctx, PageNews())
    assert await backend.follows("old")
    stream = asyncio.ensure_future(_all_of(backend.changes("old")))
    await asyncio.sleep(0.5)
    assert not stream.done()
    await cut_off(town.ctx, person.participant_id)
    async with asyncio.timeout(30):
        await stream
    assert not await backend.follows("old") and await backend.knows("old")


async def _all_of(changes: AsyncIterator[None]) -> int:
    return len([one async for one in changes])


async def test_it_shows_only_whom_to_call_and_answers_nothing(town: Town) -> None:
    person = await enrolled(town)
    await linked(town, "old", person.invited.code)
    await does(town.ctx, "old", "words", WORDS)
    await cut_off(town.ctx, person.participant_id)
    await does(town.ctx, "old", "after", "我的日历")
    screen = await screens.view(town.ctx, ACCOUNT, "old")
    assert screen is not None and not screen.linked and screen.menu == () and screen.asked is None
    kind = town.ctx.wording.text("zh_Hans_CN", "contact.rebound", site_phone="010-12345678")
    assert {line.text for line in screen.spoken} == {kind}


async def test_the_new_phone_has_all_that_was_said_and_no_word_of_the_old_one_since(town: Town) -> None:
    person = await enrolled(town)
    await linked(town, "old", person.invited.code)
    await does(town.ctx, "old", "words", WORDS)
    code = await cut_off(town.ctx, person.participant_id)
    await does(town.ctx, "old", "after", "是我捡到的手机")
    await does(town.ctx, "new", "start", code, Kind.START)
    for number, words in enumerate((PHONE[-4:], "我是本人")):
        await does(town.ctx, "new", f"link{number}", words)
    screen = await screens.view(town.ctx, ACCOUNT, "new")
    said = [line.text for line in screen.spoken] if screen else []
    assert WORDS in said and "是我捡到的手机" not in said and not any("不再用来记录" in one for one in said)
    async with town.ctx.begin() as tx:
        states = (await tx.execute(select(Contact.state).where(Contact.channel == "web"))).scalars()
        assert sorted(states) == ["active", "moved"]
