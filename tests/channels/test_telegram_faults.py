"""Every way in which a call can fail, and what the sender is told: try again, wait, stop, or unclear."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator

import pytest
from telegram.error import ChatMigrated, TelegramError

from bot.channels.telegram import TelegramChannel, quiet_logs
from bot.channels.telegram_logs import TokenFilter, without_tokens
from bot.channels.telegram_updates import parse
from bot.channels.telegram_wire import meaning
from bot.errors import NotSent, Rejected, SendError, TooFast, Unclear, Unreachable
from bot.messages import Choice, Inbound, Media, Outbound, Press
from bot.rehearsal.bot_api.params import ApiError
from bot.rehearsal.bot_api.server import FakeBotApi

WORDS = Outbound("4411", "胸痛，请联系护士")


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        server.say(4411, "/start kJ8")
        yield server


@pytest.fixture
async def channel(api: FakeBotApi) -> AsyncIterator[TelegramChannel]:
    telegram = TelegramChannel(api.token, api.base, read_timeout=0.3)
    yield telegram
    await telegram.close()


# fault -> class, code, and whether the patient has the message
FAULTS: dict[str, tuple[type[SendError], str, bool]] = {
    "429": (TooFast, "too_fast", False),
    "403": (Unreachable, "blocked", False),
    "400": (Unreachable, "chat_not_found", False),
    "401": (NotSent, "bad_token", False),
    "409": (NotSent, "conflict", False),
    "500": (Unclear, "bad_answer", False),
    "502": (Unclear, "bad_answer", False),
    "reset_before": (Unclear, "connection_lost", False),
    "reset_after": (Unclear, "connection_lost", True),
    "late": (Unclear, "timeout", True),
    "bad_json": (Unclear, "bad_answer", True),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_fault_in_class_out(fault: str, api: FakeBotApi, channel: TelegramChannel) -> None:
    kind, code, arrived = FAULTS[fault]
    api.fail(fault, chat=4411, seconds=1.0)
    with pytest.raises(SendError) as failed:
        await channel.send(WORDS)
    assert (type(failed.value), failed.value.code) == (kind, code)
    assert len(api.called("sendMessage")) == 1, "the channel never tries again by itself"
    assert any(shown.by_bot for shown in api.visible(4411)) is arrived
    assert await channel.send(WORDS)


async def test_the_wait_is_the_one_telegram_asks_for(api: FakeBotApi, channel: TelegramChannel) -> None:
    api.fail("429", chat=4411, seconds=37)
    api.say(52, "x")
    with pytest.raises(TooFast) as failed:
        await channel.send(WORDS)
    assert failed.value.retry_after_seconds == 37
    assert await channel.send(Outbound("52", "别人的消息不等")), "another chat is not held back"


async def test_an_edit_fails_like_a_message(api: FakeBotApi, channel: TelegramChannel) -> None:
    sent = await channel.send(WORDS)
    for fault, (kind, code, _) in FAULTS.items():
        api.fail(fault, method="editMessageText")
        with pytest.raises(kind) as failed:
            await channel.send(Outbound("4411", f"记下了 {fault}", edits=sent))
        assert failed.value.code == code
    assert len(api.called("sendMessage")) == 1, "an edit that failed is not replaced by a new message"


async def test_blocked_and_unknown_chats_are_unreachable(api: FakeBotApi, channel: TelegramChannel) -> None:
    api.block(4411)
    for address in ("4411", "999"):
        with pytest.raises(Unreachable):
            await channel.send(Outbound(address, "x"))
    api.unblock(4411)
    assert await channel.send(WORDS)


async def test_nobody_listening_is_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        channel = TelegramChannel("700123456:AAx", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(NotSent) as failed:
            await channel.send(WORDS)
        await channel.close()
    assert failed.value.code == "connect_failed"


async def test_no_free_connection_is_not_sent(api: FakeBotApi) -> None:
    channel = TelegramChannel(api.token, api.base, connections=1, pool_timeout=0.05)
    api.fail("stall", chat=4411, seconds=0.5)
    first = asyncio.create_task(channel.send(WORDS))
    await api.until(lambda: api.called("sendMessage"))
    with pytest.raises(NotSent) as failed:
        await channel.send(WORDS)
    assert await first
    await channel.close()
    assert failed.value.code == "no_free_connection"
    assert len(api.called("sendMessage")) == 1


REFUSALS: dict[str, tuple[int, str, SendError]] = {
    "blocked": (403, "Forbidden: bot was blocked by the user", Unreachable("blocked")),
    "deactivated": (403, "Forbidden: user is deactivated", Unreachable("deactivated")),
    "never met": (403, "Forbidden: bot can't initiate conversation with a user", Unreachable("forbidden")),
    "no such chat": (400, "Bad Request: chat not found", Unreachable("chat_not_found")),
    "no such person": (400, "Bad Request: PEER_ID_INVALID", Unreachable("chat_not_found")),
    "too long": (400, "Bad Request: message is too long", Rejected("text_too_long")),
    "odd button": (400, "Bad Request: BUTTON_DATA_INVALID", Rejected("button_data_invalid")),
    "anything else": (400, "Bad Request: the moon is full", Rejected("bad_request")),
    "wrong token": (401, "Unauthorized", NotSent("bad_token")),
    "malformed token": (404, "Not Found", NotSent("bad_token")),
    "restarting": (500, "Internal Server Error: restart", Unclear("bad_answer")),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_telegrams_words_have_a_meaning(
    name: str, api: FakeBotApi, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, words, expected = REFUSALS[name]

    async def refuse(_: object) -> None:
        raise ApiError(status, words)

    monkeypatch.setitem(api.methods.by_name, "sendMessage", refuse)
    with pytest.raises(type(expected)) as failed:
        await channel.send(WORDS)
    assert failed.value.code == expected.code


async def test_a_group_that_moved_is_unreachable(
    api: FakeBotApi, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_: object) -> None:
        words = "Bad Request: group chat was upgraded to a supergroup chat"
        raise ApiError(400, words, migrate_to_chat_id=-1005)

    monkeypatch.setitem(api.methods.by_name, "sendMessage", refuse)
    with pytest.raises(Unreachable, match="group_migrated"):
        await channel.send(WORDS)
    assert isinstance(meaning(ChatMigrated(-1005)), Unreachable)


@pytest.mark.parametrize("result", [None, 7, [], {}, {"message_id": 1}], ids=repr)
async def test_an_answer_of_the_wrong_shape_is_unclear(
    result: object, api: FakeBotApi, channel: TelegramChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(_: object) -> object:
        return result

    monkeypatch.setitem(api.methods.by_name, "sendMessage", answer)
    with pytest.raises(Unclear, match="bad_answer"):
        await channel.send(WORDS)


def test_an_error_of_an_unknown_kind_is_unclear() -> None:
    assert isinstance(meaning(TelegramError("something new")), Unclear)


@pytest.mark.parametrize("fault", ["400", "403", "429", "502", "late", "bad_json", "reset_after"])
async def test_answering_a_tap_never_fails(fault: str, api: FakeBotApi, channel: TelegramChannel) -> None:
    tap = await _tap(api, channel)
    api.fail(fault, method="answerCallbackQuery", seconds=0.6)
    channel.answer_soon(tap)
    await channel.close()
    assert len(api.called("answerCallbackQuery")) == 1


async def test_a_tap_is_answered_in_time_or_in_vain(api: FakeBotApi, channel: TelegramChannel) -> None:
    tap = await _tap(api, channel)
    channel.answer_soon(tap)
    await api.until(lambda: all(found.answered for found in api.world.taps.values()))
    api.advance(151)
    channel.answer_soon(tap)
    await api.until(lambda: len(api.called("answerCallbackQuery")) == 2)
    assert api.called("answerCallbackQuery")[1].description.startswith("Bad Request: query is too old")


async def _tap(api: FakeBotApi, channel: TelegramChannel) -> Inbound:
    sent = await channel.send(Outbound("4411", "吃了吗？", (Choice("吃了", Press("t", "taken")),)))
    api.press(4411, int(sent), "吃了")
    tap = parse(api.queue.pending[-1].update, channel.bot)
    assert tap is not None
    return tap


@pytest.mark.parametrize("fault", ["429", "500", "late", "reset_before"])
async def test_a_file_can_be_asked_for_again(fault: str, api: FakeBotApi, channel: TelegramChannel) -> None:
    api.voice(4411, b"OggS")
    voice = parse(api.queue.pending[-1].update, channel.bot)
    assert voice is not None
    api.fail(fault, method="getFile", seconds=1.0)
    with pytest.raises((NotSent, TooFast)):
        await channel.fetch(voice.raw)
    assert await channel.fetch(voice.raw) == Media("voice", b"OggS", "audio/ogg")


async def test_no_log_line_has_the_token_or_a_patients_words(
    api: FakeBotApi, channel: TelegramChannel, caplog: pytest.LogCaptureFixture
) -> None:
    quiet_logs([caplog.handler])
    caplog.set_level(logging.DEBUG)
    await channel.send(WORDS)
    for fault in FAULTS:
        api.fail(fault, chat=4411)
        with pytest.raises(SendError):
            await channel.send(WORDS)
    logging.getLogger("somebody").debug("asked %s/bot%s/getMe", api.base, api.token, extra={"url": api.token})
    try:
        raise ValueError(f"no answer from /bot{api.token}/getMe")
    except ValueError:
        logging.getLogger("somebody").exception("It failed")
    kept = caplog.text + " ".join(str(record.__dict__) for record in caplog.records)
    assert "It failed" in kept
    assert "[token]" in kept
    for secret in (api.token, api.token.partition(":")[2], "胸痛", "4411"):
        assert secret not in kept
    assert any(getattr(record, "action", "") == "telegram.bad_token" for record in caplog.records)


def test_quieting_twice_filters_once() -> None:
    handler = logging.NullHandler()
    quiet_logs([handler])
    quiet_logs([handler])
    assert [type(found) for found in handler.filters] == [TokenFilter]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://api.telegram.org/bot700123456:AAF_x-9/getMe", "https://api.telegram.org/bot[token]/getMe"),
        ("/file/bot700123456%3AAAF_x-9/photos/1.jpg", "/file/bot[token]/photos/1.jpg"),
        ("token=700123456:AAFakeTokenForTestsOnly", "token=[token]"),
        ("2026-11-22 14:05:33.123456 a sentence", "2026-11-22 14:05:33.123456 a sentence"),
        ("GET /bot/channels", "GET /bot/channels"),
    ],
)
def test_what_looks_like_a_token_is_hidden(text: str, kept: str) -> None:
    assert without_tokens(text) == kept
