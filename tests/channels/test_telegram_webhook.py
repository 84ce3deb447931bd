"""The webhook: who may post, what is refused, and that 200 means stored."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from bot.channels.telegram import TelegramChannel
from bot.channels.telegram_webhook import MOST_BODY_BYTES, SECRET_HEADER, webhook_router
from bot.messages import Choice, Inbound, Kind, Outbound, Press
from bot.rehearsal.bot_api.server import FakeBotApi
from tests.channels.desk import Desk

SECRET = "s3cret_-0123456789"
PATH = "/telegram/700123456"
WORDS = {
    "update_id": 900,
    "message": {
        "message_id": 57,
        "from": {"id": 4411, "is_bot": False, "first_name": "Wang"},
        "chat": {"id": 4411, "type": "private"},
        "date": 1_793_000_000,
        "text": "胸痛",
    },
}


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        yield server


@pytest.fixture
async def channel(api: FakeBotApi) -> AsyncIterator[TelegramChannel]:
    telegram = TelegramChannel(api.token, api.base)
    yield telegram
    await telegram.close()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def client(channel: TelegramChannel, desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(webhook_router(channel, SECRET, desk.accept))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://bot.example") as caller:
        caller.headers[SECRET_HEADER] = SECRET
        yield caller


async def test_two_hundred_with_an_empty_body_means_stored(client: httpx.AsyncClient, desk: Desk) -> None:
    answer = await client.post(PATH, json=WORDS)
    assert (answer.status_code, answer.content) == (200, b"")
    assert [(kept.kind, kept.text, kept.external_id) for kept in desk.kept] == [(Kind.TEXT, "胸痛", "u900")]


async def test_not_stored_is_five_hundred_and_three_with_a_short_wait(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    desk.refuse = lambda inbound: True
    answer = await client.post(PATH, json=WORDS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("secret", [b"", SECRET[:-1].encode(), SECRET.encode() + b"x", "错".encode()])
async def test_a_wrong_secret_is_refused(secret: bytes, client: httpx.AsyncClient, desk: Desk) -> None:
    answer = await client.post(PATH, json=WORDS, headers=[(SECRET_HEADER.encode(), secret)])
    assert answer.status_code == 401
    assert not desk.kept


async def test_no_secret_at_all_is_refused(client: httpx.AsyncClient, desk: Desk) -> None:
    del client.headers[SECRET_HEADER]
    assert (await client.post(PATH, json=WORDS)).status_code == 401
    assert not desk.kept


def test_a_webhook_is_not_made_without_a_secret(channel: TelegramChannel, desk: Desk) -> None:
    with pytest.raises(ValueError, match="without a secret"):
        webhook_router(channel, "", desk.accept)


async def test_another_bots_updates_are_not_ours(client: httpx.AsyncClient) -> None:
    assert (await client.post("/telegram/1", json=WORDS)).status_code == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"update_id": "x"}', b"[" * 100_000])
async def test_malformed_is_refused(body: bytes, client: httpx.AsyncClient, desk: Desk) -> None:
    assert (await client.post(PATH, content=body)).status_code == 400
    assert not desk.kept


async def test_a_true_update_that_is_nobodys_message_is_taken(client: httpx.AsyncClient, desk: Desk) -> None:
    answer = await client.post(PATH, json={"update_id": 5, "telepathy": {}})
    assert (answer.status_code, answer.content) == (200, b"")
    assert not desk.kept


async def test_just_under_the_limit_is_read(client: httpx.AsyncClient, desk: Desk) -> None:
    body = json.dumps(WORDS).encode().ljust(MOST_BODY_BYTES)
    assert (await client.post(PATH, content=body)).status_code == 200
    assert len(desk.kept) == 1


async def test_over_a_mebibyte_is_refused_unread(client: httpx.AsyncClient, desk: Desk) -> None:
    declared = await client.post(PATH, content=b" " * (MOST_BODY_BYTES + 1))
    assert declared.status_code == 413
    assert not desk.kept
    del client.headers[SECRET_HEADER]
    assert (await client.post(PATH, content=b" " * (MOST_BODY_BYTES + 1))).status_code == 401


async def test_nothing_that_was_posted_is_logged(
    client: httpx.AsyncClient, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    await client.post(PATH, json=WORDS, headers={SECRET_HEADER: "guessed"})
    await client.post(PATH, content=b'{"text": "Wang"')
    desk.refuse = lambda inbound: True
    await client.post(PATH, json=WORDS)
    actions = [getattr(record, "action", "") for record in caplog.records if record.name.startswith("bot.")]
    assert actions == [
        "telegram.webhook_wrong_secret",
        "telegram.webhook_malformed",
        "telegram.accept_failed",
    ]
    kept = " ".join(str(record.__dict__) for record in caplog.records if record.name.startswith("bot."))
    for secret in ("胸痛", "Wang", "guessed", SECRET, "4411"):
        assert secret not in kept


@pytest.fixture
async def served(channel: TelegramChannel, desk: Desk) -> AsyncIterator[str]:
    """The route behind a real HTTP server."""
    app = FastAPI()
    app.include_router(webhook_router(channel, SECRET, desk.accept))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off", ws="none"))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
            await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}{PATH}"
    server.should_exit = True
    await task


async def test_an_endless_body_is_cut_off(served: str, desk: Desk) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 64 * MOST_BODY_BYTES:
            sent += 65536
            yield b" " * 65536

    async with httpx.AsyncClient(trust_env=False) as caller:
        with contextlib.suppress(httpx.TransportError):  # cut off before the answer could be read
            answer = await caller.post(served, content=endless(), headers={SECRET_HEADER: SECRET})
            assert answer.status_code == 413
    assert sent < 64 * MOST_BODY_BYTES
    assert not desk.kept


async def test_telegram_delivers_until_it_is_stored(
    api: FakeBotApi, channel: TelegramChannel, desk: Desk, served: str
) -> None:
    tries = 0

    def twice(inbound: Inbound) -> bool:
        nonlocal tries
        tries += inbound.text == "2"
        return inbound.text == "2" and tries < 3

    desk.refuse = twice
    await channel.set_webhook(served, SECRET)
    for number in range(5):
        api.say(1, f"{number}")
    await api.until(lambda: len(api.queue.confirmed) == 5)
    assert [kept.text for kept in desk.kept] == ["0", "1", "2", "3", "4"]
    assert api.webhook.statuses.count(503) == 2
    assert set(api.webhook.bodies) == {b""}
    sent = await channel.send(Outbound("1", "吃了吗？", (Choice("吃了", Press("t", "taken")),)))
    api.press(1, int(sent), "吃了")
    await api.until(lambda: api.called("answerCallbackQuery"))
    assert desk.kept[-1].kind is Kind.CHOICE
    await channel.delete_webhook()
