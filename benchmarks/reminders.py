"""Reminders that are due at the same instant: decided anew, written down and put in the outbox, by one process and by two.

Each is a whole prompt: plan, status, quiet hours, consent and open questions are read again, the question is sealed, its
nudges and its end are set. Then the same among a million timers that are planned for later.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import resource
import time
from datetime import UTC, date, datetime
from multiprocessing.synchronize import Barrier

from sqlalchemy import text

from benchmarks.ground import entered, fresh_database, house, linked, postgres
from bot.db.embedded import EmbeddedPostgres
from bot.services import firing
from bot.services.timers import fire_next
from bot.setting_forms import asyncpg_url
from bot.worker import FIRERS

DUE = 400
PLANNED = (10_000, 1_000_000)
DAY = date(2026, 1, 5)
BEFORE = datetime(2026, 1, 4, 2, tzinfo=UTC)
DUE_AT = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai


async def main() -> None:
    with postgres() as server:
        await asyncio.to_thread(fresh_database, server, "people")
        async with house(_url(server, "people"), BEFORE) as ctx:
            await linked(ctx, DUE, DAY)
            async with ctx.begin() as tx:
                await tx.execute(text("UPDATE deployment SET virtual_now = :now"), {"now": DUE_AT})
        cost: dict[int, float] = {}
        for planned in PLANNED:
            for processes in (1, 2):
                rate, memory = await asyncio.to_thread(_drained, server, planned, processes)
                cost[planned] = processes / rate
                print(
                    f"{DUE} due among {planned:>9,} planned, {processes} processes: {rate:6.0f}/s   {memory:4.0f} MiB each"
                )
    print(
        f"cost of one at {PLANNED[1]:,} planned / at {PLANNED[0]:,}: {cost[PLANNED[1]] / cost[PLANNED[0]]:.2f}"
    )


def _url(server: EmbeddedPostgres, name: str) -> str:
    return asyncpg_url(server.url(name, "suiyao_runtime", "runtime"))


def _drained(server: EmbeddedPostgres, planned: int, processes: int) -> tuple[float, float]:
    """Reminders per second, and the memory of a process at its most."""
    name = f"due_{planned}_{processes}"
    server.create_database(name, "people")
    server.sql(
        "INSERT INTO timer (kind, key, participant_id, due_at, expires_at, payload, state, tries, created_at)"
        f" SELECT 'later', 'planned:' || n, 1 + n % {DUE}, '2026-03-01'::timestamptz + n * interval '1 second',"
        f" '2027-01-01', '{{}}', 'waiting', 0, '2026-01-01' FROM generate_series(1, {planned}) n",
        name,
    )
    server.sql("ANALYZE timer", name)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(processes)
    with context.Pool(processes, _take, (barrier,)) as pool:
        done = pool.map(_work, [_url(server, name)] * processes, 1)
    fired = int(
        server.sql("SELECT count(*) FROM timer WHERE state = 'fired' AND outcome LIKE 'asked:%'", name)
    )
    asked = int(
        server.sql("SELECT count(DISTINCT contact_id) FROM outbound_message WHERE purpose = 'prompt'", name)
    )
    assert fired == asked == DUE, f"{DUE} were due, {fired} were fired, {asked} people have a question"
    server.drop_database(name)
    began, ended = min(one[0] for one in done), max(one[1] for one in done)
    return DUE / (ended - began), max(one[2] for one in done)


def _take(barrier: Barrier) -> None:
    global _together
    _together = barrier


_together: Barrier


def _work(url: str) -> tuple[float, float, float]:
    return asyncio.run(_fire_all(url))


async def _fire_all(url: str) -> tuple[float, float, float]:
    async with entered(url) as ctx:
        async with ctx.begin() as tx:
            await ctx.book.refresh(tx)
        await asyncio.to_thread(_together.wait)
        began = time.monotonic()

        async def lane() -> None:
            while await fire_next(ctx, firing.FIRE):
                pass

        await asyncio.gather(*(lane() for _ in range(FIRERS)))
        return began, time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    asyncio.run(main())
