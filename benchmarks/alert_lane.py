"""Words of danger while reminders drain at the legal rate, by two serving processes, to a Bot API with its limits.

From the commit of the emergency text to its request on the wire, and of the mail to staff to the end of its delivery; the
limit is a second for 99 of 100. The same with nothing else to send is the floor. The drain: at most 1.05 of the messages / 30
a second, and no answer of 429 but the one that was ordered, which must delay its own chat only. Ten thousand are a big
site's eight o'clock, and take five and a half minutes by the limit alone (`--reminders 600` is a quick look).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

from benchmarks.wire import DANGER, Wire, wired
from bot.rehearsal.bot_api.faults import FaultKind
from bot.rehearsal.bot_api.server import Call

CAP, DRAIN, LATE = 30.0, 1.05, 1.0
RETRY_AFTER = 5.0
IDLE_ALERTS = 40
BETWEEN_SECONDS = 0.5
LOOKS_SECONDS = 0.005
MOST_ALERTS = 300
_COMMITTED = """SELECT string_agg(extract(epoch FROM created_at)::text, ' ' ORDER BY message_id)
    FROM outbound_message WHERE purpose = 'emergency' AND repeats IS NULL"""
_MAILED = """SELECT string_agg(extract(epoch FROM a.finished_at - m.created_at)::text, ' ')
    FROM outbound_message m JOIN delivery_attempt a USING (message_id) WHERE m.channel = 'email' AND a.outcome = 'sent'"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reminders", type=int, default=10_000)
    asyncio.run(_measured(parser.parse_args().reminders))


async def _measured(reminders: int) -> None:
    seconds = reminders / CAP
    between = max(BETWEEN_SECONDS, seconds / MOST_ALERTS)
    alerts = int(0.8 * seconds / between)
    async with wired(reminders, IDLE_ALERTS + alerts) as wire:
        await _danger(wire, wire.quiet_chats[:IDLE_ALERTS], BETWEEN_SECONDS)
        await asyncio.sleep(3.0)
        opened = wire.open_gate()
        one = wire.chats[reminders // 2]  # its wait is over before the others are through
        wire.api.fail(FaultKind.TOO_MANY, chat=one, seconds=RETRY_AFTER)
        async with _own_lateness() as late:
            await _danger(wire, wire.quiet_chats[IDLE_ALERTS:], between)
            async with asyncio.timeout(60 + 20 * seconds):
                while len(wire.sent(wire.chats)) < reminders:  # noqa: ASYNC110 - rarely, for each look goes through all calls
                    await asyncio.sleep(1.0)
            await asyncio.sleep(3.0)
        _alerts(wire, alerts)
        _drain(wire, opened, reminders)
        print(f"this process, which stamps what arrives, was itself late by {max(late):.3f} s at most")
        _one_chat(wire, one)


@asynccontextmanager
async def _own_lateness() -> AsyncIterator[list[float]]:
    """How late this process, which is the Bot API, was itself: what waits for it meanwhile is stamped as of one moment."""
    late: list[float] = []

    async def look() -> None:
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            await asyncio.sleep(LOOKS_SECONDS)
            late.append(clock() - began - LOOKS_SECONDS)

    gc.collect()
    gc.freeze()  # the calls that are kept are many: each look through them would hold up what arrives
    gc.disable()
    looking = asyncio.create_task(look())
    try:
        yield late
    finally:
        looking.cancel()
        gc.enable()


async def _danger(wire: Wire, chats: range, between: float) -> None:
    """One after the other writes it, each once."""
    for chat in chats:
        wire.api.say(chat, DANGER)
        await asyncio.sleep(between)


def _alerts(wire: Wire, alerts: int) -> None:
    first: dict[int, float] = {}
    for call in wire.sent(wire.quiet_chats):
        first.setdefault(call.chat or 0, call.at)
    committed = [float(word) for word in wire.sql(_COMMITTED).split()]
    assert len(committed) == len(first) == IDLE_ALERTS + alerts, "an emergency text is missing"
    waits = [first[chat] - at for chat, at in zip(wire.quiet_chats, committed, strict=True)]
    idle, busy = _p99(waits[:IDLE_ALERTS]), _p99(waits[IDLE_ALERTS:])
    print(f"{IDLE_ALERTS} emergency texts with nothing else to send: p99 {idle:.3f} s from commit to wire")
    print(
        f"{alerts} while reminders drain: p99 {busy:.3f} s, most {max(waits[IDLE_ALERTS:]):.3f} s;"
        f" {busy / LATE:.2f} of the limit, {busy / idle:.1f} of the floor"
    )
    mails = [float(word) for word in wire.sql(_MAILED).split()]
    print(
        f"{len(mails)} mails to staff: p99 {_p99(mails):.3f} s to the end of delivery, {_p99(mails) / LATE:.2f} of the limit"
    )


def _p99(found: list[float]) -> float:
    return statistics.quantiles(found, n=100, method="inclusive")[98]


def _drain(wire: Wire, opened: float, reminders: int) -> None:
    """All that was sent from the first reminder to the last counts against the cap."""
    first, last = wire.sent(wire.chats)[0].at, wire.sent(wire.chats)[-1].at
    paced = [
        call
        for call in wire.api.calls
        if call.method in ("sendMessage", "editMessageText") and first <= call.at <= last
    ]
    ratio = (last - first) / (len(paced) / CAP)
    print(
        f"{reminders:,} reminders and {len(paced) - reminders:,} other messages in {last - first:.1f} s, the first after"
        f" {first - opened:.1f} s: {ratio:.3f} of messages/{CAP:.0f}, {ratio / DRAIN:.2f} of the limit"
    )
    refused = [call for call in wire.api.calls if call.status == 429 and not call.fault]
    print(
        f"most in any second: {_most(paced)} of {CAP:.0f}; answers of 429 that nobody ordered: {len(refused)}"
    )


def _most(calls: list[Call]) -> int:
    times = sorted(call.at for call in calls)
    most, start = 0, 0
    for end, at in enumerate(times):
        while times[start] <= at - 1.0:
            start += 1
        most = max(most, end - start + 1)
    return most


def _one_chat(wire: Wire, chat: int) -> None:
    """The wait that was ordered is that chat's alone: the others go on, with no longer pauses than before."""
    [refused] = [call for call in wire.api.calls if call.chat == chat and call.fault]
    again = next(call for call in wire.api.calls if call.chat == chat and call.at > refused.at)
    times = [call.at for call in wire.sent(wire.chats) if call.chat != chat]
    before = _longest([at for at in times if refused.at - RETRY_AFTER <= at <= refused.at])
    during = _longest([at for at in times if refused.at <= at <= refused.at + RETRY_AFTER])
    print(
        f"one 429 with retry_after {RETRY_AFTER:.0f}: its chat waited {again.at - refused.at:.1f} s,"
        f" {(again.at - refused.at) / RETRY_AFTER:.2f} of it; longest pause of the others {during:.2f} s,"
        f" {before:.2f} s just before"
    )


def _longest(times: list[float]) -> float:
    return max((after - before for before, after in pairwise(times)), default=0.0)


if __name__ == "__main__":
    main()
