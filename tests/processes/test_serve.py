"""One real `suiyao serve`: it answers, stops when told, goes on where it was, and its logs give nothing away."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.services.context import Ctx
from bot.services.enrolment import Enrolled, enrol
from tests.processes.serving import environment, served
from tests.processes.town import NAME, PHONE, newcomer, town, zone_at_noon
from tests.support import house
from tests.support.bot_api import TOKEN, FakeBotApi

CHAT = 501
SAID = "昨天夜里腿有点麻，想问问"


@pytest.fixture
async def ctx(database_url: str) -> AsyncIterator[Ctx]:
    async with town(database_url) as opened:
        yield opened


@pytest.fixture
def environ(database_url: str, api: FakeBotApi) -> dict[str, str]:
    return environment(
        database_url,
        TELEGRAM_TOKEN=TOKEN,
        TELEGRAM_API_BASE=api.base,
        LOG_LEVEL="debug",
        LANGUAGE="zh_Hans_CN",
    )


async def invited(ctx: Ctx) -> Enrolled:
    async with ctx.begin() as tx:
        zone = zone_at_noon(tx.now)
        today = tx.now.astimezone(ZoneInfo(zone)).date()
        return await enrol(tx, newcomer(zone, today, time(8, 0)), house.STAFF)


async def said(api: FakeBotApi, chat: int, words: str) -> None:
    await api.until(lambda: any(m.by_bot and words in m.text for m in api.visible(chat)), 30.0)


async def pressed(api: FakeBotApi, chat: int, label: str) -> None:
    def found() -> int | None:
        shown = [m for m in api.visible(chat) if label in [name for name, _ in m.buttons]]
        return shown[-1].message_id if shown else None

    await api.until(lambda: found() is not None, 30.0)
    api.press(chat, found() or 0, label)


async def link(api: FakeBotApi, code: str) -> None:
    """From the invitation to the first question about a dose, through the product's own conversation."""
    api.say(CHAT, f"/start {code}")
    await said(api, CHAT, "最后4位")
    api.say(CHAT, PHONE[-4:])
    await pressed(api, CHAT, "我是本人")
    await pressed(api, CHAT, "同意")
    await api.until(lambda: sum("同意" in dict(m.buttons) for m in api.visible(CHAT)) == 1, 30.0)
    await pressed(api, CHAT, "同意")


async def test_from_invitation_to_question_and_nothing_in_the_logs(
    ctx: Ctx, environ: dict[str, str], api: FakeBotApi, tmp_path: Path
) -> None:
    """At DEBUG, where libraries print what they handle: no token, code, name, number, address or word."""
    done = await invited(ctx)
    async with served(environ, tmp_path / "log") as serving:
        await link(api, done.invited.code)
        api.say(CHAT, SAID)
        await api.until(lambda: len(api.called("sendMessage", CHAT)) > 5, 30.0)
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{serving.url}/i/{done.invited.code}")).status_code == 200
        assert await serving.stop() == 0
        log = serving.log
    assert "A message was settled action=outbox_settled" in log
    hidden = [TOKEN, TOKEN.partition(":")[2], done.invited.code, NAME, PHONE, PHONE[-4:], "王护士", str(CHAT)]
    assert [word for word in hidden if re.search(rf"(?<![0-9]){re.escape(word)}(?![0-9])", log)] == []
    assert re.findall("[一-鿿]+", log) == []
