"""What Telegram remembers about one bot: chats, messages, files, taps. And what patients do in it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bot.rehearsal.bot_api.params import ApiError, bad
from bot.rehearsal.bot_api.queue import UpdateQueue

Json = dict[str, Any]
ANSWER_SECONDS = 150.0  # after that a tap cannot be answered any more


@dataclass(slots=True)
class Message:
    id: int
    date: int
    by_bot: bool
    text: str
    rows: list[list[dict[str, str]]] | None = None
    media: Json = field(default_factory=dict)
    edited_at: int | None = None


@dataclass(slots=True)
class Chat:
    id: int
    kind: str = "private"
    blocked: bool = False
    messages: dict[int, Message] = field(default_factory=dict)

    def json(self) -> Json:
        name = {"first_name": f"Patient {self.id}"} if self.kind == "private" else {"title": "A group"}
        return {"id": self.id, "type": self.kind, **name}


@dataclass(slots=True)
class Tap:
    chat: int
    at: float
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One message as the patient sees it now; a button is (label, callback data or link)."""

    message_id: int
    by_bot: bool
    text: str
    buttons: tuple[tuple[str, str], ...] = ()


def telegram_clock() -> float:
    return time.time()  # noqa: TID251 - stands for the clock of Telegram's server


class World:
    def __init__(self, token: str, seed: int, clock: Callable[[], float]) -> None:
        self.token, self._clock, self._ahead = token, clock, 0.0
        self.user: Json = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Suiyao",
            "username": "suiyao_test_bot",
        }
        self.queue = UpdateQueue(self.now, Random(seed))
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, bytes] = {}
        self.taps: dict[str, Tap] = {}
        self.last_message_id = 0

    def now(self) -> float:
        return self._clock() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let Telegram's clock go ahead: old updates expire."""
        self._ahead += seconds

    # What patients do.

    def say(self, chat: int, text: str) -> int:
        """A text; opens the chat if it is new. Returns the message's id."""
        entities = [{"type": "bot_command", "offset": 0, "length": 6}] if text.startswith("/start") else []
        return self._from_patient(self.open(chat), text, {"entities": entities} if entities else {})

    def press(self, chat: int, message_id: int, label_or_data: str, *, stale: bool = False) -> str:
        """Tap a button that is there now; `stale`: send the data whatever is shown. Returns the tap's id."""
        message = self.chats[chat].messages[message_id]
        buttons = [button for row in message.rows or [] for button in row]
        found = [b for b in buttons if label_or_data in (b["text"], b.get("callback_data"))]
        if not stale and (len(found) != 1 or "callback_data" not in found[0]):
            raise ValueError(f"message {message_id} has no such button to tap")
        query_id = str(secrets.randbits(62))
        self.taps[query_id] = Tap(chat, self.now())
        body = {
            "id": query_id,
            "from": self._person(chat),
            "message": self.json(self.chats[chat], message),
            "chat_instance": str(chat * 7919),
            "data": label_or_data if stale else found[0]["callback_data"],
        }
        self.queue.add("callback_query", body, f"tap{chat}")
        return query_id

    def edit(self, chat: int, message_id: int, text: str) -> None:
        """The patient changes words of the own message."""
        message = self.chats[chat].messages[message_id]
        if message.by_bot:
            raise ValueError("a patient cannot edit the bot's message")
        message.text, message.edited_at = text, int(self.now())
        self.queue.add("edited_message", self.json(self.chats[chat], message), f"chat{chat}")

    def media(self, chat: int, kind: str, content: bytes = b"", caption: str = "", **more: Any) -> int:
        """A voice note, photo, sticker, document, location...; `more` are fields of that object."""
        unique = secrets.token_hex(6)
        body: Json = {
            "file_id": f"file-{unique}",
            "file_unique_id": unique,
            "file_size": len(content),
            **more,
        }
        self.files[body["file_id"]] = content
        if kind == "voice":
            body = {"duration": 3, "mime_type": "audio/ogg", **body}
        found: Any = (
            [{"width": 90, "height": 90, **body}] if kind == "photo" else more if kind in _PLAIN else body
        )
        return self._from_patient(
            self.open(chat), "", {kind: found, **({"caption": caption} if caption else {})}
        )

    def voice(self, chat: int, content: bytes = b"OggS voice") -> int:
        return self.media(chat, "voice", content)

    def block(self, chat: int) -> None:
        self._membership(self.open(chat), blocked=True)

    def unblock(self, chat: int) -> None:
        self._membership(self.open(chat), blocked=False)

    def say_in_group(self, group: int, chat: int, text: str) -> int:
        found = self.chats.setdefault(group, Chat(group, "supergroup"))
        return self._from_patient(found, text, {}, sender=chat)

    def visible(self, chat: int) -> list[Shown]:
        """The chat as it looks now, oldest first."""
        return (
            [_shown(message) for message in self.chats[chat].messages.values()] if chat in self.chats else []
        )

    # What the bot's methods need.

    def open(self, chat: int) -> Chat:
        return self.chats.setdefault(chat, Chat(chat))

    def reachable(self, chat: int) -> Chat:
        found = self.chats.get(chat)
        if found is None:
            raise bad("chat not found")
        if found.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        return found

    def add(self, chat: Chat, by_bot: bool, text: str, **more: Any) -> Message:
        self.last_message_id += 1
        message = Message(self.last_message_id, int(self.now()), by_bot, text, **more)
        chat.messages[message.id] = message
        return message

    def json(self, chat: Chat, message: Message, sender: int | None = None) -> Json:
        body: Json = {
            "message_id": message.id,
            "from": self.user if message.by_bot else self._person(sender or chat.id),
            "chat": chat.json(),
            "date": message.date,
            **message.media,
        }
        if message.text:
            body["text"] = message.text
        if message.rows:
            body["reply_markup"] = {"inline_keyboard": message.rows}
        if message.edited_at is not None:
            body["edit_date"] = message.edited_at
        return body

    def _from_patient(self, chat: Chat, text: str, media: Json, sender: int | None = None) -> int:
        message = self.add(chat, False, text, media=media)
        self.queue.add("message", self.json(chat, message, sender), f"chat{chat.id}", self.now())
        return message.id

    def _membership(self, chat: Chat, *, blocked: bool) -> None:
        before, chat.blocked = chat.blocked, blocked
        body = {
            "chat": chat.json(),
            "from": self._person(chat.id),
            "date": int(self.now()),
            "old_chat_member": self._member(before),
            "new_chat_member": self._member(blocked),
        }
        self.queue.add("my_chat_member", body, f"chat{chat.id}")

    def _member(self, blocked: bool) -> Json:
        return {
            "user": self.user,
            **({"status": "kicked", "until_date": 0} if blocked else {"status": "member"}),
        }

    def _person(self, chat: int) -> Json:
        return {"id": chat, "is_bot": False, "first_name": f"Patient {chat}", "language_code": "zh-hans"}


_PLAIN = {"location", "contact", "dice", "venue"}  # attachments without a file


def _shown(message: Message) -> Shown:
    buttons = [button for row in message.rows or [] for button in row]
    named = tuple((button["text"], button.get("callback_data") or button["url"]) for button in buttons)
    return Shown(message.id, message.by_bot, message.text, named)
