"""Two weeks ahead for ten thousand participants, and one whose plan is looked at again, beside the bare rows of planning.

Planned by one process, four participants at once; again for a thousand of them. The limit for one that is planned again, also
where the hour of every dose is another one, is 50 ms: 99 of 100, one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

from sqlalchemy import func, insert, select

from benchmarks.ground import Measured, Newcomer, fresh_database, house, in_flight, populate, postgres, sites
from bot.db.doses import DoseEvent
from bot.db.timers import Timer
from bot.services import planning
from bot.services.context import Ctx

REPLANNING = 50.0  # ms, the limit for one
NOW = datetime(2026, 1, 4, 2, tzinfo=UTC)
_AT_NINE = "SELECT count(*) FROM timer WHERE kind = 'prompt' AND (due_at AT TIME ZONE 'Asia/Shanghai')::time = '09:30'"
WIDTH, AGAIN = 4, 1_000


async def main(people: int) -> None:
    with postgres() as server:
        url = await asyncio.to_thread(fresh_database, server, "plans")
        async with house(url, NOW) as ctx:
            await sites(ctx)
            await asyncio.to_thread(populate, url, people, Newcomer(date(2026, 1, 5)))
            some = min(people, AGAIN)
            again = await _of_all(ctx, some, _replan)
            alone = await _of_all(ctx, some, _replan, 1)
            server.sql(
                "SET session_replication_role = replica; UPDATE habit SET dose_time = '09:30'", "plans"
            )
            moved = await _of_all(ctx, some, _replan, 1)
            at_nine = int(server.sql(_AT_NINE, "plans"))
            server.sql("SET session_replication_role = replica; TRUNCATE dose_event, timer CASCADE", "plans")
            anew = await _of_all(ctx, people, _replan)
            async with ctx.begin() as tx:
                doses = int(await tx.scalar(select(func.count()).select_from(DoseEvent))) // people
                timers = int(await tx.scalar(select(func.count()).select_from(Timer))) // people
            floor = await _of_all(ctx, people, partial(_bare, doses + timers))
    assert at_nine >= some, f"{at_nine} reminders moved to the new hour, of {some} participants"
    print(f"floor: {doses} doses and {timers} timers written bare  {floor}")
    print(f"14 days of one participant planned      {anew}   {anew.rate / floor.rate:.2f} of the floor")
    print(f"one planned again, nothing changes      {again}")
    for about, one in (("the same, one after the other", alone), ("one whose every hour changes", moved)):
        print(f"{about:39} {one}   {one.p99_ms / REPLANNING:.2f} of the limit for one")
    print(f"{people:,} participants, 14 days each, by one process: {people / anew.rate:.0f} s")


async def _of_all(
    ctx: Ctx, people: int, one: Callable[[Ctx, int], Awaitable[None]], width: int = WIDTH
) -> Measured:
    return await in_flight([partial(one, ctx, person) for person in range(1, people + 1)], width)


async def _replan(ctx: Ctx, participant_id: int) -> None:
    async with ctx.begin() as tx:
        await planning.replan(tx, participant_id)


async def _bare(rows: int, ctx: Ctx, participant_id: int) -> None:
    """The same number of rows, of timers alone, in one statement."""
    values = [
        {
            "kind": "bare",
            "key": f"{participant_id}:{number}",
            "participant_id": participant_id,
            "due_at": NOW + timedelta(days=number),
            "expires_at": NOW + timedelta(days=number + 1),
            "payload": {},
            "state": "cancelled",
            "tries": 0,
            "created_at": NOW,
        }
        for number in range(rows)
    ]
    async with ctx.begin() as tx:
        await tx.execute(insert(Timer), values)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    asyncio.run(main(parser.parse_args().people))
