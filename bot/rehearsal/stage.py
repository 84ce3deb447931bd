"""A stage: one or more phones that exist only here, and the real services between them and the database.

Time moves only when told to, and stops at every timer on the way, as it would have. `ctx` may be exchanged at any moment:
nothing that was said may depend on what a process remembers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import func, select, text

from bot.db.inbox import InboxMessage
from bot.errors import SendError
from bot.messages import Inbound, Kind, Media, Outbound, Press
from bot.rehearsal.clock import Work, waiting, work_through
from bot.rehearsal.phones import Phone, Shown
from bot.services import deployment, firing, gaps, inbox, pacing, screens, sending, timers
from bot.services.auditing import PAGE
from bot.services.context import Ctx

ACCOUNT = "stage"
LOOPS = ("inbox", "timers", "outbox")

# The clock, the next thing that is due for each loop, and when something runs out by itself.
_AHEAD = text(
    """
    WITH clock AS (SELECT suiyao_now() AS now)
    SELECT clock.now,
      (SELECT min(due_at) FROM timer WHERE state = 'waiting' AND due_at > clock.now) AS timer,
      (SELECT count(*) FROM timer WHERE state = 'waiting' AND due_at =
        (SELECT min(due_at) FROM timer WHERE state = 'waiting' AND due_at > clock.now)) AS timers,
      (SELECT min(send_after) FROM outbound_message WHERE state = 'queued' AND send_after > clock.now) AS message,
      (SELECT min(next_try_at) FROM inbox_message WHERE state = 'pending' AND next_try_at > clock.now) AS retry,
      least(
        (SELECT min(expires_at) FROM outbound_message WHERE state = 'queued'),
        (SELECT min(lease_until) FROM outbound_message WHERE state = 'sending')
      ) AS runs_out
    FROM clock
    """
)


class Stage:
    def __init__(self, ctx: Ctx, ids: str = "u") -> None:
        """`ids`: what the ids of its messages begin with, its own among stages of one database."""
        self._names = ids
        self._woken = set(LOOPS)
        self._due: dict[str, datetime] | None = None  # what is next for each loop, while that is known
        self.ctx = ctx
        self.phones: dict[str, Phone] = {}
        self.shown: list[Shown] = []
        self.news: set[int] = set()  # contacts whose page has something new
        self.timers_ahead = 0  # how many are due at the next instant at which one is
        self._ids = 0
        self._received: int | None = None
        self._sweeps = True  # whether something may have run out of time since
        self._runs_out: datetime | None = datetime.min.replace(tzinfo=UTC)

    @property
    def ctx(self) -> Ctx:
        return self._ctx

    @ctx.setter
    def ctx(self, ctx: Ctx) -> None:
        """Like a process's own loops, the stage is told by each commit where there is work."""
        self._ctx = replace(ctx, wake=self._woken.add)
        self._woken.update(LOOPS)

    def phone(self, address: str, channel: str = "telegram") -> Phone:
        return self.phones.setdefault(address, Phone(address, channel))

    async def say(self, phone: Phone, text: str, kind: Kind = Kind.TEXT) -> None:
        await self.hear(phone, kind, text=text)

    async def press(self, phone: Phone, label: str, times: int = 1) -> None:
        """Press the newest button of this label. More than once: before anything was answered."""
        message_id, press = phone.pressed[label] = phone.find(label)
        for _ in range(times):
            await self.accept(phone, Kind.CHOICE, press=press, message_ref=message_id)
        await self.settle()

    async def press_gone(self, phone: Phone, label: str, *, pressed: bool) -> None:
        """A tap that comes too late, on a button that is gone: one that was `pressed` before, or the newest."""
        message_id, press = (phone.pressed if pressed else phone.gone)[label]
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
    ) -> None:
        """What this phone does, and everything that follows from it at this instant."""
        await self.accept(phone, kind, text=text, press=press, media=media, message_ref=message_ref)
        await self.settle()

    async def accept(
        self,
        phone: Phone,
        kind: Kind,
        *,
        text: str = "",
        press: Press | None = None,
        media: Media | None = None,
        message_ref: str = "",
    ) -> None:
        """The message is stored and acknowledged; nothing has been made of it yet."""
        inbound = Inbound(
            phone.channel,
            ACCOUNT,
            phone.address,
            await self._next_id(),
            kind,
            None,
            text=text,
            press=press,
            media=media,
            message_ref=message_ref,
        )
        await inbox.receive(self.ctx, inbound)

    async def settle(self) -> None:
        """Handle, fire and send until nothing is left to do at this instant."""
        there: frozenset[str] | None = None  # not looked yet, or not since something was done
        while self._woken:
            woken = set(self._woken)
            self._woken.clear()
            self.news |= _pages(woken)
            if "outbox" in woken and self._sweeps:
                self._sweeps, there = False, None
                await sending.sweep(self.ctx)
            there = await work_through(self._works(woken), self._look, there)

    def _works(self, woken: set[str]) -> dict[str, Work]:
        """What each loop that was woken does."""
        works: dict[str, Work] = {"inbox": self._handle, "timers": self._fire}
        works = {name: work for name, work in works.items() if name in woken}
        if "outbox" in woken:
            channels = sorted({phone.channel for phone in self.phones.values()} - {"web"})
            works |= {channel: partial(self._send, channel) for channel in channels}
        return works

    async def _look(self) -> frozenset[str]:
        return await waiting(self.ctx.database)

    async def fire(self) -> set[int]:
        """What is due, and nothing else; another stage may do the same at the same time. Returns the pages with news."""
        while await self._fire():
            pass
        pages = _pages(self._woken)
        self._woken.clear()
        return pages

    async def _handle(self) -> bool:
        return await inbox.handle_several(self.ctx)

    async def _fire(self) -> bool:
        return await timers.fire_several(self.ctx, firing.FIRE)

    async def set_clock(self, instant: datetime) -> None:
        """Every loop for which something may be due now is woken; all of them, unless `ahead` has just been asked."""
        await deployment.set_virtual_now(self.ctx, instant)
        self._sweeps = self._runs_out is not None and self._runs_out <= instant
        self._runs_out = datetime.min.replace(tzinfo=UTC)  # not known until looked at again
        due, self._due = self._due, None
        self._woken.update(LOOPS if due is None else {loop for loop, at in due.items() if at <= instant})
        if self._sweeps:
            self._woken.add("outbox")

    async def move_to(self, instant: datetime) -> None:
        async for _ in self.moving_to(instant):
            pass

    async def moving_to(self, instant: datetime) -> AsyncIterator[datetime]:
        """Let the clock run to `instant`, stopping wherever something is due. Yields each instant, settled."""
        await self.settle()
        while True:
            now, due = await self.ahead()
            if due is None or due > instant:
                break
            now = max(due, now)
            await self.set_clock(now)
            await self.settle()
            yield now
        await self.jump_to(instant)
        yield instant

    async def jump_to(self, instant: datetime) -> None:
        """The whole house was down until `instant`, and comes back."""
        await self.set_clock(instant)
        await self.settle()

    async def gap(self) -> None:
        """The provider reaches us again after a silence in which taps may have been lost."""
        for channel in {phone.channel for phone in self.phones.values() if phone.channel != "web"}:
            await gaps.ask_again_after(self.ctx, channel, ACCOUNT)
        await self.settle()

    async def look(self, phone: Phone, *, history: bool = True) -> None:
        """The page is opened or drawn again; a page that nobody looks at shows nothing."""
        screen = await screens.view(self.ctx, ACCOUNT, phone.address, history=history)
        if screen is not None:
            self.shown += phone.draw(screen)

    async def now(self) -> datetime:
        async with self.ctx.begin() as tx:
            return tx.now

    async def ahead(self) -> tuple[datetime, datetime | None]:
        """Now, and the next instant at which something is due that is not already past: a timer, a retry, a message."""
        async with self.ctx.database.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            row = (await connection.execute(_AHEAD)).one()
        self._runs_out, self.timers_ahead = row.runs_out, row.timers
        coming = {"timers": row.timer, "outbox": row.message, "inbox": row.retry}
        self._due = {loop: at for loop, at in coming.items() if at is not None}
        return row.now, min(self._due.values(), default=None)

    async def _send(self, channel: str) -> bool:
        parcels = await sending.claim(self.ctx, channel, ACCOUNT, pacing.UNPACED)
        for parcel in parcels:
            await sending.settle(self.ctx, parcel, self._deliver(parcel.outbound))
        return bool(parcels)

    def _deliver(self, outbound: Outbound) -> str | SendError:
        phone = self.phone(outbound.address)
        if phone.fails:
            return phone.fails.pop(0)
        self._ids += 1
        message_id = outbound.edits or f"s{self._ids}"
        phone.show(message_id, outbound)
        self.shown.append(Shown(phone.address, outbound.text, outbound.choices, bool(outbound.edits)))
        return message_id

    async def _next_id(self) -> str:
        """External ids go on where the database ends, also when the stage is built anew between two lines."""
        if self._received is None:
            async with self.ctx.begin() as tx:
                self._received = int(
                    await tx.scalar(select(func.coalesce(func.max(InboxMessage.inbox_id), 0)))
                )
        self._received += 1
        return f"{self._names}{self._received}"


def _pages(woken: set[str]) -> set[int]:
    """Contacts whose page has something new."""
    return {int(name.removeprefix(PAGE)) for name in woken if name.startswith(PAGE)}
