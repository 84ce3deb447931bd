"""Parameters as the Bot API takes them: query, form, multipart or JSON, checked by name and type.

Stricter than the real server in one point: a parameter that the method does not have is refused, not ignored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

Params = dict[str, Any]


class ApiError(Exception):
    """An answer with ok=false."""

    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


def bad(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


async def read(request: web.Request) -> Params:
    given: Params = dict(request.query)
    if request.content_type == "application/json":
        body = await request.json()
        given.update(body if isinstance(body, dict) else {})
    elif request.can_read_body:
        given.update(await request.post())
    return given


def _integer(value: Any) -> int:
    if isinstance(value, bool) or not str(value).lstrip("-").isdecimal():
        raise ValueError
    return int(value)


def _boolean(value: Any) -> bool:
    if str(value).lower() not in {"true", "false", "1", "0"}:
        raise ValueError
    return str(value).lower() in {"true", "1"}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _object(value: Any) -> dict[str, Any]:
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise TypeError
    return found


def _array(value: Any) -> list[Any]:
    found = json.loads(value) if isinstance(value, str) else value
    if not isinstance(found, list):
        raise TypeError
    return found


@dataclass(frozen=True, slots=True)
class Param:
    read: Callable[[Any], Any]
    missing: str = ""  # the real server's words when a required one is absent; empty: optional


INTEGER, BOOLEAN, TEXT, OBJECT, ARRAY = (
    Param(_integer),
    Param(_boolean),
    Param(_text),
    Param(_object),
    Param(_array),
)
CHAT = Param(_integer, "chat_id is empty")
_SENDING = {
    "link_preview_options": OBJECT,
    "reply_markup": OBJECT,
    "parse_mode": TEXT,
    "entities": ARRAY,
    "business_connection_id": TEXT,
}

# Every method that the product may call, with every parameter that it may use.
METHODS: dict[str, Mapping[str, Param]] = {
    "getMe": {},
    "getUpdates": {"offset": INTEGER, "limit": INTEGER, "timeout": INTEGER, "allowed_updates": ARRAY},
    "setWebhook": {
        "url": Param(_text, "url is empty"),
        "secret_token": TEXT,
        "allowed_updates": ARRAY,
        "max_connections": INTEGER,
        "ip_address": TEXT,
        "drop_pending_updates": BOOLEAN,
    },
    "deleteWebhook": {"drop_pending_updates": BOOLEAN},
    "getWebhookInfo": {},
    "sendMessage": {
        "chat_id": CHAT,
        "text": Param(_text, "message text is empty"),
        "disable_notification": BOOLEAN,
        "protect_content": BOOLEAN,
        "reply_parameters": OBJECT,
        **_SENDING,
    },
    "editMessageText": {
        "chat_id": CHAT,
        "message_id": Param(_integer, "message identifier is not specified"),
        "text": Param(_text, "message text is empty"),
        **_SENDING,
    },
    "editMessageReplyMarkup": {
        "chat_id": CHAT,
        "message_id": Param(_integer, "message identifier is not specified"),
        "reply_markup": OBJECT,
    },
    "answerCallbackQuery": {
        "callback_query_id": Param(
            _text, "query is too old and response timeout expired or query ID is invalid"
        ),
        "text": TEXT,
        "show_alert": BOOLEAN,
        "url": TEXT,
        "cache_time": INTEGER,
    },
    "getFile": {"file_id": Param(_text, "file_id is empty")},
    "setMyCommands": {
        "commands": Param(_array, "commands is empty"),
        "scope": OBJECT,
        "language_code": TEXT,
    },
}


def checked(method: str, given: Params) -> Params:
    """The parameters by their types, or what the server says about the first wrong one."""
    known = METHODS[method]
    for name, param in known.items():
        if param.missing and given.get(name, "") == "":
            raise bad(param.missing)
    for name in given:
        if name not in known:
            raise bad(f"unknown parameter {name}")
    return {name: _typed(name, known[name], value) for name, value in given.items()}


def _typed(name: str, param: Param, value: Any) -> Any:
    try:
        return param.read(value)
    except (ValueError, TypeError):
        raise bad(f"can't parse {name}") from None


def message_text(text: str) -> str:
    """Trimmed, as Telegram does; at most 4096 UTF-16 units."""
    trimmed = text.strip()
    if not trimmed:
        raise bad("message text is empty")
    if len(trimmed.encode("utf-16-le")) // 2 > 4096:
        raise bad("message is too long")
    return trimmed


def keyboard(markup: dict[str, Any] | None) -> list[list[dict[str, str]]] | None:
    """The rows of an inline keyboard; other kinds of keyboard are not for answers and are refused."""
    if markup is None:
        return None
    rows = markup.get("inline_keyboard")
    if set(markup) != {"inline_keyboard"} or not isinstance(rows, list):
        raise bad("object expected as reply markup")
    if not all(isinstance(row, list) for row in rows):
        raise bad('field "inline_keyboard" must be an Array of Arrays')
    if sum(len(row) for row in rows) > 100 or any(len(row) > 8 for row in rows):
        raise bad("reply markup is too long")
    return [[_button(button) for button in row] for row in rows if row] or None


def _button(button: Any) -> dict[str, str]:
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad('can\'t parse inline keyboard button: Field "text" must be of type String')
    label, data, url = button["text"].strip(), button.get("callback_data"), button.get("url")
    if not label:
        raise bad("can't parse inline keyboard button: Text buttons are not allowed in the inline keyboard")
    if len([kind for kind in (data, url) if kind is not None]) != 1 or set(button) - {
        "text",
        "callback_data",
        "url",
    }:
        raise bad("can't parse inline keyboard button: Text buttons are not allowed in the inline keyboard")
    if url is not None:
        return {"text": label, "url": _url(url)}
    if not isinstance(data, str) or not 1 <= len(data.encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    return {"text": label, "callback_data": data}


def _url(url: Any) -> str:
    """Telegram wants a host with a dot: it refuses http://localhost."""
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    if parts.scheme not in {"http", "https", "tg"} or "." not in (parts.hostname or ""):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    return parts.geturl()
