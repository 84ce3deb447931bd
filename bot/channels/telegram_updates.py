"""From what Telegram sends to what a person did. Never raises on strange input, never logs words."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telegram import Bot, CallbackQuery, ChatMemberUpdated, Message, Update
from telegram.helpers import effective_message_type

from bot.channels.telegram_media import UNREADABLE, attachment
from bot.messages import Inbound, Kind, Media, Press

logger = logging.getLogger(__name__)

# my_chat_member tells of a block; it arrives only when asked for by name.
ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
NAME = "telegram"

_START = re.compile(r"/start(?:@\w+)?(?:\s+([A-Za-z0-9_-]{1,64}))?\s*")
_GONE = {"left", "kicked"}


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What every message of one update has in common."""

    account: str
    external_id: str
    raw: bytes

    def holds(self, kind: Kind, chat_id: object, sent_at: datetime | None, **more: Any) -> Inbound:
        address = str(_whole(chat_id))
        return Inbound(NAME, self.account, address, self.external_id, kind, sent_at, raw=self.raw, **more)


def account_of(token: str) -> str:
    """The bot's number: the part of its token before the colon, which is no secret."""
    return token.partition(":")[0]


def read_update(body: bytes) -> dict[str, Any] | None:
    """The JSON object of one update, or None when it is not one."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if is_update(found) else None


def is_update(found: object) -> bool:
    update_id = found.get("update_id") if isinstance(found, dict) else None
    return isinstance(update_id, int) and not isinstance(update_id, bool) and abs(update_id) < 2**63


def parse(update: bytes | Mapping[str, Any], bot: Bot, sent: bytes | None = None) -> Inbound | None:
    """What one person did, or None for what is nobody's message; the caller acknowledges in both cases.

    `raw` is the update as JSON bytes: those in which it was `sent`, for one that was read before. A message of a
    private chat that the library cannot read comes out as its plain words, or as media of kind "other", so that a
    new feature of Telegram never swallows a message.
    """
    found = read_update(update) if isinstance(update, bytes) else dict(update)
    if found is None or not is_update(found):
        logger.warning("Something that is no update was ignored", extra={"action": "telegram.not_an_update"})
        return None
    raw = update if isinstance(update, bytes) else sent or _as_json(found)
    envelope = _Envelope(account_of(bot.token), f"u{found['update_id']}", raw)
    try:
        heard = _heard(Update.de_json(found, bot), envelope)
    except UNREADABLE:
        heard = _salvaged(found, envelope)
    if heard is None:
        kinds = ",".join(kind for kind in Update.ALL_TYPES if kind in found) or "unknown"
        extra = {"action": "telegram.ignored", "external_id": envelope.external_id, "kinds": kinds}
        logger.info("An update that is nobody's message was ignored", extra=extra)
    return heard


def callback_id(raw: bytes) -> str | None:
    """The id by which a tap is answered, so that the button stops spinning."""
    found = read_update(raw) or {}
    query = found.get("callback_query")
    query_id = query.get("id") if isinstance(query, dict) else None
    return query_id if isinstance(query_id, str) else None


def _heard(update: Update, envelope: _Envelope) -> Inbound | None:
    if update.callback_query:
        return _tap(update.callback_query, envelope)
    if update.my_chat_member:
        return _membership(update.my_chat_member, envelope)
    message = update.message or update.edited_message or update.channel_post or update.edited_channel_post
    if not message:
        return None
    if message.chat.type != "private":
        return envelope.holds(Kind.GROUP, message.chat.id, message.date)
    return _edited(message, envelope) if update.edited_message else _message(message, envelope)


def _message(message: Message, envelope: _Envelope) -> Inbound | None:
    chat_id, at = message.chat.id, message.date
    if message.text is not None:
        text = _words(message.text)
        start = _START.fullmatch(text)
        if start:
            return envelope.holds(Kind.START, chat_id, at, text=start.group(1) or "")
        return envelope.holds(Kind.TEXT, chat_id, at, text=text)
    if _is_notice(message):
        return None
    found = attachment(message)
    media = Media(found.kind, None, found.media_type)
    return envelope.holds(Kind.MEDIA, chat_id, at, text=_words(message.caption or ""), media=media)


def _edited(message: Message, envelope: _Envelope) -> Inbound | None:
    """New words for an old message; without words, a changed picture. A moving location is not a message."""
    ref, at = str(_whole(message.message_id)), message.edit_date or message.date
    words = message.text or message.caption
    if words:
        return envelope.holds(Kind.EDITED, message.chat.id, at, text=_words(words), message_ref=ref)
    if message.location or _is_notice(message):
        return None
    found = attachment(message)
    media = Media(found.kind, None, found.media_type)
    return envelope.holds(Kind.MEDIA, message.chat.id, at, media=media, message_ref=ref)


def _is_notice(message: Message) -> bool:
    """Telegram's own line in the chat ("pinned a message"). A kind that the library does not know is none."""
    return bool(effective_message_type(message)) and not message.effective_attachment


def _tap(query: CallbackQuery, envelope: _Envelope) -> Inbound | None:
    if query.message is None or query.data is None:
        return None
    chat = query.message.chat
    if chat.type != "private":
        return envelope.holds(Kind.GROUP, chat.id, None)
    ref = str(_whole(query.message.message_id))
    press = Press.parse(_words(query.data))
    return envelope.holds(Kind.CHOICE, chat.id, None, press=press, message_ref=ref)


def _membership(change: ChatMemberUpdated, envelope: _Envelope) -> Inbound | None:
    gone = change.new_chat_member.status in _GONE
    if change.chat.type == "private":
        return envelope.holds(Kind.BLOCKED if gone else Kind.UNBLOCKED, change.chat.id, change.date)
    return None if gone else envelope.holds(Kind.GROUP, change.chat.id, change.date)


def _salvaged(found: Mapping[str, Any], envelope: _Envelope) -> Inbound | None:
    message = found.get("message") or found.get("edited_message")
    chat = message.get("chat") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(chat, dict) or chat.get("type") != "private":
        return None
    text = message.get("text")
    try:
        if isinstance(text, str):
            return envelope.holds(Kind.TEXT, chat.get("id"), None, text=_words(text))
        return envelope.holds(Kind.MEDIA, chat.get("id"), None, media=Media("other"))
    except TypeError:
        return None


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    raise TypeError("not a whole number")


def _words(value: object) -> str:
    """Text that UTF-8 can carry: half of a surrogate pair, which JSON permits, becomes a question mark."""
    if not isinstance(value, str):
        raise TypeError("not text")
    return value.encode("utf-8", "replace").decode("utf-8")


def _as_json(found: Mapping[str, Any]) -> bytes:
    text = json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")  # for a lone surrogate, exactly JSON's own escape
