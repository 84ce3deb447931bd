"""Who takes over when a process or the database goes away, and that the others go on by themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import SQLAlchemyError

from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.bot_api.server import TOKEN, FakeBotApi
from bot.rehearsal.real import verdict
from bot.rehearsal.real.serving import Serving, environment, running
from bot.rehearsal.real.town import Person, linked, newcomer, town, zone_at_noon
from bot.services import sealing_day
from bot.services.context import Ctx
from tests.support import database as databases

POLLS = "This process polls now"
CHATS = range(2001, 2005)


@pytest.fixture
def cluster() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of the test's own, which it may stop while others use theirs."""
    folder = databases.new_folder()
    try:
        yield databases.cluster(folder)
    finally:
        databases.remove(folder)


@contextlib.asynccontextmanager
async def pair(
    url: str, api: FakeBotApi, logs: Path
) -> AsyncIterator[tuple[Ctx, list[Person], list[Serving]]]:
    """Two processes and four people who have something due, on the real clock."""
    environ = environment(url, TELEGRAM_TOKEN=TOKEN, TELEGRAM_API_BASE=api.base)
    servings = [Serving(environ, logs / name) for name in ("one", "two")]
    async with town(url) as ctx:
        async with ctx.begin() as tx:
            zone = zone_at_noon(tx.now)
            today = tx.now.astimezone(ZoneInfo(zone)).date()
            people = [await linked(tx, chat, newcomer(zone, today, time(8, 0))) for chat in CHATS]
        for chat in CHATS:
            api.world.open(chat)
        async with running(servings):
            await until(
                ctx, "SELECT count(*) = 4 FROM outbound_message WHERE purpose = 'prompt' AND state = 'sent'"
            )
            yield ctx, people, servings


async def until(ctx: Ctx, question: str) -> None:
    """Ask the database until it says yes, also while it is away."""
    async with asyncio.timeout(180):
        while True:
            with contextlib.suppress(SQLAlchemyError, OSError):
                if (await verdict.rows(ctx, question))[0][0]:
                    return
            await asyncio.sleep(0.2)


def poller(servings: list[Serving]) -> Serving:
    return next(serving for serving in servings if POLLS in serving.log)


async def everybody_says(api: FakeBotApi, words: str) -> None:
    for chat in CHATS:
        api.say(chat, words)
        await asyncio.sleep(0.05)


def handled(count: int) -> str:
    return f"SELECT count(*) = {count} FROM inbox_message WHERE state = 'handled'"


async def test_the_other_polls_when_the_poller_dies(
    database_url: str, api: FakeBotApi, tmp_path: Path
) -> None:
    """Nobody polls twice at once: there was never a 409."""
    async with pair(database_url, api, tmp_path) as (ctx, _, servings):
        first = poller(servings)
        [other] = [serving for serving in servings if serving is not first]
        await everybody_says(api, "没吃")
        await until(ctx, handled(4))
        assert POLLS not in other.log
        await first.kill()
        await everybody_says(api, "忘了")
        await until(ctx, handled(8))
        assert POLLS in other.log
        assert [call.status for call in api.called("getUpdates") if call.status == 409] == []
        assert [await other.stop()] == [0]


async def test_the_database_restarts_and_both_go_on(
    cluster: EmbeddedPostgres, api: FakeBotApi, tmp_path: Path
) -> None:
    """What is said meanwhile waits at Telegram. Neither process is touched, and both still work at the end."""
    with databases.fresh_database(cluster) as name:
        async with pair(databases.runtime_url(cluster, name), api, tmp_path) as (ctx, people, servings):
            await everybody_says(api, "没吃")
            await until(ctx, handled(4))
            await asyncio.to_thread(cluster.stop)
            await everybody_says(api, "忘了")
            await everybody_says(api, "没吃")
            await asyncio.sleep(2)
            await asyncio.to_thread(cluster.start)
            await until(ctx, handled(12))
            assert [serving.running for serving in servings] == [True, True]
            await poller(servings).stop()
            await everybody_says(api, "忘了")
            await until(ctx, handled(16))
            said = (("ixazomib", "not_taken"), ("lenalidomide", "not_taken"))
            for found in (
                await verdict.every_update_once(ctx, api),
                await verdict.in_order(ctx, api.queue.made),
                await verdict.recorded_as_said(ctx, {person.participant_id: said for person in people}),
                await verdict.reports_in_the_chain(ctx),
            ):
                assert found.violations == []
                assert found.checked
            assert await sealing_day.verify_all(ctx) == []
