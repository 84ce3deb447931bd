"""Two serving processes on one database, killed at random while patients answer: nothing is lost, doubled or out of turn."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from datetime import UTC, date, datetime, time
from pathlib import Path
from random import Random
from typing import Any

from bot.services.context import Ctx
from tests.processes import verdict, weather
from tests.processes.crowd import Crowd
from tests.processes.patients import patient
from tests.processes.postbox import postbox
from tests.processes.serving import Serving, environment
from tests.processes.town import MAIL_FROM, Person, linked, newcomer, town
from tests.support.bot_api import TOKEN, FakeBotApi

SEED = 20261102
PEOPLE, WORDS, ROUNDS = 40, 46, 6
SPEED = 6.0  # leases, pace and retries run on the database's clock: a minute of it takes ten seconds
NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)  # in Shanghai
PATIENCE_SECONDS = 900.0  # a machine with other work; nothing is said about speed here
_LEFT = """SELECT (SELECT count(*) FROM inbox_message WHERE state = 'pending')
    + (SELECT count(*) FROM timer WHERE state = 'waiting' AND due_at <= suiyao_now())
    + (SELECT count(*) FROM outbound_message WHERE state = 'sending'
        OR (state = 'queued' AND send_after <= suiyao_now() + interval '1 minute')) AS left"""


async def test_two_thousand_updates_and_random_kills(
    database_url: str, api: FakeBotApi, tmp_path: Path, record_property: Any
) -> None:
    chance = Random(SEED)
    plans = [patient(number, WORDS) for number in range(PEOPLE)]
    api.queue.repeats, api.queue.shuffled = 200, True
    first, ordered = api.queue.next_id, Counter[str]()
    async with town(database_url, "rehearsal", NOON) as ctx, postbox() as post:
        people = await everybody(ctx, api)
        environ = environment(
            database_url,
            TELEGRAM_TOKEN=TOKEN,
            TELEGRAM_API_BASE=api.base,
            SMTP_URL=post.url,
            MAIL_FROM=MAIL_FROM,
        )
        crowd = Crowd(ctx, api, chance)
        servings = [Serving(environ, tmp_path / name) for name in ("one", "two")]
        async with (
            asyncio.timeout(PATIENCE_SECONDS),
            running(servings),
            meanwhile(weather.clock(ctx, NOON, SPEED), crowd.watch()),
        ):
            async with meanwhile(weather.faults(api, chance, ordered)):
                lives = [crowd.live(person, plan) for person, plan in zip(people, plans, strict=True)]
                killed, *_ = await asyncio.gather(weather.kills(servings, chance, ROUNDS), *lives)
            api.faults.clear()
            await calm(ctx)
            assert [await serving.stop() for serving in servings] == [0, 0]
        said = {one.participant_id: plan.reports for one, plan in zip(people, plans, strict=True)}
        figures = {
            "updates": await verdict.every_update_once(ctx, api, first),
            "kills": killed,
            "faults": ordered.total(),
            "reports": await verdict.recorded_as_said(ctx, said),
            "repeats": await verdict.repeats_only_where_allowed(ctx),
            **await verdict.wire_as_recorded(ctx, api),
        }
        await verdict.in_order(ctx)
        await verdict.every_reminder(ctx, people)
        await verdict.chains_hold(ctx)
        assert len(post.mails) >= sum(plan.dangers for plan in plans)
        for name, figure in figures.items():
            record_property(name, figure)
        print(figures)


async def everybody(ctx: Ctx, api: FakeBotApi) -> list[Person]:
    """Linked, and due within the next minutes, some of them at the same one."""
    async with ctx.begin() as tx:
        people = []
        for number in range(PEOPLE):
            at = time(12, number % 4)
            people.append(await linked(tx, 1001 + number, newcomer("Asia/Shanghai", date(2026, 11, 2), at)))
            api.world.open(1001 + number)
        return people


@contextlib.asynccontextmanager
async def running(servings: list[Serving]) -> AsyncIterator[None]:
    try:
        await asyncio.gather(*(serving.start() for serving in servings))
        await asyncio.gather(*(serving.ready() for serving in servings))
        yield
    finally:
        for serving in servings:
            await serving.kill()


@contextlib.asynccontextmanager
async def meanwhile(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """While the block lasts. What fails in the background ends the block at once."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
        yield
        for task in tasks:
            task.cancel()


async def calm(ctx: Ctx) -> None:
    """Wait until nothing is left to handle, to fire or to send."""
    while (await verdict.rows(ctx, _LEFT))[0].left:  # noqa: ASYNC110 - the event is in other processes
        await asyncio.sleep(0.5)
