"""What a form brought: bounded, decoded, every field a plain string. A missing field is an empty one."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from starlette.requests import Request

# A note of 10,000 Chinese characters is 90 kB in a form. What is longer was not typed by a nurse.
MOST_BYTES = 256 * 1024
MOST_FIELDS = 200


class TooLarge(Exception):
    """The body is larger than any form of ours."""


@dataclass(frozen=True, slots=True)
class Form:
    fields: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, most: int = 200) -> str:
        """One line or short text, without surrounding space, cut at `most` characters."""
        return self.fields.get(name, "").strip()[:most]

    def note(self, name: str) -> str:
        """Never cut: a note that is too long is refused by its service, and comes back whole."""
        return self.fields.get(name, "").strip()

    def raw(self, name: str) -> str:
        """As typed: a password may begin with a space."""
        return self.fields.get(name, "")

    def number(self, name: str) -> int | None:
        typed = self.text(name)
        return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 15 else None

    def has(self, name: str) -> bool:
        return bool(self.fields.get(name))


async def read_form(request: Request) -> Form:
    """Raises TooLarge. What is no form at all counts as an empty one, which its page then refuses."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return Form()
    try:
        pairs = parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return Form()
    return Form({name: plain(value) for name, value in pairs})


def plain(value: str) -> str:
    """Line ends of every kind become one; what PostgreSQL cannot keep (NUL, half a character) is made visible."""
    value = value.replace("\r\n", "\n").replace("\x00", "\ufffd")
    return value.encode("utf-8", "replace").decode("utf-8")
