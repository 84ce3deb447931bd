"""A stage: one or more phones that exist only here, and the real services between them and the database.

Time moves only when told to, and stops at every timer on the way, as it would have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from bot.db.inbox import InboxMessage
from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.errors import SendError
from bot.messages import Choice, Inbound, Kind, Media, Outbound, Press
from bot.services import deployment, inbox, reminding, sending, timers
from bot.services.context import Ctx

ACCOUNT = "stage"


@dataclass(slots=True)
class Phone:
    """One chat: what stands on its screen, by the provider's id of each message."""

    address: str
    channel: str = "telegram"
    screen: dict[str, Outbound] = field(default_factory=dict)
    fails: list[SendError] = field(default_factory=list)  # what the wire does to the next sends

    def find(self, label: str) -> tuple[str, Press]:
        """The newest button with this label. KeyError when none is on the screen."""
        for message_id, shown in reversed(self.screen.items()):
            for choice in shown.choices:
                if choice.label == label and choice.press is not None:
                    return message_id, choice.press
        raise KeyError(f"no button {label!r} on the screen of {self.address}")


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that appeared on a phone; `edited`: in place of something older."""

    phone: str
    text: str
    choices: tuple[Choice, ...]
    edited: bool


class Stage:
    def __init__(self, ctx: Ctx) -> None:
        self.ctx = ctx
        self.phones: dict[str, Phone] = {}
        self.shown: list[Shown] = []
        self._ids = 0

    def phone(self, address: str, channel: str = "telegram") -> Phone:
        return self.phones.setdefault(address, Phone(address, channel))

    async def say(self, phone: Phone, text: str, kind: Kind = Kind.TEXT) -> None:
        await self.hear(phone, kind, text=text)

    async def press(self, phone: Phone, label: str) -> None:
        message_id, press = phone.find(label)
        await self.hear(phone, Kind.CHOICE, press=press, message_ref=message_id)

    async def hear(
        self,
        phone: Phone,
        kind: Kind,
        *,
        text: str = "",
        press: Press | None = None,
        media: Media | None = None,
        message_ref: str = "",
        external_id: str = "",
    ) -> None:
        """What this phone does, and everything that follows from it at this instant."""
        await inbox.receive(
            self.ctx,
            Inbound(
                phone.channel,
                ACCOUNT,
                phone.address,
                external_id or await self._next_id(),
                kind,
                None,
                text=text,
                press=press,
                media=media,
                message_ref=message_ref,
            ),
        )
        await self.settle()

    async def settle(self) -> None:
        """Handle, fire and send until nothing is left to do at this instant."""
        busy = True
        while busy:
            busy = await inbox.handle_next(self.ctx)
            busy = await timers.fire_next(self.ctx, reminding.FIRE) or busy
            busy = await self._send() or busy

    async def move_to(self, instant: datetime) -> None:
        """Let the clock run to `instant`, stopping wherever something is due."""
        await self.settle()
        while (due := await self._next_due()) is not None and due <= instant:
            await deployment.set_virtual_now(self.ctx, max(due, await self.now()))
            await self.settle()
        await deployment.set_virtual_now(self.ctx, instant)
        await self.settle()

    async def now(self) -> datetime:
        async with self.ctx.begin() as tx:
            return tx.now

    async def _next_due(self) -> datetime | None:
        """The next instant at which something is due that is not already past: a timer, a retry, a message."""
        async with self.ctx.begin() as tx:
            queries = (
                select(func.min(Timer.due_at)).where(Timer.state == "waiting", Timer.due_at > tx.now),
                select(func.min(OutboundMessage.send_after)).where(
                    OutboundMessage.state == "queued", OutboundMessage.send_after > tx.now
                ),
                select(func.min(InboxMessage.next_try_at)).where(
                    InboxMessage.state == "pending", InboxMessage.next_try_at > tx.now
                ),
            )
            found = [at for query in queries if (at := await tx.scalar(query)) is not None]
            return min(found) if found else None

    async def _send(self) -> bool:
        sent = False
        for channel, account in {(phone.channel, ACCOUNT) for phone in self.phones.values()}:
            if channel == "web":
                continue
            for parcel in await sending.claim(self.ctx, channel, account, sending.UNPACED):
                await sending.settle(self.ctx, parcel, self._deliver(parcel.outbound))
                sent = True
        await sending.sweep(self.ctx)
        return sent

    def _deliver(self, outbound: Outbound) -> str | SendError:
        phone = self.phone(outbound.address)
        if phone.fails:
            return phone.fails.pop(0)
        self._ids += 1
        message_id = outbound.edits or f"s{self._ids}"
        phone.screen[message_id] = outbound
        self.shown.append(Shown(phone.address, outbound.text, outbound.choices, bool(outbound.edits)))
        return message_id

    async def _next_id(self) -> str:
        """External ids go on where the database ends, also when the stage is built anew between two lines."""
        async with self.ctx.begin() as tx:
            return f"u{await tx.scalar(select(func.coalesce(func.max(InboxMessage.inbox_id), 0))) + 1}"
