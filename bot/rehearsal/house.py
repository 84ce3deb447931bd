"""The rehearsed house: real services, one thing at a time, on a clock that moves when told; phones, mailboxes and the wire.

A killed process is a new context with empty memory; what it had in hand is left as a killed process leaves it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from bot.errors import SendError
from bot.messages import Inbound, Outbound
from bot.rehearsal.clock import Clock, clock, work_through
from bot.rehearsal.faults import Faults, Killed
from bot.rehearsal.wire import Delivered, Wire
from bot.services import digests, firing, gaps, inbox, pacing, sealing, sealing_day, sending, timers
from bot.services.book import Book
from bot.services.context import Ctx

ACCOUNT = "stage"
MAIL = "email"
LOOPS = ("inbox", "timers", "outbox")
SENT_BY_US = (("email", MAIL), ("telegram", ACCOUNT))
TRY_AGAIN = timedelta(seconds=1)
FORGETS_TAPS = timedelta(seconds=150)  # what a messenger does with a tap that nobody fetched
TRIES = 10
MOST_PATIENCE = 1.0  # seconds of the machine's time: whoever waits for the process in hand waits for ever

Work = Callable[[Ctx], Awaitable[object]]


@dataclass(slots=True)
class Update:
    """Something done on a phone that is on its way to us. `tap`: forgotten by the messenger after a while."""

    inbound: Inbound
    done_at: datetime
    tap: bool
    again: bool = False  # was acknowledged before, and comes once more


@dataclass(slots=True)
class House:
    ctx: Ctx  # what the rehearsed processes work with; its database breaks
    sound: Ctx  # the same house for whoever rehearses: nothing breaks here
    clock: Clock
    wire: Wire
    faults: Faults
    now: datetime
    acknowledged: Callable[[Inbound, datetime], None]
    on_the_way: list[Update] = field(default_factory=list)
    deaths: int = 0
    _woken: set[str] = field(default_factory=lambda: set(LOOPS))
    _again_at: datetime | None = None
    _asked_again: set[tuple[str, datetime, datetime]] = field(default_factory=set)
    _tidied: object = None
    _sweep_at: datetime | None = None
    _due: tuple[datetime | None, ...] = (None, None, None)

    def __post_init__(self) -> None:
        self.ctx = replace(self.ctx, wake=self._woken.add)
        self.sound = replace(self.sound, wake=self._woken.add)

    # --- the clock -----------------------------------------------------------------------------------------------

    async def set_clock(self, now: datetime) -> None:
        """Move on. Loops are woken for what became due; everything, where something had been away."""
        back = self.faults.back_at()
        if now > self.now:
            self.now = now
            await self.clock.set(now)
        if back is not None and back <= now:
            self._woken.update(LOOPS)
        self._woken.update(name for name, due in zip(LOOPS, self._due, strict=True) if due and due <= now)

    async def begin_anew(self, replace_database: Callable[[], object]) -> None:
        """Every connection is closed, another database stands in the place of this one, and new processes begin on it."""
        await self.clock.close()
        for database in (self.ctx.database, self.sound.database):
            await database.close()
        replace_database()
        self.clock = await clock(self.sound.database)
        await self.clock.set(self.now)
        self._due, self._sweep_at, self._tidied = (None, None, None), None, None
        await self._rise()

    async def next_due(self) -> datetime | None:
        """The next instant at which the house has something to do by itself."""
        *due, self._sweep_at = await self.clock.due(self.now)
        self._due = tuple(due)
        sweep_at = self._sweep_at and max(self._sweep_at, self.now + TRY_AGAIN)
        times = [*due, sweep_at, self._again_at, self.faults.back_at()]
        times += [self.now + TRY_AGAIN] if any(not self._deaf(one) for one in self.on_the_way) else []
        return min((one for one in times if one is not None), default=None)

    # --- what people do ------------------------------------------------------------------------------------------

    async def hear(self, inbound: Inbound, *, tap: bool) -> None:
        """Something is done on a phone: it travels to us, and is acknowledged when it is stored."""
        self.on_the_way.append(Update(inbound, self.now, tap))
        await self.settle()

    async def receive(self) -> None:
        """Take what is on the way, in order. What is not acknowledged comes again."""
        waiting, self.on_the_way = self.on_the_way, []
        while waiting:
            update = waiting.pop(0)
            if self._deaf(update):
                self.on_the_way.append(update)
            elif update.tap and self.now - update.done_at > FORGETS_TAPS:
                self.faults.strike("tap_forgotten", update.inbound.external_id)
            elif not await self._accept(update):
                self.on_the_way += [update, *waiting]
                return

    def _deaf(self, update: Update) -> bool:
        if self.faults.away("house"):
            return True
        return self.faults.away(f"outage:{update.inbound.channel}")

    async def _accept(self, update: Update) -> bool:
        async def work(ctx: Ctx) -> object:
            return await inbox.receive(ctx, update.inbound)

        if await self._survive(work) is None:
            return False
        self.acknowledged(update.inbound, self.now)
        return True

    async def _after_silence(self) -> None:
        """The messenger reaches us again, and taps may have been lost: open questions are asked again, once."""

        async def work(ctx: Ctx) -> object:
            return await gaps.ask_again_after(ctx, "telegram", ACCOUNT) + 1

        over = {
            one for one in self.faults.spans if one[0] in ("outage:telegram", "house") and one[2] <= self.now
        }
        if over - self._asked_again and await self._survive(work):
            self._asked_again |= over

    # --- the loops of a process ----------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Receive, handle, fire and send until nothing is left to do at this instant."""
        if self.faults.away("house"):
            return
        if self._again_at is not None and self._again_at <= self.now:
            self._again_at = None
            self._woken.update(LOOPS)
        await self.receive()
        await self._after_silence()
        if self._sweep_at is not None and self._sweep_at <= self.now:
            self._sweep_at = None
            await self._survive(sending.sweep)
            # What waited behind a lease may go: a process looks every quarter of a second.
            self._woken.add("outbox")
        there: frozenset[str] | None = None  # not looked yet, or not since something was done
        while self._woken:
            woken = set(self._woken)
            self._woken.clear()
            self.wire.news.update(name for name in woken if name.startswith("page:"))
            there = await self._work(woken, there)

    async def tidy(self) -> None:
        """What a process does every ten minutes; here once a day, and again where it died of it."""

        async def work(ctx: Ctx) -> object:
            async with ctx.begin() as tx:
                await sealing.forget_strangers(tx)
                await digests.plan_all(tx)
            return await sealing_day.seal_yesterday(ctx)

        if self._tidied != self.now.date() and not self.faults.away("house"):
            today = self.now.date()
            if await self._survive(work) is not None:
                self._tidied = today

    async def _work(self, woken: set[str], there: frozenset[str] | None) -> frozenset[str] | None:
        """What each loop that was woken does. `there`: see `work_through`."""
        works: dict[str, Work] = {"inbox": inbox.handle_several, "timers": _fire}
        works = {name: work for name, work in works.items() if name in woken}
        if "outbox" in woken:
            works |= {channel: self._sends(channel, account) for channel, account in SENT_BY_US}
        todo = {name: partial(self._survive, work) for name, work in works.items()}
        return await work_through(todo, self.clock.waiting, there)

    async def _survive(self, work: Work) -> object:
        """Do it as a process does. None when the process died of it or lost its database; both come back."""
        try:
            return await work(self.ctx)
        except Killed:
            await self._rise()
        except (SQLAlchemyError, OSError):
            self._again_at = self.now + TRY_AGAIN
        return None

    async def _rise(self) -> None:
        """A new process, or another that runs already: nothing is remembered but what is in the database."""
        self.deaths += 1
        self.ctx = replace(self.ctx, book=Book(), wake=self._woken.add)
        async with self.sound.begin() as tx:
            await self.ctx.book.refresh(tx)
        self._woken.update(LOOPS)

    def _sends(self, channel: str, account: str) -> Work:
        """Claim some, and send each of them. False when nothing was there."""

        async def work(ctx: Ctx) -> object:
            parcels = await sending.claim(ctx, channel, account, pacing.UNPACED)
            for parcel in parcels:
                if await self._survive(self._one(channel, parcel)) is None:
                    break  # the process is gone, and the rest of what it had claimed lies under its lease
            return bool(parcels)

        return work

    def _one(self, channel: str, parcel: sending.Parcel) -> Work:
        async def work(ctx: Ctx) -> object:
            result = self._wired(channel, parcel.outbound)
            for _ in range(TRIES):
                try:
                    await sending.settle(ctx, parcel, result)
                    return True
                except (SQLAlchemyError, OSError):
                    continue  # what the wire said is known only here: the database is waited for
            return True

        return work

    def _wired(self, channel: str, outbound: Outbound) -> str | SendError:
        delivered: Delivered = self.wire.deliver(channel, outbound, self.now)
        if delivered.killed:
            raise Killed("at send")
        return delivered.result

    async def rival(self) -> None:
        """Another process tries everything at this very moment. What it finds locked it leaves, or it gives up waiting."""
        other = replace(self.sound, wake=self._woken.add)
        for work in (inbox.handle_several, _fire):
            try:
                async with asyncio.timeout(MOST_PATIENCE):
                    await work(other)
            except (TimeoutError, SQLAlchemyError):
                continue


async def _fire(ctx: Ctx) -> bool:
    return await timers.fire_several(ctx, firing.FIRE)
