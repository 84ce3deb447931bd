"""A dump of last night is read back: recognised, put in quarantine, and nothing old goes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot.db.database import Database
from bot.db.deployments import Deployment, RestoreGap
from bot.db.embedded import EmbeddedPostgres
from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.errors import Misconfigured, Refused
from bot.messages import Kind
from bot.rehearsal.stage import Stage
from bot.services import asking, deployment, dose_slots, people, restoring, timeline
from bot.services.context import Ctx
from bot.setting_forms import asyncpg_url
from tests.services.conftest import House
from tests.support import house as houses
from tests.support.database import runtime_url
from tests.support.house import PHONE

MORNING = datetime(2026, 11, 1, 23, 50, tzinfo=UTC)  # ten minutes before eight in Shanghai, day 1


@asynccontextmanager
async def read_back(postgres: EmbeddedPostgres, dump: Path, name: str) -> AsyncIterator[Ctx]:
    """A new database from the dump, and a new process on it."""
    postgres.read_back(dump, name)
    database = Database(asyncpg_url(runtime_url(postgres, name)))
    try:
        yield houses.new_ctx(database)
    finally:
        await database.close()
        postgres.drop_database(name)


async def test_a_backup_is_recognised_and_asks_instead_of_telling(
    postgres: EmbeddedPostgres, unmade_url: str, database_name: str
) -> None:
    async with houses.opened(unmade_url, MORNING) as town:
        person = await houses.enrolled(town, "lenalidomide")
        stage = Stage(town.ctx)
        phone = stage.phone("1001")
        await stage.hear(phone, Kind.START, text=person.invited.code)
        for words in (PHONE[-4:], "1", "1", "1", "1", "1"):
            await stage.say(phone, words)
        dump = postgres.dump(database_name)
        await stage.move_to(MORNING + timedelta(minutes=20))
        await stage.press(phone, "查看")
        await stage.press(phone, "吃了")
    async with read_back(postgres, dump, f"{database_name}_back") as ctx:
        await deployment.set_virtual_now(ctx, MORNING + timedelta(hours=3))
        with pytest.raises(Misconfigured, match="restored from a backup"):
            await deployment.check(ctx, MORNING, 60)
        await deployment.check(ctx, MORNING, 60, restored=True)
        async with ctx.begin() as tx:
            found = await restoring.quarantine(tx, "test")
        assert (found.since, found.until) == (MORNING, MORNING + timedelta(hours=3))
        await deployment.check(ctx, MORNING, 60)
        after = Stage(ctx)
        after.phones["1001"] = phone
        phone.screen.clear()
        await after.settle()
        await after.move_to(MORNING + timedelta(hours=3, minutes=1))
        await after.press(phone, "查看")
        assert "您吃了吗" in phone.screen[next(reversed(phone.screen))].text
        async with ctx.begin() as tx:
            prompts = await tx.all(
                select(Timer.outcome).where(Timer.kind == "prompt", Timer.state == "expired")
            )
            assert "restored" in {row.outcome for row in prompts}
            gap = await restoring.recent(tx)
            assert gap is not None and gap.until == found.until
            told = await tx.all(
                select(OutboundMessage).where(OutboundMessage.text_id == "staff.restored.body")
            )
            assert len(told) == 1
            assert len(await tx.all(select(RestoreGap))) == 1
            with pytest.raises(Refused):
                await restoring.quarantine(tx, "test")
        again = await houses.enrolled(
            replace(town, ctx=ctx), "lenalidomide"
        )  # decided in the gap, entered again
        async with ctx.begin() as tx:
            course = await timeline.load(tx, again.participant_id)
            [dose] = await asking.unanswered(tx, course)
            slot = await dose_slots.dose_slot(tx, course, dose, "prompt")
        assert slot["mode"] == "did", "he may have taken it in the gap: nobody tells him to take it"


async def test_a_chat_that_was_shut_is_tried_once_more(house: House) -> None:
    """It may have been opened in the gap, and nobody would ever be told."""
    phone = next(iter(house.stage.phones.values()))
    await house.stage.hear(phone, Kind.BLOCKED)
    async with house.ctx.begin() as tx:
        await tx.execute(update(Deployment).values(epoch="of another database"))
        await restoring.quarantine(tx, "test")
        assert await people.reachable(tx, house.people[0].participant_id)
