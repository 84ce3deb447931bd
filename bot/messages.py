"""What passes between channels and services: what somebody said, and what is to be said.

Values only. A channel never sees a participant and a service never sees a provider's update.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What an inbound message is."""

    TEXT = "text"
    CHOICE = "choice"  # a button was pressed
    MEDIA = "media"  # a voice note, picture, sticker, file: kept for staff, never silent
    START = "start"  # an invitation was opened; `text` carries its code
    EDITED = "edited"  # earlier words were changed: a correction, never an overwrite
    BLOCKED = "blocked"  # the person shut this channel
    UNBLOCKED = "unblocked"
    GROUP = "group"  # somebody wrote in a group, where nothing personal may be said


@dataclass(frozen=True, slots=True)
class Press:
    """A button: the token of the question it belongs to, and the answer's id."""

    token: str
    answer: str

    @property
    def data(self) -> str:
        """The wire form. ASCII and at most 64 bytes, as Telegram demands."""
        return f"{self.token}:{self.answer}"

    @classmethod
    def parse(cls, data: str) -> Press:
        token, _, answer = data.partition(":")
        return cls(token, answer)


@dataclass(frozen=True, slots=True)
class Media:
    """Something that is not text. `content` is None when it could not be fetched (too large, gone)."""

    kind: str  # voice, picture, sticker, video, file, other
    content: bytes | None = None
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Inbound:
    """One thing that one person did in one channel.

    (channel, account, external_id) names it for ever: the same triple is the same message.
    `address` (chat id, device token) and `raw` are personal data.
    """

    channel: str  # telegram, web
    account: str  # which bot, which page
    address: str
    external_id: str
    kind: Kind
    sent_at: datetime | None  # by the provider's clock, aware; None when the provider does not say
    text: str = ""
    press: Press | None = None
    media: Media | None = None
    message_ref: str = ""  # provider's id of the pressed or edited message
    raw: bytes = b""  # what the provider sent, for the record


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be tapped; with `url` it opens a page instead."""

    label: str
    press: Press | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message for one address, ready to travel. Choices stand one per row."""

    address: str
    text: str
    choices: tuple[Choice, ...] = ()
    subject: str = ""  # e-mail only
    edits: str = ""  # provider's id of an earlier message that this one replaces
    message_key: str = ""  # ours; e-mail makes its Message-ID of it
