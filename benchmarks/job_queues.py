"""A job for each reminder, as others do it: APScheduler 3's SQLAlchemy job store, and the JobQueue of python-telegram-bot.

The callbacks do nothing but count, which flatters them; ours at the same sizes stands under `reminders` and does all of its
work. Both drop a job that comes more than `misfire_grace_time` late, a second by default, with a line in the log: how many is
counted here. The job store lies in the same PostgreSQL; its jobs for later are copies of one row, since adding them one by
one takes hours. A process for each case; memory is what it holds above what it held before its first job.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_EXECUTED, EVENT_JOB_MISSED, JobExecutionEvent
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from telegram.ext import Application, JobQueue

from benchmarks.ground import postgres
from benchmarks.processes import forget_peak, peak, ready, resident, side_by_side

TRIED = 50  # jobs are added for later, to know when all that are due can be there
PATIENCE_SECONDS = 120.0
SHARED = 200


@dataclass
class Counted:
    """What a scheduler says of jobs that were due."""

    fired: int = 0
    dropped: int = 0
    latest: float = 0.0
    due_at: datetime = field(default_factory=lambda: _now())

    def __call__(self, said: JobExecutionEvent) -> None:
        if said.code == EVENT_JOB_MISSED:
            self.dropped += 1
        else:
            self.fired += 1
        self.latest = (_now() - self.due_at).total_seconds()

    async def until(self, count: int, seconds: float) -> None:
        began = time.monotonic()
        while self.fired + self.dropped < count and time.monotonic() - began < seconds:  # noqa: ASYNC110 - some may never come
            await asyncio.sleep(0.1)


@dataclass(frozen=True, slots=True)
class Told:
    fired: int
    dropped: int
    added_per_second: float
    last_seconds: float
    mebibytes: float

    def __str__(self) -> str:
        return (
            f"{self.dropped:>6,} dropped, {self.fired:,} fired, the last {self.last_seconds:5.1f} s late;"
            f" {self.added_per_second:5.0f} added a second; {self.mebibytes:4.0f} MiB"
        )


def main() -> None:
    asked = _asked()
    for due in asked.due:
        for planned in sorted({max(due, min(one, asked.most_in_memory)) for one in asked.planned}):
            for kind in ("run_daily", "run_once"):
                [told] = side_by_side(1, job_queue, kind, due, planned)
                print(f"JobQueue.{kind:9}, {due:>6,} due among {planned:>9,}: {told}", flush=True)
    with postgres() as server:
        for due in asked.due:
            for planned in sorted({max(due, one) for one in asked.planned}):
                print(
                    f"job store, {due:>6,} due among {planned:>9,}: {_stored(server, 1, due, planned)[0]}",
                    flush=True,
                )
        both = _stored(server, 2, SHARED, SHARED)
        fired, dropped = sum(told.fired for told in both), sum(told.dropped for told in both)
        print(
            f"job store shared by two processes: {SHARED} due, {fired} fired and {dropped} dropped:"
            f" {(fired + dropped) / SHARED:.1f} decisions for each"
        )


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--due", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--planned", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument(
        "--most-in-memory",
        type=int,
        default=100_000,
        help="of the JobQueue, which holds some 4.5 KiB for each",
    )
    return parser.parse_args()


def job_queue(number: int, kind: str, due: int, planned: int) -> Told:
    logging.disable()
    return asyncio.run(_job_queue(kind, due, planned))


async def _job_queue(kind: str, due: int, planned: int) -> Told:
    """As a bot has it: jobs in the memory of its process."""
    application = Application.builder().token("700123456:benchmark").build()
    queue = application.job_queue
    assert queue is not None
    before = resident()
    await queue.start()
    for number in range(planned - due):
        queue.run_once(_nothing, when=timedelta(days=1, seconds=number))
    told = await _due(queue.scheduler, due, before, lambda at: _add(queue, kind, at))
    await queue.stop(wait=False)
    return told


def _add(queue: JobQueue[Any], kind: str, at: datetime) -> None:
    if kind == "run_daily":
        queue.run_daily(_nothing, time=at.timetz())
    else:
        queue.run_once(_nothing, when=at)


async def _due(scheduler: Any, due: int, before: float, add: Callable[[datetime], None]) -> Told:
    """Add what is due at one instant, wait for it, and count."""
    began = time.monotonic()
    for _ in range(TRIED):
        add(_now() + timedelta(hours=23))
    pace = (time.monotonic() - began) / TRIED
    soon = _now() + timedelta(seconds=4 + 2.5 * pace * due)
    counted = Counted(due_at=soon.replace(microsecond=0))
    scheduler.add_listener(counted, EVENT_JOB_EXECUTED | EVENT_JOB_MISSED)
    began = time.monotonic()
    for number in range(due):
        add(counted.due_at)
        if number % 100 == 0:
            await asyncio.sleep(0)
    added = due / (time.monotonic() - began)
    assert _now() < counted.due_at, "the jobs were due before they were all there"
    await asyncio.to_thread(ready)
    forget_peak()
    await counted.until(due, PATIENCE_SECONDS)
    return Told(counted.fired, counted.dropped, added, counted.latest, peak() - before)


async def _nothing(context: Any) -> None:
    """What a job of JobQueue does."""


def nothing() -> None:
    """What a stored job does."""


def _stored(server: Any, processes: int, due: int, planned: int) -> list[Told]:
    name = f"jobs_{due}_{planned}_{processes}"
    server.create_database(name)
    url = server.url(name).replace("postgresql://", "postgresql+psycopg://")
    copies = (
        "INSERT INTO apscheduler_jobs SELECT 'later' || n, extract(epoch FROM '2099-01-01'::timestamptz) + n,"
        f" (SELECT job_state FROM apscheduler_jobs LIMIT 1) FROM generate_series(1, {planned - due}) n"
    )
    return side_by_side(processes, job_store, url, due, copies)


def job_store(number: int, url: str, due: int, copies: str) -> Told:
    logging.disable()
    return asyncio.run(_job_store(number, url, due, copies))


async def _job_store(number: int, url: str, due: int, copies: str) -> Told:
    """The first process adds what is due, another one only shares the store."""
    before, store = resident(), SQLAlchemyJobStore(url)
    scheduler = AsyncIOScheduler(timezone="UTC", jobstores={"default": store})
    if number > 0:
        await asyncio.to_thread(ready)
        counted = Counted()
        scheduler.add_listener(counted, EVENT_JOB_EXECUTED | EVENT_JOB_MISSED)
        scheduler.start()
        await counted.until(due, 20.0)
        scheduler.shutdown(wait=False)
        return Told(counted.fired, counted.dropped, 0.0, 0.0, peak() - before)
    scheduler.start()
    scheduler.add_job(nothing, "date", run_date=_now() + timedelta(days=1))
    with store.engine.begin() as connection:
        connection.exec_driver_sql(copies)
    told = await _due(
        scheduler, due, before, lambda at: scheduler.add_job(nothing, "date", run_date=at) and None
    )
    scheduler.shutdown(wait=False)
    return told


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - these schedulers go by the machine's clock


if __name__ == "__main__":
    main()
