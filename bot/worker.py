"""The loops: handle the inbox, fire timers, send the outbox, tidy up. Ticked by APScheduler, woken by this process's own
commits. Any number of processes may run them at once; a tick that finds nothing costs one query.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import SendError, Unclear
from bot.messages import Media, Outbound
from bot.services import digests, firing, inbox, keeping, pacing, sealing, sealing_day, sending, timers
from bot.services.context import Ctx
from bot.services.pacing import Pace
from bot.services.sending import Parcel

log = logging.getLogger(__name__)

HANDLERS = 2  # while one waits for the database, another talks
FIRERS = 2  # while one waits for the database, another decides
AFTER_TROUBLE_SECONDS = 1.0
LATE_TICKS = 4  # after so many ticks that did not come a loop goes round by itself
FINISH_SECONDS = 5.0  # what is in hand may take so long to end when the process is stopped
SENDING = 20  # messages of one channel under way at once
SETTLE_TRIES = 10
MOST_TURNS = 3  # so often a message lets a turn pass; then it leaves

Drain = Callable[[], Awaitable[None]]


class Sender(Protocol):
    """What the worker needs of a channel. It never imports one."""

    @property
    def name(self) -> str: ...
    @property
    def account(self) -> str: ...
    async def send(self, outbound: Outbound) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One channel with its pace. `fetch` gets the bytes of a voice note or picture, where the channel has that."""

    sender: Sender
    pace: Pace
    fetch: Callable[[bytes], Awaitable[Media]] | None = None


