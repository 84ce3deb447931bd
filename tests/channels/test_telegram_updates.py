"""What Telegram sends, in the shapes of its documentation, and what we make of it."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot

from bot.channels.telegram_updates import callback_id, parse
from bot.messages import Inbound, Kind, Media, Press

pytestmark = pytest.mark.usefixtures("lean")
BOT = Bot("700123456:AAFakeTokenForTestsOnly_0123456789abc")
TOKEN = "q3xW9_fT-0aZbYcD"  # a question's
AT, LATER = 1_793_000_000, 1_793_000_060
PERSON = {"id": 4411, "is_bot": False, "first_name": "Wang", "language_code": "zh-hans"}
PRIVATE = {"id": 4411, "type": "private", "first_name": "Wang"}
GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Family"}
FILE = {"file_id": "AwACAgUAAx", "file_unique_id": "AgADx", "file_size": 4096}
MEMBER = {"user": {"id": 700123456, "is_bot": True, "first_name": "Suiyao"}}


def message(chat: dict[str, Any] = PRIVATE, **content: Any) -> dict[str, Any]:
    return {"message_id": 57, "from": PERSON, "chat": chat, "date": AT, **content}


def tap(data: str = f"{TOKEN}:taken", date: int = AT, chat: dict[str, Any] = PRIVATE) -> dict[str, Any]:
    shown = {"message_id": 31, "chat": chat, "date": date}
    return {"id": "18946", "from": PERSON, "message": shown, "chat_instance": "-77", "data": data}


def member(chat: dict[str, Any], status: str) -> dict[str, Any]:
    new = {**MEMBER, "status": status} | ({"until_date": 0} if status == "kicked" else {})
    return {"chat": chat, "from": PERSON, "date": AT, "old_chat_member": {**MEMBER, "status": "left"}} | {
        "new_chat_member": new
    }


def heard(kind: Kind, address: str = "4411", at: int | None = AT, **more: Any) -> Inbound:
    sent_at = datetime.fromtimestamp(at, UTC) if at is not None else None
    return Inbound("telegram", "700123456", address, "u900", kind, sent_at, **more)


def media(kind: str, media_type: str = "application/octet-stream", **more: Any) -> Inbound:
    return heard(Kind.MEDIA, media=Media(kind, None, media_type), **more)


PHOTO = [{**FILE, "width": 90, "height": 90}, {**FILE, "width": 800, "height": 800}]
STICKER = {**FILE, "type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
PLACE = {"latitude": 39.9, "longitude": 116.4}

CASES: dict[str, tuple[dict[str, Any], Inbound | None]] = {
    "words": ({"message": message(text="吃了")}, heard(Kind.TEXT, text="吃了")),
    "4096 characters": ({"message": message(text="药" * 4096)}, heard(Kind.TEXT, text="药" * 4096)),
    "emoji and a right-to-left mark": (
        {"message": message(text="👍\u202e好")},
        heard(Kind.TEXT, text="👍\u202e好"),
    ),
    "SQL and HTML stay words": (
        {"message": message(text="'; DROP TABLE x;--<b>")},
        heard(Kind.TEXT, text="'; DROP TABLE x;--<b>"),
    ),
    "half a surrogate pair": ({"message": message(text="a\ud83d")}, heard(Kind.TEXT, text="a?")),
    "invitation": (
        {"message": message(text="/start kJ8_x-Q2")},
        heard(Kind.START, text="kJ8_x-Q2"),
    ),
    "invitation naming the bot": (
        {"message": message(text="/start@suiyao_bot kJ8")},
        heard(Kind.START, text="kJ8"),
    ),
    "start without a code": ({"message": message(text="/start")}, heard(Kind.START)),
    "words after /start are words": (
        {"message": message(text="/start 我胸痛")},
        heard(Kind.TEXT, text="/start 我胸痛"),
    ),
    "another command": ({"message": message(text="/help")}, heard(Kind.TEXT, text="/help")),
    "voice note": (
        {"message": message(voice={**FILE, "duration": 3, "mime_type": "audio/ogg"})},
        media("voice", "audio/ogg"),
    ),
    "picture with words": (
        {"message": message(photo=PHOTO, caption="这样正常吗")},
        media("picture", "image/jpeg", text="这样正常吗"),
    ),
    "sticker": ({"message": message(sticker=STICKER)}, media("sticker", "image/webp")),
    "video": (
        {"message": message(video={**FILE, "duration": 1, "width": 1, "height": 1})},
        media("video", "video/mp4"),
    ),
    "round video": (
        {"message": message(video_note={**FILE, "duration": 1, "length": 240})},
        media("video", "video/mp4"),
    ),
    "file": (
        {"message": message(document={**FILE, "file_name": "a.pdf", "mime_type": "application/pdf"})},
        media("file", "application/pdf"),
    ),
    "file with a hostile type": (
        {"message": message(document={**FILE, "mime_type": "text/html\r\nX: y"})},
        media("file"),
    ),
    "place": ({"message": message(location=PLACE)}, media("other")),
    "a kind of message that is not known yet": (
        {"message": message(hologram={"depth": 3})},
        media("other"),
    ),
    "a message the library cannot read": (
        {"message": message(text="吃了", entities="broken")},
        heard(Kind.TEXT, at=None, text="吃了"),
    ),
    "media the library cannot read": (
        {"message": message(voice={"strange": True})},
        heard(Kind.MEDIA, at=None, media=Media("other")),
    ),
    "Telegram's own notice": ({"message": message(pinned_message=message(text="x"))}, None),
    "tap": (
        {"callback_query": tap()},
        heard(Kind.CHOICE, at=None, press=Press(TOKEN, "taken"), message_ref="31"),
    ),
    "tap on a message too old to be shown": (
        {"callback_query": tap(date=0)},
        heard(Kind.CHOICE, at=None, press=Press(TOKEN, "taken"), message_ref="31"),
    ),
    "tap with data that is not ours": (
        {"callback_query": tap("junk")},
        heard(Kind.CHOICE, at=None, press=Press("junk", ""), message_ref="31"),
    ),
    "tap without a message": ({"callback_query": {**tap(), "message": None}}, None),
    "tap in a group": (
        {"callback_query": tap(chat=GROUP)},
        heard(Kind.GROUP, "-1001234567890", at=None),
    ),
    "words changed": (
        {"edited_message": message(text="没吃", edit_date=LATER)},
        heard(Kind.EDITED, at=LATER, text="没吃", message_ref="57"),
    ),
    "caption changed": (
        {"edited_message": message(photo=PHOTO, caption="没吃", edit_date=LATER)},
        heard(Kind.EDITED, at=LATER, text="没吃", message_ref="57"),
    ),
    "picture changed": (
        {"edited_message": message(photo=PHOTO, edit_date=LATER)},
        media("picture", "image/jpeg", at=LATER, message_ref="57"),
    ),
    "a moving place": ({"edited_message": message(location=PLACE, edit_date=LATER)}, None),
    "bot blocked": ({"my_chat_member": member(PRIVATE, "kicked")}, heard(Kind.BLOCKED)),
    "bot unblocked": ({"my_chat_member": member(PRIVATE, "member")}, heard(Kind.UNBLOCKED)),
    "bot added to a group": (
        {"my_chat_member": member(GROUP, "member")},
        heard(Kind.GROUP, "-1001234567890"),
    ),
    "bot put out of a group": ({"my_chat_member": member(GROUP, "left")}, None),
    "words in a group": (
        {"message": message(GROUP, text="吃了")},
        heard(Kind.GROUP, "-1001234567890"),
    ),
    "a channel's post": (
        {"channel_post": message({**GROUP, "type": "channel"}, text="x")},
        heard(Kind.GROUP, "-1001234567890"),
    ),
    "an update of a kind unknown today": ({"telepathy": {"from": PERSON}}, None),
    "a poll's votes": ({"poll_answer": {"poll_id": "1", "user": PERSON, "option_ids": [0]}}, None),
}


@pytest.mark.parametrize("name", CASES)
def test_payload_in_message_out(name: str) -> None:
    body, expected = CASES[name]
    update = {"update_id": 900, **body}
    sent = json.dumps(update).encode()
    for form in (sent, update):
        found = parse(form, BOT)
        if expected is None or found is None:
            assert found is expected
            continue
        assert json.loads(found.raw) == update
        assert found == Inbound(**{**_fields(expected), "raw": found.raw})
    if (found := parse(sent, BOT)) is not None:
        assert found.raw == sent, "the record is what was sent, byte for byte"


def _fields(inbound: Inbound) -> dict[str, Any]:
    return {name: getattr(inbound, name) for name in Inbound.__slots__}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'{"update_id": "7"}',
        b'{"update_id": true}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_no_update_is_refused(body: bytes) -> None:
    assert parse(body, BOT) is None


def test_an_ignored_update_is_logged_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        parse({"update_id": 900, "telepathy": {"thought": "胸痛"}}, BOT)
        parse({"update_id": 901, "poll_answer": {"user": {"first_name": "Wang"}}}, BOT)
    assert [getattr(record, "external_id", "") for record in caplog.records] == ["u900", "u901"]
    logged = " ".join(str(record.__dict__) for record in caplog.records)
    assert "胸痛" not in logged
    assert "Wang" not in logged


def test_only_a_tap_has_a_callback_to_answer() -> None:
    assert callback_id(json.dumps({"update_id": 1, "callback_query": tap()}).encode()) == "18946"
    assert callback_id(json.dumps({"update_id": 1, "message": message(text="x")}).encode()) is None
    assert callback_id(b"not json") is None


ENVELOPES = ["message", "edited_message", "callback_query", "my_chat_member"]
FIELDS = ["chat", "id", "type", "date", "text", "from", "message_id", "data", "voice", "photo", "file_id"]
NAMES = st.sampled_from([*ENVELOPES, *FIELDS, "new_chat_member", "status", "entities"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["private", "kicked", "/start"])
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(), inner, max_size=8)
)


@given(st.dictionaries(NAMES, ANYTHING), st.integers())
def test_any_object_is_read_or_ignored(body: dict[str, Any], update_id: int) -> None:
    _read_or_ignored({"update_id": update_id, **body})


@given(st.sampled_from(["message", "edited_message"]), st.dictionaries(NAMES, ANYTHING))
def test_any_odd_message_of_a_private_chat_is_kept_for_a_person(kind: str, odd: dict[str, Any]) -> None:
    body = {**odd, "chat": PRIVATE, "date": AT, "message_id": 57}
    found = _read_or_ignored({"update_id": 900, kind: body})
    assert kind == "edited_message" or found is not None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_ignored(body: bytes) -> None:
    found = parse(body, BOT)
    assert found is None or found.channel == "telegram"


def _read_or_ignored(update: dict[str, Any]) -> Inbound | None:
    found = parse(update, BOT)
    if found is not None:
        found.text.encode()  # what cannot be written down would be lost later
        assert int(found.address)
        assert found.sent_at is None or found.sent_at.tzinfo is not None
        assert found.kind is not Kind.CHOICE or found.press is not None
    return found
