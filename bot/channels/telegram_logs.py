"""Keeps bot tokens out of every log. httpx prints each URL at INFO, and Telegram's URLs contain the token."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable

HIDDEN = "[token]"
_TOKEN = re.compile(r"\d{3,}(?::|%3A)[A-Za-z0-9_-]{16,}|(?<=/bot)\d+(?::|%3A)[^/\s\"']*", re.IGNORECASE)
_TALKATIVE = ("httpx", "httpcore", "telegram")


def without_tokens(text: str) -> str:
    return _TOKEN.sub(HIDDEN, text)


class TokenFilter(logging.Filter):
    """Rewrites a record's words, traceback and extras. Never drops a record.

    The traceback is left as text in `exc_text`: the exception itself would still hold the token.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_tokens(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        record.exc_info = None
        if record.exc_text:
            record.exc_text = without_tokens(record.exc_text)
        for key, value in record.__dict__.items():
            if isinstance(value, str):
                record.__dict__[key] = without_tokens(value)
        return True


def quiet_logs(handlers: Iterable[logging.Handler] = ()) -> None:
    """Call once after logging is configured, with every handler that writes anything.

    python-telegram-bot is quieted too: at DEBUG it prints whole updates, which are patients' words.
    """
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for handler in (*logging.getLogger().handlers, *handlers):
        if not any(isinstance(known, TokenFilter) for known in handler.filters):
            handler.addFilter(TokenFilter())
