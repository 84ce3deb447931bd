"""What strangers may post to the webhook of a real process: refused or recorded, never a crash, and others are served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.rehearsal.bot_api.server import TOKEN, FakeBotApi
from bot.rehearsal.real.serving import Serving, environment, served
from bot.rehearsal.real.town import BOT, town
from bot.rehearsal.real.verdict import rows
from bot.services.context import Ctx

SECRET = "a-secret-of-the-webhook"
HEADERS = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
MEBIBYTE = 1024 * 1024


@pytest.fixture
async def ctx(database_url: str) -> AsyncIterator[Ctx]:
    async with town(database_url) as opened:
        yield opened


@pytest.fixture
async def serving(database_url: str, ctx: Ctx, api: FakeBotApi, tmp_path: Path) -> AsyncIterator[Serving]:
    telegram = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_BASE": api.base, "TELEGRAM_WEBHOOK_SECRET": SECRET}
    environ = environment(database_url, **telegram) | {"SUIYAO_PUBLIC_URL": "https://127.0.0.1:1"}
    async with served(environ, tmp_path / "log") as running:
        yield running


def update(number: int, **message: object) -> bytes:
    body = {
        "message_id": number,
        "date": 1793500000,
        "chat": {"id": 7001, "type": "private", "first_name": "x"},
        "from": {"id": 7001, "is_bot": False, "first_name": "x"},
        **message,
    }
    return json.dumps({"update_id": number, "message": body}).encode()


def nested(depth: int) -> bytes:
    return b'{"update_id": 9, "message": ' + b"[" * depth + b"]" * depth + b"}"


# What is posted, and what comes back.
BODIES: tuple[tuple[str, bytes, int], ...] = (
    ("nothing", b"", 400),
    ("no JSON", b"hello", 400),
    ("no UTF-8", b"\xff\xfe\x00", 400),
    ("half of it", update(11)[:-10], 400),
    ("a list", b"[]", 400),
    ("no update_id", b'{"message": {}}', 400),
    ("update_id of another kind", b'{"update_id": "9"}', 400),
    ("update_id beyond all bounds", b'{"update_id": 99999999999999999999999}', 400),
    ("very deep", nested(100_000), 400),
    ("over the limit", b" " * (MEBIBYTE + 1), 413),
    ("just the limit", b" " * MEBIBYTE, 400),
    ("a kind that nobody knows", b'{"update_id": 12, "telepathy": {"from": 1}}', 200),
    ("a message without a chat", b'{"update_id": 13, "message": {"text": "x"}}', 200),
    ("a chat that is text", update(14, chat={"id": "7001", "type": "private"}, text="x"), 200),
    ("words that are a number", update(15, text=15), 200),
    ("half of a surrogate pair", update(16, text="\ud83d"), 200),
    ("zero bytes", update(17, text="a\x00b"), 200),
    ("4,096 characters of every kind", update(18, text=("\u202e<b>';--😀" * 400)[:4096]), 200),
    ("a chat beyond 64 bits", update(19, chat={"id": 2**70, "type": "private"}, text="x"), 200),
    ("a date beyond time", update(20, date=10**18, text="x"), 200),
    ("a tap without data", b'{"update_id": 21, "callback_query": {"id": "1", "from": {"id": 7001}}}', 200),
)


async def test_each_is_refused_or_recorded(serving: Serving, api: FakeBotApi) -> None:
    url = f"{serving.url}/telegram/{BOT}"
    api.world.open(7001)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        answers = {}
        for name, body, _ in BODIES:
            answers[name] = (await client.post(url, content=body, headers=HEADERS)).status_code
        assert answers == {name: status for name, _, status in BODIES}
        stranger = await client.post(
            url, content=update(30, text="x"), headers={**HEADERS, "X-Telegram-Bot-Api-Secret-Token": "guess"}
        )
        other = await client.post(f"{serving.url}/telegram/1", content=update(31, text="x"), headers=HEADERS)
        assert (stranger.status_code, other.status_code) == (401, 404)
        assert (await client.get(url, headers=HEADERS)).status_code == 405
        last = await client.post(url, content=update(40, text="您好"), headers=HEADERS)
        assert (last.status_code, last.content) == (200, b"")
    await api.until(lambda: any("邀请" in shown.text for shown in api.visible(7001)), 30.0)
    assert serving.running
    assert "Traceback" not in serving.log
    assert SECRET not in serving.log
    assert "guess" not in serving.log


async def test_what_was_recorded_is_handled(serving: Serving, ctx: Ctx, api: FakeBotApi) -> None:
    """Also words that no table can hold as they are: a zero byte, half of a pair."""
    api.world.open(7001)
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        for number, words in enumerate(
            ("a\x00b", "\ud83d", "\u202e\u2066x", "x" * 4096, "'; DROP TABLE site; --"), 50
        ):
            body = update(number, text=words)
            for _ in range(2):
                answer = await client.post(f"{serving.url}/telegram/{BOT}", content=body, headers=HEADERS)
                assert answer.status_code == 200
    query = "SELECT count(*) AS n, bool_and(state = 'handled') AS done FROM inbox_message"
    async with asyncio.timeout(60):
        while not (await rows(ctx, query))[0].done:  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(0.2)
    assert (await rows(ctx, query))[0].n == 5
