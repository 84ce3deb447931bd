"""What leaves for Telegram: the requests, the edits, and what is refused before it leaves."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from bot.channels.telegram import TelegramChannel
from bot.errors import Misconfigured, Rejected
from bot.messages import Choice, Media, Outbound, Press
from bot.rehearsal.bot_api.server import FakeBotApi
from bot.rehearsal.bot_api.world import Shown

TOKEN = "q3xW9_fT-0aZbYcD"  # a question's
TAKEN, NOT = Choice("吃了", Press(TOKEN, "taken")), Choice("没吃", Press(TOKEN, "not"))
PAGE = Choice("打开", url="https://page.example/i/abc")


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as server:
        server.say(4411, "/start kJ8")
        yield server


@pytest.fixture
async def channel(api: FakeBotApi) -> AsyncIterator[TelegramChannel]:
    telegram = TelegramChannel(api.token, api.base)
    yield telegram
    await telegram.close()


CASES = {
    "plain words": (Outbound("4411", "您好 <b>&*_`"), "您好 <b>&*_`", ()),
    "one choice a row": (
        Outbound("4411", "今天的药吃了吗？", (TAKEN, NOT)),
        "今天的药吃了吗？",
        (("吃了", f"{TOKEN}:taken"), ("没吃", f"{TOKEN}:not")),
    ),
    "a page": (Outbound("4411", "请看", (PAGE,)), "请看", (("打开", "https://page.example/i/abc"),)),
    "the longest text": (Outbound("4411", "药" * 4096), "药" * 4096, ()),
    "the longest button": (
        Outbound("4411", "x", (Choice("a", Press("t" * 43, "a" * 20)),)),
        "x",
        (("a", f"{'t' * 43}:{'a' * 20}"),),
    ),
}


@pytest.mark.parametrize("name", CASES)
async def test_message_in_request_out(name: str, api: FakeBotApi, channel: TelegramChannel) -> None:
    outbound, text, buttons = CASES[name]
    sent = await channel.send(outbound)
    assert api.visible(4411)[-1] == Shown(int(sent), True, text, buttons)
    [call] = api.called("sendMessage")
    assert set(call.params) <= {"chat_id", "text", "reply_markup", "link_preview_options"}
    assert json.loads(call.params["link_preview_options"]) == {"is_disabled": True}
    if buttons:
        rows = json.loads(call.params["reply_markup"])["inline_keyboard"]
        assert [len(row) for row in rows] == [1] * len(buttons)


REFUSED = {
    "no text": (Outbound("4411", " \n"), "text_empty"),
    "4097 characters": (Outbound("4411", "药" * 4097), "text_too_long"),
    "2049 emoji, of two units each": (Outbound("4411", "👍" * 2049), "text_too_long"),
    "a button of 65 bytes": (
        Outbound("4411", "x", (Choice("a", Press("t" * 44, "a" * 20)),)),
        "button_data_invalid",
    ),
    "a button of 22 Chinese characters": (
        Outbound("4411", "x", (Choice("a", Press("药" * 22, "")),)),
        "button_data_invalid",
    ),
    "a button that leads nowhere": (Outbound("4411", "x", (Choice("a"),)), "button_data_invalid"),
    "a button without a label": (Outbound("4411", "x", (Choice(" ", TAKEN.press),)), "button_empty"),
    "an address that is no chat": (Outbound("@somebody", "x"), "bad_address"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_refused_before_it_leaves(name: str, api: FakeBotApi, channel: TelegramChannel) -> None:
    outbound, code = REFUSED[name]
    with pytest.raises(Rejected) as refused:
        await channel.send(outbound)
    assert refused.value.code == code
    assert not api.calls


async def test_a_button_to_a_host_without_a_dot_is_refused_by_telegram(channel: TelegramChannel) -> None:
    with pytest.raises(Rejected) as refused:
        await channel.send(Outbound("4411", "x", (Choice("a", url="http://localhost:8080/i/secret"),)))
    assert refused.value.code == "button_url_invalid"
    assert "secret" not in str(refused.value)


async def test_an_edit_replaces_text_and_buttons(api: FakeBotApi, channel: TelegramChannel) -> None:
    sent = await channel.send(Outbound("4411", "有新消息", (Choice("查看", Press(TOKEN, "view")),)))
    assert await channel.send(Outbound("4411", "今天的药吃了吗？", (TAKEN,), edits=sent)) == sent
    assert api.visible(4411)[-1].buttons == (("吃了", f"{TOKEN}:taken"),)
    assert await channel.send(Outbound("4411", "记下了：吃了", edits=sent)) == sent
    assert api.visible(4411)[1:] == [Shown(int(sent), True, "记下了：吃了")]


async def test_an_edit_that_changes_nothing_is_a_success(api: FakeBotApi, channel: TelegramChannel) -> None:
    sent = await channel.send(Outbound("4411", "记下了"))
    assert await channel.send(Outbound("4411", "记下了", edits=sent)) == sent
    assert api.called("editMessageText")[0].status == 400
    assert len(api.called("sendMessage")) == 1


@pytest.mark.parametrize(
    "edits", ["99999", "1", "not-a-number"], ids=["gone", "not ours", "of another channel"]
)
async def test_what_cannot_be_edited_is_sent_anew(
    edits: str, api: FakeBotApi, channel: TelegramChannel
) -> None:
    sent = await channel.send(Outbound("4411", "记下了", (TAKEN,), edits=edits))
    assert api.visible(4411)[-1] == Shown(int(sent), True, "记下了", (("吃了", f"{TOKEN}:taken"),))


async def test_who_the_channel_is(api: FakeBotApi, channel: TelegramChannel) -> None:
    about = (channel.name, channel.account, channel.can_push, channel.can_edit)
    assert about == ("telegram", "700123456", True, True)
    assert not api.calls, "the account is known without asking"
    assert await channel.check() == "suiyao_test_bot"


@pytest.mark.parametrize("token", ["700123456:AAWrong", "7:x"], ids=["unknown", "malformed"])
async def test_a_refused_token_is_one_line_without_the_token(token: str, api: FakeBotApi) -> None:
    channel = TelegramChannel(token, api.base)
    with pytest.raises(Misconfigured) as wrong:
        await channel.check()
    await channel.close()
    assert str(wrong.value) == f"SUIYAO_TELEGRAM_TOKEN: refused by {api.base}"


@pytest.mark.parametrize("token", ["", "abc", "123:", "123:a b", "123:abc\n"])
def test_what_is_no_token_is_said_at_once(token: str) -> None:
    with pytest.raises(Misconfigured, match=r"^SUIYAO_TELEGRAM_TOKEN: not a bot token"):
        TelegramChannel(token)


FILES = {
    "voice": (b"OggS", Media("voice", b"OggS", "audio/ogg")),
    "photo": (b"\xff\xd8", Media("picture", b"\xff\xd8", "image/jpeg")),
    "document": (b"%PDF", Media("file", b"%PDF", "application/octet-stream")),
}


@pytest.mark.parametrize("kind", FILES)
async def test_a_file_is_fetched_afterwards(kind: str, api: FakeBotApi, channel: TelegramChannel) -> None:
    content, expected = FILES[kind]
    api.media(4411, kind, content)
    assert await channel.fetch(json.dumps(api.queue.pending[-1].update).encode()) == expected


async def test_what_cannot_be_fetched_has_no_content(api: FakeBotApi, channel: TelegramChannel) -> None:
    api.voice(4411, b"OggS")
    gone = json.dumps(api.queue.pending[-1].update).encode()
    api.world.files.clear()
    api.media(4411, "document", b"", file_size=20 * 1024 * 1024 + 1)
    large = json.dumps(api.queue.pending[-1].update).encode()
    api.media(4411, "location", latitude=39.9, longitude=116.4)
    place = json.dumps(api.queue.pending[-1].update).encode()
    assert await channel.fetch(gone) == Media("voice", None, "audio/ogg")
    assert await channel.fetch(large) == Media("file", None)
    assert await channel.fetch(place) == Media("other", None)
    assert len(api.called("getFile")) == 1, "what is too large is not asked for"


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b'{"update_id": 1, "message": {"message_id": 1, "voice": {"strange": true}}}']
)
async def test_nothing_is_fetched_of_what_cannot_be_read(
    raw: bytes, api: FakeBotApi, channel: TelegramChannel
) -> None:
    assert await channel.fetch(raw) == Media("other", None)
    assert not api.calls


async def test_the_webhook_is_set_and_removed(api: FakeBotApi, channel: TelegramChannel) -> None:
    await channel.set_webhook("https://bot.example/telegram/700123456", "s3cret_-")
    [call] = api.called("setWebhook")
    assert "my_chat_member" in json.loads(call.params["allowed_updates"])
    assert call.params["secret_token"] == "s3cret_-"
    await channel.delete_webhook()
    assert api.webhook.url == ""
    assert len(api.queue.pending) == 1, "what waits is kept"
    with pytest.raises(Misconfigured, match=r"^SUIYAO_PUBLIC_URL: .*http://bot\.example"):
        await channel.set_webhook("http://bot.example/telegram/700123456", "s3cret_-")
