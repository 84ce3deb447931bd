"""What every channel is to the rest of the house: something that sends, and says what it can do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.messages import Inbound, Outbound

# Handed to a channel by bot.app. Returns only after the message is committed; whatever it raises means
# "not stored": the channel must not acknowledge, so that the provider delivers the message again.
Accept = Callable[[Inbound], Awaitable[None]]


class Channel(Protocol):
    """A way to one kind of address."""

    @property
    def name(self) -> str:
        """ "telegram", "web", "email"."""

    @property
    def account(self) -> str:
        """Which bot, page or mailbox of ours; never a secret."""

    @property
    def can_push(self) -> bool:
        """Whether somebody who did not just write can be reached."""

    @property
    def can_edit(self) -> bool:
        """Whether a message that was sent can be replaced."""

    async def send(self, outbound: Outbound) -> str:
        """The provider's id of the message. Raises a SendError subclass, which says what to do next."""
