"""Reminders that are due at the same instant: decided anew, written down and put in the outbox, by the worker's own loops.

Each is a whole prompt: plan, status, quiet hours, consent and open questions are read again, the question is sealed, its
nudges and its end are set. The same among many timers that are planned for later. The limits: none dropped, 500 a second
with two processes, one at a million planned at most 1.3 times as dear as at ten thousand, memory at most 64 MiB above idle.
Four processes on two cores show whether more of them get in each other's way.
Each process has reminded a few dozen people before, as on any morning but its first: statements are built and planned once.
Beside it procrastinate 3 on the same database with the same work in each job, twenty jobs of a process at once.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock

from sqlalchemy import text

from benchmarks import reminders_elsewhere
from benchmarks.ground import Newcomer, entered, fresh_database, house, populate, postgres, sites
from benchmarks.processes import forget_peak, peak, ready, resident, side_by_side
from bot.db.embedded import EmbeddedPostgres
from bot.services import firing, timers
from bot.services.context import Ctx
from bot.services.together import TOGETHER
from bot.setting_forms import asyncpg_url
from bot.worker import Worker

DAY = date(2026, 1, 5)
BEFORE = datetime(2026, 1, 4, 2, tzinfo=UTC)
DUE_AT = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)  # 08:00 in Shanghai
RATE, DEARER, GROWTH = 500.0, 1.3, 64.0
LOOK_SECONDS = 0.05
JUST_BEFORE = DUE_AT - timedelta(minutes=1)
WARM = 2 * TOGETHER  # people whom each process has reminded before
WARMED = 4 * WARM  # there are so many, for at most four processes; those who are measured come after them
_SET_CLOCK = text("UPDATE deployment SET virtual_now = :now")
_LEFT = text(
    "SELECT EXISTS (SELECT FROM timer WHERE state = 'waiting' AND kind = 'prompt' AND due_at <= suiyao_now())"
)


@dataclass(frozen=True, slots=True)
class Run:
    """What one process saw: monotonic seconds, MiB."""

    began: float
    ended: float
    idle: float
    most: float


@dataclass(frozen=True, slots=True)
class Case:
    due: int
    planned: int
    processes: int

    def __str__(self) -> str:
        return f"{self.due:>6,} due among {self.planned:>9,} planned, {self.processes} processes"


def main() -> None:
    asked = _asked()
    cases = [
        Case(due, planned, processes)
        for due in asked.due
        for planned in sorted({max(one, due) for one in asked.planned})
        for processes in (asked.processes if (due, planned) == (min(asked.due), min(asked.planned)) else (2,))
    ]
    with postgres() as server:
        asyncio.run(_prepared(server, max(asked.due)))
        rates = {case: _drained(server, case) for case in cases}
        _cost_among(rates)
        for case in cases if asked.peer else ():
            if case.processes == 2:
                theirs = _drained_elsewhere(server, case)
                print(
                    f"procrastinate, {case}: {theirs:5.0f}/s   ours/procrastinate {rates[case] / theirs:.2f}"
                )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--due", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--planned", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4], choices=range(1, 5))
    parser.add_argument("--no-peer", dest="peer", action="store_false")
    return parser.parse_args()


async def _prepared(server: EmbeddedPostgres, people: int) -> None:
    """So many people, each with one reminder at the same instant; the clock stands at it."""
    began = time.monotonic()
    url = await asyncio.to_thread(fresh_database, server, "people")
    async with house(url, BEFORE) as ctx:
        await sites(ctx)
        await asyncio.to_thread(populate, url, WARMED, Newcomer(DAY, clock(7, 59)))
        await asyncio.to_thread(populate, url, people, Newcomer(DAY), WARMED)
        async with ctx.begin() as tx:
            await tx.execute(_SET_CLOCK, {"now": JUST_BEFORE})
    server.sql(
        "SET session_replication_role = replica;"
        f" DELETE FROM timer WHERE kind <> 'prompt' OR due_at NOT IN ('{JUST_BEFORE}', '{DUE_AT}')",
        "people",
    )
    print(f"{people:,} participants enrolled and linked in {time.monotonic() - began:.0f} s, two processes")


def _drained(server: EmbeddedPostgres, case: Case) -> float:
    name = f"due_{case.due}_{case.planned}_{case.processes}"
    server.create_database(name, "people")
    _only_due(server, name, case.due, WARM * case.processes)
    server.sql(
        "INSERT INTO timer (kind, key, participant_id, due_at, expires_at, payload, state, tries, created_at)"
        f" SELECT 'later', 'planned:' || n, {1 + WARMED} + n % {case.due},"
        " '2026-03-01'::timestamptz + n * interval '1 second',"
        f" '2027-01-01', '{{}}', 'waiting', 0, '2026-01-01' FROM generate_series(1, {case.planned - case.due}) n",
        name,
    )
    server.sql("VACUUM (ANALYZE) timer", name)  # as the server itself has done by the time that they are due
    url = asyncpg_url(server.url(name, "suiyao_runtime", "runtime"))
    runs = side_by_side(case.processes, work, url)
    dropped = case.due - _asked_people(server, name)
    server.drop_database(name)
    rate = case.due / (max(run.ended for run in runs) - min(run.began for run in runs))
    grown = max(run.most - run.idle for run in runs)
    print(
        f"{case}: {rate:6.0f}/s, {rate / RATE:.2f} of the limit; {dropped} dropped;"
        f" {grown:3.0f} MiB above idle {runs[0].idle:.0f}, {grown / GROWTH:.2f} of the limit",
        flush=True,
    )
    return rate


def _drained_elsewhere(server: EmbeddedPostgres, case: Case) -> float:
    name = f"jobs_{case.due}_{case.planned}"
    server.create_database(name, "people")
    _only_due(server, name, case.due, 0)
    server.sql(f"UPDATE deployment SET virtual_now = '{DUE_AT}'", name)
    due = range(WARMED + 1, WARMED + case.due + 1)
    rate = reminders_elsewhere.drained(server, name, due, case.planned)
    server.drop_database(name)
    return rate


def _only_due(server: EmbeddedPostgres, name: str, due: int, warm: int) -> None:
    """Of those who are reminded a minute before, and of those who are measured, only so many have a reminder."""
    server.sql(
        f"DELETE FROM timer WHERE participant_id > {WARMED + due}"
        f" OR participant_id > {warm} AND participant_id <= {WARMED}",
        name,
    )


def _asked_people(server: EmbeddedPostgres, name: str) -> int:
    """How many of those who are measured have the question; nobody may have it twice."""
    prompts = f"FROM outbound_message WHERE purpose = 'prompt' AND participant_id > {WARMED}"
    asked = int(server.sql(f"SELECT count(DISTINCT contact_id) {prompts}", name))
    assert int(server.sql(f"SELECT count(*) {prompts}", name)) == asked, "somebody was asked twice"
    return asked


def work(number: int, url: str) -> Run:
    return asyncio.run(_serve(number, url))


async def _serve(number: int, url: str) -> Run:
    async with entered(url) as ctx:
        async with ctx.begin() as tx:
            await ctx.book.refresh(tx)
        gc.freeze()  # as `serve` does
        await asyncio.to_thread(ready)
        await asyncio.gather(*(timers.fire_several(ctx, firing.FIRE) for _ in range(2)))
        await asyncio.to_thread(ready)
        if number == 0:
            async with ctx.begin() as tx:
                await tx.execute(_SET_CLOCK, {"now": DUE_AT})
        return await timed(lambda: _until_none_is_left(ctx))


async def timed(drain: Callable[[], Awaitable[None]]) -> Run:
    """From the moment at which all processes are ready."""
    await asyncio.to_thread(ready)
    forget_peak()
    idle, began = resident(), time.monotonic()
    await drain()
    return Run(began, time.monotonic(), idle, peak())


async def _until_none_is_left(ctx: Ctx) -> None:
    worker = Worker(ctx, [])
    await worker.start()
    while await _left(ctx):  # noqa: ASYNC110 - the event may be in another process
        await asyncio.sleep(LOOK_SECONDS)
    await worker.stop()


async def _left(ctx: Ctx) -> bool:
    async with ctx.begin() as tx:
        return bool(await tx.scalar(_LEFT))


def _cost_among(rates: dict[Case, float]) -> None:
    """One reminder among the most that are planned, against among the fewest."""
    for due, processes in sorted({(case.due, case.processes) for case in rates}):
        same = sorted(
            (case for case in rates if (case.due, case.processes) == (due, processes)),
            key=lambda c: c.planned,
        )
        if len(same) == 1:
            continue
        cost = rates[same[0]] / rates[same[-1]]
        print(
            f"{due:>6,} due, {processes} processes: one among {same[-1].planned:,} planned costs {cost:.2f} of one among"
            f" {same[0].planned:,}, {cost / DEARER:.2f} of the limit"
        )


if __name__ == "__main__":
    main()
