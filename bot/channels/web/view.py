"""What the phone page shows, and what it needs of the rest of the house. Values and one Protocol only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.messages import Choice, Inbound


@dataclass(frozen=True, slots=True)
class Line:
    """One bubble. Lines are handed over oldest first."""

    key: str  # unique within the conversation, stable
    mine: bool  # said by the person who holds this phone
    text: str
    at: datetime  # aware, in the participant's zone
    label: str  # when it was said, in words (今天早上8:05); who said it is added by the page
    record: bool = False  # nobody's words: what an answered question became
    urgent: bool = False  # says whom to call now


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """The question that waits for an answer. The newest line with the same text is not shown twice."""

    token: str
    text: str
    choices: tuple[Choice, ...]
    progress: str  # "1/2", or empty
    takes_words: bool
    at: datetime | None = None  # since when it is open


@dataclass(frozen=True, slots=True)
class ChatView:
    """Everything that one device may see now."""

    language: str  # zh_Hans_CN, en
    title: str  # neutral: it also names the browser's tab
    lines: tuple[Line, ...]
    question: OpenQuestion | None
    site_phone: str  # empty when the site has none
    linked: bool  # False until the invitation is confirmed: no menu, no upload
    menu: tuple[Choice, ...]


class Backend(Protocol):
    """Handed in by bot.app. `address` is always the device's token: personal data, never to be logged."""

    async def accept(self, inbound: Inbound) -> None:
        """Returns after commit and, when possible, after it was handled.

        Raises Refused when the domain says no (its text is shown and the person's words stay on the page);
        any other error means "not stored": the person is told to try again.
        """

    async def knows(self, address: str) -> bool:
        """Whether this device was ever let in. Marks nothing as delivered.

        Asked before a body is read: a stranger with a made-up cookie shall fill neither memory nor inbox.
        """

    async def follows(self, address: str) -> bool:
        """Whether there will be news for this device; not once its person has moved to another."""

    async def view(self, address: str) -> ChatView | None:
        """None: unknown device. Reading marks what is shown as delivered."""

    def changes(self, address: str) -> AsyncIterator[None]:
        """Yields when there is something new; ends when the process is about to stop."""

    def text(self, language: str, text_id: str, **values: object) -> str:
        """A text of the catalogue."""
