"""What can go wrong on purpose. Everything else that is raised is a bug.

`Refused` is the domain saying no. `SendError` is the wire, and its subclass tells the sender what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """The domain says no. `message_id` names the text that explains it."""

    def __init__(self, message_id: str, **values: Any) -> None:
        super().__init__(message_id if not values else f"{message_id} {values}")
        self.message_id = message_id
        self.values: Mapping[str, Any] = values


class Misconfigured(Exception):
    """A setting or a definition is wrong. The text says what and where, on one line, without secrets."""


class SendError(Exception):
    """A message did not certainly arrive. `code` is stable and free of personal data."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotSent(SendError):
    """Certainly not sent (connection refused, no free connection): try again."""


class TooFast(SendError):
    """The provider asks this address to wait."""

    def __init__(self, retry_after_seconds: float, code: str = "too_fast") -> None:
        super().__init__(code)
        self.retry_after_seconds = retry_after_seconds


class Unreachable(SendError):
    """This address is closed to us (blocked, deactivated, mailbox gone): stop writing to it, tell staff."""


class Rejected(SendError):
    """The provider refuses this very message: trying again cannot help."""


class Unclear(SendError):
    """It may have arrived (read timeout, reset after sending). Never treated as not sent."""
