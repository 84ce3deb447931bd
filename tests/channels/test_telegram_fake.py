"""The fake Bot API is only worth something if it refuses what the real server refuses, in the same words."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.rehearsal.bot_api.control import RemoteBotApi
from bot.rehearsal.bot_api.params import METHODS
from bot.rehearsal.bot_api.server import TOKEN, FakeBotApi

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        server.say(4411, "/start")
        yield server


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def ask(
    session: aiohttp.ClientSession, api: FakeBotApi, method: str, token: str = TOKEN, **given: Any
) -> tuple[int, Any]:
    async with session.post(f"{api.base}/bot{token}/{method}", json=given) as answer:
        body = await answer.json()
    assert body["ok"] is (answer.status == 200)
    return answer.status, body["result"] if body["ok"] else body["description"]


def row(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[button]]}


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "no chat": ("sendMessage", {"text": "x"}, "chat_id is empty"),
    "chat of the wrong type": ("sendMessage", {"chat_id": "abc", "text": "x"}, "can't parse chat_id"),
    "unknown chat": ("sendMessage", {"chat_id": 5, "text": "x"}, "chat not found"),
    "no text": ("sendMessage", {"chat_id": 4411}, "message text is empty"),
    "blank text": ("sendMessage", {"chat_id": 4411, "text": " \n"}, "message text is empty"),
    "text that is a number": ("sendMessage", {"chat_id": 4411, "text": 7}, "can't parse text"),
    "long text": ("sendMessage", {"chat_id": 4411, "text": "药" * 4097}, "message is too long"),
    "a misspelt parameter": (
        "sendMessage",
        {"chat_id": 4411, "text": "x", "reply_makup": {}},
        "unknown parameter reply_makup",
    ),
    "markup that is no object": (
        "sendMessage",
        {"chat_id": 4411, "text": "x", "reply_markup": "[]"},
        "can't parse reply_markup",
    ),
    "rows that are no rows": (
        "sendMessage",
        {"chat_id": 4411, "text": "x", "reply_markup": {"inline_keyboard": [{"text": "a"}]}},
        'field "inline_keyboard" must be an Array of Arrays',
    ),
    "long button data": (
        "sendMessage",
        {"chat_id": 4411, "text": "x", "reply_markup": row(text="a", callback_data="x" * 65)},
        "BUTTON_DATA_INVALID",
    ),
    "a button without a deed": (
        "sendMessage",
        {"chat_id": 4411, "text": "x", "reply_markup": row(text="a")},
        "can't parse inline keyboard button: Text buttons are not allowed in the inline keyboard",
    ),
    "no message to edit": (
        "editMessageText",
        {"chat_id": 4411, "message_id": 77, "text": "x"},
        "message to edit not found",
    ),
    "somebody else's message": (
        "editMessageText",
        {"chat_id": 4411, "message_id": 1, "text": "x"},
        "message can't be edited",
    ),
    "a tap that never was": (
        "answerCallbackQuery",
        {"callback_query_id": "1"},
        "query is too old and response timeout expired or query ID is invalid",
    ),
    "no such file": ("getFile", {"file_id": "x"}, "wrong file_id or the file is temporarily unavailable"),
    "a bad secret": (
        "setWebhook",
        {"url": "https://a.example", "secret_token": "a b"},
        "secret token contains unallowed characters",
    ),
    "a webhook without encryption": (
        "setWebhook",
        {"url": "http://a.example"},
        "bad webhook: An HTTPS URL must be provided for webhook",
    ),
    "a command in capitals": (
        "setMyCommands",
        {"commands": [{"command": "Menu", "description": "x"}]},
        "BOT_COMMAND_INVALID",
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_wrong_is_refused(name: str, api: FakeBotApi, session: aiohttp.ClientSession) -> None:
    method, given, words = WRONG[name]
    assert await ask(session, api, method, **given) == (400, f"Bad Request: {words}")


async def test_unknown_methods_and_tokens(api: FakeBotApi, session: aiohttp.ClientSession) -> None:
    assert await ask(session, api, "sendPigeon") == (404, "Not Found: method not found")
    assert await ask(session, api, "getMe", token="700123456:other") == (401, "Unauthorized")
    assert await ask(session, api, "getMe", token="nonsense") == (404, "Not Found")
    assert (await ask(session, api, "getme"))[1]["is_bot"] is True
    assert set(api.methods.by_name) == set(METHODS)


async def test_an_edit_must_change_something(api: FakeBotApi, session: aiohttp.ClientSession) -> None:
    markup = row(text="a", callback_data="t:a")
    _, sent = await ask(session, api, "sendMessage", chat_id=4411, text="x", reply_markup=markup)
    same = {"chat_id": 4411, "message_id": sent["message_id"], "text": "x"}
    status, words = await ask(session, api, "editMessageText", **same, reply_markup=markup)
    assert status == 400
    assert words.startswith("Bad Request: message is not modified: ")
    assert (await ask(session, api, "editMessageText", **same))[0] == 200
    del same["text"]
    assert (await ask(session, api, "editMessageReplyMarkup", **same, reply_markup=markup))[0] == 200
    assert api.visible(4411)[-1].buttons == (("a", "t:a"),)


async def test_updates_stay_until_a_higher_offset(api: FakeBotApi, session: aiohttp.ClientSession) -> None:
    api.say(4411, "2")
    first = (await ask(session, api, "getUpdates", limit=1))[1]
    assert first == (await ask(session, api, "getUpdates", limit=1))[1]
    both = (await ask(session, api, "getUpdates", offset=first[0]["update_id"]))[1]
    assert len(both) == 2
    assert (await ask(session, api, "getUpdates", offset=both[1]["update_id"] + 1))[1] == []
    assert api.queue.confirmed == [update["update_id"] for update in both]


async def test_taps_die_first(api: FakeBotApi, session: aiohttp.ClientSession) -> None:
    markup = row(text="吃了", callback_data="t:taken")
    _, sent = await ask(session, api, "sendMessage", chat_id=4411, text="x", reply_markup=markup)
    api.press(4411, sent["message_id"], "吃了")
    api.advance(149)
    assert [set(update) for update in (await ask(session, api, "getUpdates"))[1]] == [
        {"update_id", "message"},
        {"update_id", "callback_query"},
    ]
    api.advance(2)
    assert len((await ask(session, api, "getUpdates"))[1]) == 1
    api.advance(24 * 3600)
    assert (await ask(session, api, "getUpdates"))[1] == []
    assert len(api.queue.lost) == 2


async def test_two_pollers_and_a_webhook_exclude_each_other(
    api: FakeBotApi, session: aiohttp.ClientSession
) -> None:
    offset = api.queue.next_id
    waiting = asyncio.create_task(ask(session, api, "getUpdates", offset=offset, timeout=30))
    await api.until(lambda: api.called("getUpdates"))
    await asyncio.sleep(0.02)
    second = asyncio.create_task(ask(session, api, "getUpdates", offset=offset, timeout=30))
    assert (await waiting)[0] == 409
    api.say(4411, "wakes the second")
    assert len((await second)[1]) == 1
    await ask(session, api, "setWebhook", url="https://nowhere.example")
    assert (await ask(session, api, "getUpdates"))[0] == 409
    assert (await ask(session, api, "getWebhookInfo"))[1]["url"] == "https://nowhere.example"
    await ask(session, api, "deleteWebhook")
    assert (await ask(session, api, "getUpdates"))[0] == 200


async def test_only_kinds_asked_for_are_delivered(api: FakeBotApi, session: aiohttp.ClientSession) -> None:
    await ask(session, api, "getUpdates", allowed_updates=["message"], offset=api.queue.next_id)
    api.block(4411)
    api.unblock(4411)
    api.say(4411, "2")
    assert [set(update) for update in (await ask(session, api, "getUpdates"))[1]] == [
        {"update_id", "message"}
    ]


async def test_the_flood_limits(session: aiohttp.ClientSession) -> None:
    second = 100.0
    async with FakeBotApi(limits=True) as api:
        api.pace_clock = lambda: second
        for chat in range(40):
            api.say(chat, "/start")
        to_one = [(await ask(session, api, "sendMessage", chat_id=0, text=f"{n}"))[0] for n in range(5)]
        assert to_one == [200, 200, 200, 429, 429], "a short burst is tolerated, then one a second"
        to_all = [(await ask(session, api, "sendMessage", chat_id=n, text="x"))[0] for n in range(1, 40)]
        assert to_all.count(200) == 27, "30 a second in all"
        assert (await ask(session, api, "answerCallbackQuery", callback_query_id="1"))[0] == 400
        second += 1
        assert (await ask(session, api, "sendMessage", chat_id=39, text="x"))[0] == 200
        assert (await ask(session, api, "sendMessage", chat_id=0, text="x"))[0] == 429
        second += 2
        assert (await ask(session, api, "sendMessage", chat_id=0, text="x"))[0] == 200


async def test_a_button_that_is_not_there_cannot_be_tapped(api: FakeBotApi) -> None:
    with pytest.raises(ValueError, match="no such button"):
        api.press(4411, 1, "吃了")
    assert api.press(4411, 1, "t:taken", stale=True)


async def test_as_a_process_of_its_own(session: aiohttp.ClientSession) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.rehearsal.bot_api.server",
        "--port",
        "0",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    remote = RemoteBotApi((await process.stdout.readline()).decode().strip(), session)
    said = await remote.act("say", chat=4411, text="吃了")
    async with session.get(f"{remote.base}/bot{TOKEN}/getUpdates") as answer:
        [update] = (await answer.json())["result"]
    assert update["message"]["message_id"] == said
    async with session.get(f"{remote.base}/bot{TOKEN}/sendMessage?chat_id=4411&text=x") as answer:
        sent = (await answer.json())["result"]
    shown = await remote.act("visible", chat=4411)
    assert [line["text"] for line in shown] == ["吃了", "x"]
    assert [call["method"] for call in await remote.act("calls")] == ["getUpdates", "sendMessage"]
    with pytest.raises(ValueError, match="no such button"):
        await remote.act("press", chat=4411, message_id=sent["message_id"], label_or_data="吃了")
    await remote.act("fail", kind="403", chat=4411)
    async with session.get(f"{remote.base}/bot{TOKEN}/sendMessage?chat_id=4411&text=x") as answer:
        assert json.loads(await answer.text())["error_code"] == 403
    process.terminate()
    await process.wait()