class Worker:
    """Runs until stopped. `wake(name)` starts a loop at once instead of at its next tick."""

    def __init__(self, ctx: Ctx, lines: Sequence[Line]) -> None:
        self._ctx = ctx
        self._lines = lines
        self._stopping = asyncio.Event()
        self._loops: dict[str, asyncio.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    async def start(self) -> None:
        self._run("inbox", self._inbox, 0.5)
        self._run("timers", self._timers, 1.0)
        for line in self._lines:
            self._run("outbox", partial(self._outbox, line), 0.25, f":{line.sender.name}")
            if line.fetch is not None:
                self._run("media", partial(self._media, line), 30.0, f":{line.sender.name}")
        self._run("sweep", self._sweep, 1.0)
        self._run("book", self._book, 5.0)
        self._run("tidy", self._tidy, 600.0)
        self._scheduler.start()

    def wake(self, name: str) -> None:
        for key, event in self._loops.items():
            if key.partition(":")[0] == name:
                event.set()

    async def stop(self) -> None:
        """Finish what is in hand and begin nothing new: what is left stands in the database.

        A wire that does not answer is not waited for: its message is unknown once its lease is over.
        """
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        for event in self._loops.values():
            event.set()
        in_hand = {*self._tasks, *self._sending}
        if in_hand:
            _, busy = await asyncio.wait(in_hand, timeout=FINISH_SECONDS)
            for task in busy:
                task.cancel()
        await asyncio.gather(*in_hand, return_exceptions=True)

    def _run(self, name: str, drain: Drain, seconds: float, suffix: str = "") -> None:
        event = asyncio.Event()
        event.set()
        self._loops[name + suffix] = event
        self._tasks.append(
            asyncio.create_task(
                self._loop(name + suffix, event, drain, LATE_TICKS * seconds), name=f"worker.{name}{suffix}"
            )
        )
        self._scheduler.add_job(
            event.set,
            "interval",
            seconds=seconds,
            id=name + suffix,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    async def _loop(self, name: str, event: asyncio.Event, drain: Drain, patience: float) -> None:
        """APScheduler ticks by the machine's clock: one that is set back keeps its ticks away until it has caught up."""
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await event.wait()
            event.clear()
            try:
                await drain()
            except Exception:
                # The database is away, most likely. Everything that waits is a row: try again a little later.
                log.exception("A loop failed and goes on", extra={"action": "loop_failed", "loop": name})
                await asyncio.sleep(AFTER_TROUBLE_SECONDS)
                event.set()

    async def _inbox(self) -> None:
        await asyncio.gather(*(self._handle_all() for _ in range(HANDLERS)))

    async def _handle_all(self) -> None:
        while not self._stopping.is_set() and await inbox.handle_several(self._ctx):
            pass

    async def _timers(self) -> None:
        await asyncio.gather(*(self._fire_all() for _ in range(FIRERS)))

    async def _fire_all(self) -> None:
        while not self._stopping.is_set() and await timers.fire_several(self._ctx, firing.FIRE):
            pass

    async def _outbox(self, line: Line) -> None:
        """Send what may leave, and do not wait for it: one slow answer must not hold up an emergency text."""
        while not self._stopping.is_set():
            free = SENDING - sum(task.get_name() == line.sender.name for task in self._sending)
            if free <= 0:
                return
            parcels = await sending.claim(self._ctx, line.sender.name, line.sender.account, line.pace, free)
            if not parcels:
                return
            for parcel in parcels:
                task = asyncio.create_task(self._send(line, parcel), name=line.sender.name)
                self._sending.add(task)
                task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            # The message stays under its lease, and is unknown when that is over.
            kind = type(problem).__name__
            log.error("A message could not be settled", extra={"action": "settle_failed", "error": kind})
        self.wake("outbox")

    async def _send(self, line: Line, parcel: Parcel) -> None:
        result: str | SendError
        await self._turn(line, parcel.leaves_at)
        try:
            result = await line.sender.send(parcel.outbound)
        except SendError as error:
            result = error
        except Exception:
            # A channel must only raise SendErrors; whatever else it was, the message may have arrived.
            log.exception(
                "A channel failed in an unknown way",
                extra={"action": "send_failed", "message_id": parcel.message_id},
            )
            result = Unclear("channel_bug")
        await self._settle(parcel, result)
        outcome = "sent" if isinstance(result, str) else result.code
        extra = {"action": "outbox_settled", "message_id": parcel.message_id, "outcome": outcome}
        log.info("A message was settled", extra=extra)

    async def _turn(self, line: Line, leaves_at: float) -> None:
        """Wait for it, and for another one if the machine let it pass; a few times, or without a database: better late than
        never."""
        clock, sender, late = asyncio.get_running_loop().time, line.sender, line.pace.late.total_seconds()
        await asyncio.sleep(leaves_at - clock())
        for _ in range(MOST_TURNS):
            if clock() <= leaves_at + late:
                return
            try:
                leaves_at = await pacing.another_turn(self._ctx, sender.name, sender.account, line.pace)
            except (SQLAlchemyError, OSError):
                return
            await asyncio.sleep(leaves_at - clock())

    async def _settle(self, parcel: Parcel, result: str | SendError) -> None:
        """What the wire said is known only here: a database that is away for a moment is waited for."""
        for _ in range(SETTLE_TRIES):
            try:
                return await sending.settle(self._ctx, parcel, result)
            except (SQLAlchemyError, OSError):
                await asyncio.sleep(AFTER_TROUBLE_SECONDS)
        return await sending.settle(self._ctx, parcel, result)

    async def _media(self, line: Line) -> None:
        assert line.fetch is not None
        while not self._stopping.is_set():
            wanted = await keeping.next_wanted(self._ctx, line.sender.name, line.sender.account)
            if wanted is None:
                return
            if wanted.raw:
                try:
                    media = await line.fetch(wanted.raw)
                except SendError as error:
                    extra = {
                        "action": "media_failed",
                        "media_item_id": wanted.media_item_id,
                        "code": error.code,
                    }
                    log.warning("A file could not be fetched yet", extra=extra)
                    continue
                await keeping.keep(self._ctx, wanted, media)

    async def _sweep(self) -> None:
        await sending.sweep(self._ctx)

    async def _book(self) -> None:
        async with self._ctx.begin() as tx:
            await self._ctx.book.refresh(tx)

    async def _tidy(self) -> None:
        async with self._ctx.begin() as tx:
            await sealing.forget_strangers(tx)
            await digests.plan_all(tx)
        await sealing_day.seal_yesterday(self._ctx)
