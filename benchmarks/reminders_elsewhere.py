"""The same reminders as jobs of procrastinate 3: one job for each, in the same PostgreSQL, doing the same work."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from procrastinate import App, PsycopgConnector
from sqlalchemy import select

from benchmarks.ground import entered
from benchmarks.processes import ready, side_by_side
from bot.db.embedded import EmbeddedPostgres
from bot.db.timers import Timer
from bot.services import firing
from bot.services.context import Ctx
from bot.services.locking import lock_participant
from bot.setting_forms import asyncpg_url

AT_ONCE = 20


def drained(server: EmbeddedPostgres, name: str, due: range, planned: int) -> float:
    """Jobs per second with two processes. `due`: the participants, in that database."""
    asyncio.run(_deferred(server.url(name), due, planned))
    server.sql("ANALYZE procrastinate_jobs", name)
    url = asyncpg_url(server.url(name, "suiyao_runtime", "runtime"))
    runs = side_by_side(2, work, url, server.url(name))
    done = int(server.sql("SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'", name))
    asked = int(
        server.sql("SELECT count(DISTINCT contact_id) FROM outbound_message WHERE purpose = 'prompt'", name)
    )
    assert done == asked == len(due), f"{len(due)} jobs, {done} succeeded, {asked} people have a question"
    return len(due) / (max(ended for _, ended in runs) - min(began for began, _ in runs))


async def _deferred(url: str, due: range, planned: int) -> None:
    """Those that are due by its own means; those for later are copied in the database, which is quicker."""
    app = App(connector=PsycopgConnector(conninfo=url))
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        later = app.configure_task("remind", schedule_at=None)
        jobs: list[dict[str, Any]] = [{"participant_id": number} for number in due]
        await later.batch_defer_async(*jobs)
        await app.connector.execute_query_async(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at)"
            " SELECT queue_name, task_name, args, '2099-01-01'::timestamptz + n * interval '1 second'"
            f" FROM procrastinate_jobs, generate_series(1, {planned - len(due)}) n WHERE id = 1"
        )


def work(number: int, url: str, jobs_url: str) -> tuple[float, float]:
    logging.disable()
    return asyncio.run(_serve(url, jobs_url))


async def _serve(url: str, jobs_url: str) -> tuple[float, float]:
    app = App(connector=PsycopgConnector(conninfo=jobs_url))
    async with entered(url) as ctx, app.open_async():
        async with ctx.begin() as tx:
            await ctx.book.refresh(tx)

        @app.task(name="remind")
        async def remind(participant_id: int) -> None:
            await prompt(ctx, participant_id)

        await asyncio.to_thread(ready)
        began = time.monotonic()
        await app.run_worker_async(
            concurrency=AT_ONCE, wait=False, listen_notify=False, install_signal_handlers=False
        )
        return began, time.monotonic()


async def prompt(ctx: Ctx, participant_id: int) -> None:
    """One person's reminder as one transaction, as a job of a queue does it."""
    async with ctx.begin() as tx:
        await lock_participant(tx, participant_id)
        [timer] = await tx.all(select(Timer).where(Timer.participant_id == participant_id))
        await firing.FIRE[timer.kind](tx, timer)


if __name__ == "__main__":
    raise SystemExit("run benchmarks.reminders")
