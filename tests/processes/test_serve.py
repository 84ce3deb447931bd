"""One real `suiyao serve`: it answers, stops when told, goes on where it was, and its logs give nothing away."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.rehearsal.bot_api.server import TOKEN, FakeBotApi
from bot.rehearsal.real.serving import Serving, environment, free_port, served
from bot.rehearsal.real.town import NAME, PHONE, newcomer, town, zone_at_noon
from bot.rehearsal.real.verdict import rows
from bot.services.context import Ctx
from bot.services.enrolment import Enrolled, enrol
from tests.support import house
from tests.support.web_backend import MemoryBackend
from tests.support.web_visitor import Visitor

CHAT = 50_150_150
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
        await handled(ctx, 6)
        await visit(serving, done.invited.code)
        await handled(ctx, 8)
        assert await serving.stop() == 0
        log = serving.log
    assert "A message was settled action=outbox_settled" in log
    hidden = [TOKEN, TOKEN.partition(":")[2], done.invited.code, NAME, PHONE, PHONE[-4:], "王护士", str(CHAT)]
    assert [word for word in hidden if re.search(rf"(?<![0-9]){re.escape(word)}(?![0-9])", log)] == []
    assert re.findall("[一-鿿]+|%E[4-9]", log) == []


async def handled(ctx: Ctx, count: int) -> None:
    async with asyncio.timeout(60):
        query = "SELECT count(*) AS n FROM inbox_message WHERE state = 'handled'"
        while (await rows(ctx, query))[0].n < count:  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(0.1)


async def visit(serving: Serving, code: str) -> None:
    """Open the page by an invitation, and write something there."""
    async with httpx.AsyncClient(base_url=serving.url, trust_env=False) as client:
        visitor = Visitor(client, MemoryBackend())
        await visitor.open(f"/i/{code}")
        await visitor.send(f"/i/{code}", {"once": visitor.hidden("once")})
        await visitor.open()
        await visitor.send("/chat/say", visitor.form(text=SAID))
        assert visitor.token not in serving.log


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_told_also_with_a_page_open_and_goes_on_where_it_was(
    by: signal.Signals, ctx: Ctx, environ: dict[str, str], api: FakeBotApi, tmp_path: Path
) -> None:
    async with served(environ, tmp_path / "log") as serving:
        async with httpx.AsyncClient(base_url=serving.url, trust_env=False, timeout=60) as client:
            visitor = Visitor(client, MemoryBackend())
            await visitor.open("/i/anything")
            await visitor.send("/i/anything", {"once": visitor.hidden("once")})
            async with client.stream("GET", "/chat/events") as events:
                assert events.status_code == 200
                assert await serving.stop(by) == 0
        assert "timeout graceful shutdown exceeded" not in serving.log
        assert "Traceback" not in serving.log
        api.say(CHAT, "您好")
        await serving.start()
        await said(api, CHAT, "邀请")


async def test_it_stops_when_told_before_it_has_started(
    database_url: str, ctx: Ctx, api: FakeBotApi, tmp_path: Path
) -> None:
    """Telegram keeps it waiting: it is not half-started, and ends at once."""
    api.fail("stall", method="getMe", seconds=30.0)
    environ = environment(database_url, TELEGRAM_TOKEN=TOKEN, TELEGRAM_API_BASE=api.base)
    serving = Serving(environ, tmp_path / "log")
    await serving.start()
    await api.until(lambda: api.called("getMe"), 60.0)
    assert await serving.stop() == 0
    assert serving.log == ""


async def test_a_token_that_telegram_refuses(
    database_url: str, ctx: Ctx, api: FakeBotApi, tmp_path: Path
) -> None:
    wrong = "700123456:AAAnotherTokenThatNobodyKnows_0123456"
    environ = environment(database_url, TELEGRAM_TOKEN=wrong, TELEGRAM_API_BASE=api.base)
    serving = Serving(environ, tmp_path / "log")
    await serving.start()
    assert await serving.ended() == 2
    assert serving.log == f"suiyao: SUIYAO_TELEGRAM_TOKEN: refused by {api.base}\n"


async def test_telegram_that_is_away_at_the_start_is_waited_for(
    database_url: str, ctx: Ctx, tmp_path: Path
) -> None:
    """The page serves meanwhile; messages are fetched once Telegram is there."""
    port = free_port()
    environ = environment(database_url, TELEGRAM_TOKEN=TOKEN, TELEGRAM_API_BASE=f"http://127.0.0.1:{port}")
    async with served(environ, tmp_path / "log") as serving:
        assert "Telegram cannot be reached yet" in serving.log
        late = FakeBotApi()
        await late.start(port)
        try:
            late.say(CHAT, "您好")
            await said(late, CHAT, "邀请")
        finally:
            await late.stop()
