"""A process is killed with work in hand: when is it done by another? Two serving processes over HTTP, and procrastinate.

Words that came in: the process that polls is killed while they are stored and handled, the other one takes over. A message
under way: the wire holds an emergency text back, both processes are killed and started again; when its lease (a minute) is
over nobody can know whether it arrived, so it is written down as unknown and said again, marked as repeated. The limit is
lease + 1 s. Beside it a worker of procrastinate 3, killed in the middle of a job, while another one runs.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time

from procrastinate import App, PsycopgConnector

from benchmarks.wire import DANGER, Wire, start, wired
from bot.rehearsal.bot_api.faults import FaultKind
from bot.services.sending import LEASE

WORDS = 60
SPARE = 1.0
PATIENCE_SECONDS = 150.0
# Words that are not handled, and answers that are not settled; those under way at the kill are when their lease is over.
_OPEN = """SELECT (SELECT count(*) FROM inbox_message WHERE state = 'pending')
    + (SELECT count(*) FROM outbound_message WHERE channel = 'telegram' AND state IN ('queued', 'sending'))"""
_HEARD = "SELECT count(*) FROM inbox_message"
_UNKNOWN = """SELECT extract(epoch FROM a.finished_at - a.started_at) FROM delivery_attempt a
    JOIN outbound_message m USING (message_id) WHERE m.purpose = 'emergency' AND a.outcome = 'unknown'"""


async def main() -> None:
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    async with wired(0, WORDS + 1) as wire:
        peer = asyncio.create_task(_procrastinate(wire))
        await _words(wire)
        await _message(wire)
        await peer


async def _words(wire: Wire) -> None:
    """Half of them are said before the kill, half after it."""
    [poller] = [one for one in wire.servings if "This process polls now" in one.log]
    chats = wire.quiet_chats[:WORDS]
    for chat in chats[: WORDS // 2]:
        wire.api.say(chat, "帮助")
    await wire.api.until(lambda: wire.sent(chats), 30.0)
    killed = wire.api.world.now()
    await poller.kill()
    for chat in chats[WORDS // 2 :]:
        wire.api.say(chat, "帮助")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while int(wire.sql(_HEARD)) < WORDS or int(wire.sql(_OPEN)):  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(1.0)
    answered = {call.chat for call in wire.sent(chats)}
    first = next(call.at for call in wire.sent(chats, killed))
    last = wire.sent(chats)[-1].at
    unknown = int(
        wire.sql("SELECT count(*) FROM outbound_message WHERE purpose = 'reply' AND state = 'unknown'")
    )
    assert len(answered) + unknown >= WORDS, f"{WORDS} words, {len(answered)} answers, {unknown} unknown"
    print(
        f"{WORDS} words, the polling process killed in the middle: the first answer of the other after"
        f" {first - killed:.1f} s, the last after {last - killed:.1f} s; {(first - killed) / SPARE:.1f} of a second;"
        f" {len(answered)} answered, {unknown} under way at the kill and so unknown"
    )
    await start([poller])


async def _message(wire: Wire) -> None:
    chat, lease = wire.quiet_chats[WORDS], LEASE.total_seconds()
    wire.api.fail(FaultKind.STALL, chat=chat, method="sendMessage", seconds=10 * lease)
    wire.api.say(chat, DANGER)
    await wire.api.until(lambda: [c for c in wire.api.calls if c.chat == chat and c.fault], 30.0)
    began = next(call.at for call in wire.api.calls if call.chat == chat and call.fault)
    await asyncio.gather(*(one.kill() for one in wire.servings))
    await start(wire.servings)
    await wire.api.until(lambda: wire.sent(range(chat, chat + 1)), PATIENCE_SECONDS)
    repeated = wire.sent(range(chat, chat + 1))[0].at - began
    unknown = float(wire.sql(_UNKNOWN))
    print(
        f"an emergency text under way when both were killed: unknown after {unknown:.1f} s,"
        f" {unknown / (lease + SPARE):.2f} of lease + {SPARE:.0f} s; said again on the wire after {repeated:.1f} s"
    )


async def _procrastinate(wire: Wire) -> None:
    """As it is: a stalled job is found only by a task that somebody writes for it."""
    wire.server.create_database("jobs")
    url = wire.server.url("jobs")
    app = App(connector=PsycopgConnector(conninfo=url))
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await app.configure_task("hang").defer_async()
        victim = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.takeover", url)
        while not await _jobs(app, "doing"):  # noqa: ASYNC110 - the event is in another process
            await asyncio.sleep(0.1)
        victim.send_signal(signal.SIGKILL)
        await victim.wait()
        other = await asyncio.create_subprocess_exec(sys.executable, "-m", "benchmarks.takeover", url)
        began = time.monotonic()
        await asyncio.sleep(LEASE.total_seconds() + SPARE)
        left = await _jobs(app, "doing")
        other.kill()
        await other.wait()
    print(
        f"procrastinate, a worker killed in a job and another one running: {left} of 1 jobs still held by the dead"
        f" after {time.monotonic() - began:.0f} s"
    )


async def _jobs(app: App, status: str) -> int:
    return len(list(await app.job_manager.list_jobs_async(status=status)))


async def hang(url: str) -> None:
    """A worker of procrastinate; its job takes longer than it lives, and done anew it ends at once."""
    logging.disable()
    app = App(connector=PsycopgConnector(conninfo=url))

    @app.task(name="hang")
    async def _hang() -> None:
        await asyncio.sleep(3600)

    async with app.open_async():
        await app.run_worker_async(install_signal_handlers=False)


if __name__ == "__main__":
    asyncio.run(hang(sys.argv[1]) if sys.argv[1:] else main())
