"""The HTTP side of Telegram, and what its failures mean to a sender.

Never retries: whether a message may be sent twice is not for the wire to decide.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.errors import NotSent, Rejected, SendError, TooFast, Unclear, Unreachable

# What each of httpx's failures says about the request. Only these happen before a byte of it has left.
_BEFORE_SENDING: dict[type[BaseException], str] = {
    httpx.PoolTimeout: "no_free_connection",
    httpx.ConnectTimeout: "connect_timeout",
    httpx.ConnectError: "connect_failed",
    httpx.ProxyError: "proxy_failed",
    httpx.UnsupportedProtocol: "bad_api_base",
    httpx.InvalidURL: "bad_api_base",
}

# Telegram's words for a 400, lower case -> our code. Its full text may quote a link: never kept.
_CLOSED = {"chat not found": "chat_not_found", "peer_id_invalid": "chat_not_found"}
_REFUSED = {
    "text is empty": "text_empty",
    "message is too long": "text_too_long",
    "message_too_long": "text_too_long",
    "button_data_invalid": "button_data_invalid",
    "button_url_invalid": "button_url_invalid",
    "wrong http url": "button_url_invalid",
}
_FORBIDDEN = {"blocked by the user": "blocked", "user is deactivated": "deactivated"}
_DEFAULT_WAIT_SECONDS = 5.0


class Wire(HTTPXRequest):
    """HTTPXRequest that logs no bodies and reads a 429 itself.

    The library's own parser writes an unreadable answer, which may echo a patient's message, to the log; and
    its RetryAfter warns of a coming change of type whenever it is made.
    """

    async def do_request(self, *args: Any, **named: Any) -> tuple[int, bytes]:
        status, body = await super().do_request(*args, **named)
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise TooFast(_asked_wait(body))
        return status, body

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict) or not ({"result", "description"} & answer.keys()):
            raise TelegramError("Invalid server response")
        return answer


def wire(api_base: str, *, connections: int, read_timeout: float, pool_timeout: float = 5.0) -> Wire:
    """One pool of connections to `api_base`. Timeouts in seconds. Loopback is never asked through a proxy."""
    loopback = urlsplit(api_base).hostname in {"127.0.0.1", "localhost", "::1"}
    return Wire(
        connection_pool_size=connections,
        connect_timeout=5.0,
        read_timeout=read_timeout,
        write_timeout=10.0,
        pool_timeout=pool_timeout,
        httpx_kwargs={"trust_env": not loopback},
    )


def meaning(error: Exception) -> SendError:
    """What a failed call means for the message. BadRequest is asked before its base class NetworkError."""
    cause = error.__cause__
    if isinstance(cause, SendError):
        return cause
    if isinstance(error, RetryAfter):
        wait = error.retry_after
        return TooFast(wait.total_seconds() if isinstance(wait, timedelta) else float(wait))
    if isinstance(error, Forbidden):
        return Unreachable(_code(error, _FORBIDDEN, "forbidden"))
    if isinstance(error, ChatMigrated):
        return Unreachable("group_migrated")
    if isinstance(error, InvalidToken):
        return NotSent("bad_token")  # our own fault: the message waits until the token is put right
    if isinstance(error, Conflict):
        return NotSent("conflict")
    if isinstance(error, BadRequest):
        closed = _code(error, _CLOSED, "")
        return Unreachable(closed) if closed else Rejected(_code(error, _REFUSED, "bad_request"))
    return _of_transport(cause)


def _of_transport(cause: BaseException | None) -> SendError:
    for kind, code in _BEFORE_SENDING.items():
        if isinstance(cause, kind):
            return NotSent(code)
    if isinstance(cause, httpx.TimeoutException):
        return Unclear("timeout")
    if isinstance(cause, httpx.TransportError):
        return Unclear("connection_lost")
    return Unclear("bad_answer")


def _code(error: TelegramError, codes: dict[str, str], otherwise: str) -> str:
    said = error.message.lower()
    return next((code for words, code in codes.items() if words in said), otherwise)


def _asked_wait(body: bytes) -> float:
    """Seconds. A 429 from a proxy on the way carries none."""
    try:
        return float(json.loads(body)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError):
        return _DEFAULT_WAIT_SECONDS
