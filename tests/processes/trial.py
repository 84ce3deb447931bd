"""A trial of two serving processes: people answer, processes are killed, the wire has faults; then everything is counted."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from random import Random
from typing import Any

from bot.services.context import Ctx
from tests.processes import verdict, weather
from tests.processes.crowd import Crowd
from tests.processes.patients import patient
from tests.processes.postbox import Postbox, postbox
from tests.processes.serving import Serving, environment
from tests.processes.town import MAIL_FROM, Person, linked, newcomer, town
from tests.support.bot_api import TOKEN, FakeBotApi

SPEED = 6.0  # leases, pace and retries run on the database's clock: a minute of it takes ten seconds
NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)  # in Shanghai
PATIENCE_SECONDS = 900.0  # a machine with other work; nothing is said about speed here
_LEFT = """SELECT (SELECT count(*) FROM inbox_message WHERE state = 'pending')
    + (SELECT count(*) FROM timer WHERE state = 'waiting' AND due_at <= suiyao_now())
    + (SELECT count(*) FROM outbound_message WHERE state = 'sending'
        OR (state = 'queued' AND send_after <= suiyao_now() + interval '1 minute')) AS left"""

Extra = Callable[[Sequence[Serving]], Coroutine[Any, Any, None]]


@dataclass
class Trial:
    """How many people, how many words from each without waiting, and how many times somebody is killed."""

    people: int
    words: int
    rounds: int
    settings: dict[str, str] = field(default_factory=dict)
    seed: int = 20261102

    async def run(self, database_url: str, api: FakeBotApi, logs: Path, *extra: Extra) -> dict[str, int]:
        """Raises AssertionError when anything was lost, done twice or out of turn. Returns what was counted."""
        chance, ordered, first = Random(self.seed), Counter[str](), api.queue.next_id
        plans = [patient(number, self.words) for number in range(self.people)]
        async with town(database_url, "rehearsal", NOON) as ctx, postbox() as post:
            people = await everybody(ctx, api, self.people)
            crowd, servings = Crowd(ctx, api, chance), self._servings(database_url, api, post, logs)
            background = [weather.clock(ctx, NOON, SPEED), crowd.watch(), *(one(servings) for one in extra)]
            async with asyncio.timeout(PATIENCE_SECONDS), meanwhile(*background), running(servings):
                async with meanwhile(weather.faults(api, chance, ordered)):
                    lives = [crowd.live(person, plan) for person, plan in zip(people, plans, strict=True)]
                    killing = asyncio.create_task(weather.kills(servings, chance, self.rounds))
                    await asyncio.gather(killing, *lives)
                api.faults.clear()
                await calm(ctx)
                assert [await serving.stop() for serving in servings] == [0, 0]
            assert len(post.mails) >= sum(plan.dangers for plan in plans)
            said = {one.participant_id: plan.reports for one, plan in zip(people, plans, strict=True)}
            await verdict.in_order(ctx)
            await verdict.every_reminder(ctx, people)
            await verdict.chains_hold(ctx)
            return {
                "updates": await verdict.every_update_once(ctx, api, first),
                "kills": killing.result(),
                "faults": ordered.total(),
                "reports": await verdict.recorded_as_said(ctx, said),
                "repeats": await verdict.repeats_only_where_allowed(ctx),
                **await verdict.wire_as_recorded(ctx, api),
            }

    def _servings(self, database_url: str, api: FakeBotApi, post: Postbox, logs: Path) -> list[Serving]:
        telegram = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_BASE": api.base}
        mail = {"SMTP_URL": post.url, "MAIL_FROM": MAIL_FROM}
        environ = environment(database_url, **telegram, **mail, **self.settings)
        return [Serving(environ, logs / name) for name in ("one", "two")]


async def everybody(ctx: Ctx, api: FakeBotApi, count: int) -> list[Person]:
    """Linked, and due within the next minutes, some of them at the same one."""
    people = []
    async with ctx.begin() as tx:
        for number in range(count):
            chat, at = 1001 + number, time(12, number % 3)
            people.append(await linked(tx, chat, newcomer("Asia/Shanghai", date(2026, 11, 2), at)))
            api.world.open(chat)
    return people


@contextlib.asynccontextmanager
async def running(servings: Sequence[Serving]) -> AsyncIterator[None]:
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
