"""Several people served in one transaction get exactly what each would have got alone, and one who fails harms nobody."""

from __future__ import annotations

import gc
import warnings
from datetime import UTC, date, datetime, time
from functools import partial
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from sqlalchemy import Dialect, Row, select, text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.compiler import FROM_LINTING

from bot import services
from bot.db.built import Built
from bot.db.deployments import Deployment
from bot.db.inbox import InboxMessage
from bot.db.timers import Timer
from bot.messages import Inbound, Kind
from bot.rehearsal.stage import Stage
from bot.services import handling, inbox, reminding, timers
from bot.services.context import Ctx, Tx
from bot.services.enrolment import NewParticipant, enrol
from bot.services.people import Who
from bot.services.together import NotTogether, together
from tests.services.conftest import FIRST_DOSE, SHANGHAI, link
from tests.support.house import STAFF, Town
from tests.support.snapshots import once

DIALECT: Dialect = asyncpg.dialect()  # type: ignore[no-untyped-call] # the dialect has no types
ARMS = ("combination", "ixazomib", "lenalidomide", "combination", "combination", "lenalidomide")
DAYS = (
    ("都吃了", "吃了", "没吃", "晚点", "胸口疼", "1"),
    ("对", "今天早上8点吃的", "忘了", "我的日历", "拉肚子", "没吃"),
    ("手麻", "菜单", "医生让我停", "吃了", "联系护士", "更正"),
)
# What is written of them, but for numbers that depend on who came first, and for chance.
KEPT = {
    "timer": r"participant_id, kind, regexp_replace(key, '^talk:\d+$', 'talk'), state, due_at, expires_at, outcome",
    "dose_report": "participant_id, dose_id, drug, status, taken_at, precision, reason",
    "dose_judgement": "dose_id, status, extra",
    "outbound_message": "participant_id, contact_id, lane, purpose, pushed, text_id, state",
    "inbox_message": "participant_id, external_id, state, outcome, tries",
    "question": "participant_id, state, asked_at, settled_at",
    "conversation": "participant_id, script, outcome, started_at, ended_at",
    "alert": "participant_id, kind, tier, rule",
    "audit_entry": "chain, seq, at, actor, action",
}


async def crowd(town: Town) -> Stage:
    """Six people of three arms, linked, ten minutes before their first doses."""
    stage = Stage(town.ctx)
    stage.phones = await once(town.ctx, (*town.key, "a crowd"), lambda: _arrive(town, Stage(town.ctx)))
    return stage


async def _arrive(town: Town, stage: Stage) -> dict[str, Any]:
    for number, arm in enumerate(ARMS):
        phone = f"1390000{number:04}"
        async with town.ctx.begin() as tx:
            new = NewParticipant(
                "nct04217967",
                town.site,
                arm,
                date(2026, 11, 2),
                time(8),
                f"某{number}",
                phone,
                "female",
                1956,
            )
            enrolled = await enrol(tx, new, STAFF)
        await link(stage, stage.phone(f"chat-{number}"), enrolled.invited.code, phone)
    return stage.phones


async def lived(stage: Stage) -> None:
    """All of them write at the same moment, three days long."""
    for number, words in enumerate(DAYS):
        await stage.move_to(FIRST_DOSE.replace(day=2 + number * 2))
        for phone, said in zip(list(stage.phones.values()), words, strict=True):
            await stage.accept(phone, Kind.TEXT, text=said)
        await stage.settle()
    await stage.move_to(datetime(2026, 11, 8, 12, 0, tzinfo=SHANGHAI))


async def written(ctx: Ctx) -> dict[str, list[tuple[Any, ...]]]:
    async with ctx.begin() as tx:
        return {
            table: [
                tuple(row) for row in await tx.all(text(f"SELECT {columns} FROM {table} ORDER BY {columns}"))
            ]
            for table, columns in KEPT.items()
        }


async def test_together_is_what_each_would_have_got_alone(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await crowd(town)
    await lived(stage)
    at_once, shown = await written(town.ctx), sorted((one.phone, one.text) for one in stage.shown)
    stage = await crowd(town)
    monkeypatch.setattr(timers, "fire_several", timers.fire_next)
    monkeypatch.setattr(inbox, "handle_several", inbox.handle_next)
    await lived(stage)
    assert shown == sorted((one.phone, one.text) for one in stage.shown)
    one_by_one = await written(town.ctx)
    for table in KEPT:
        assert at_once[table] == one_by_one[table], table
    assert len(at_once["dose_report"]) > len(ARMS)


async def test_a_reminder_that_cannot_be_made_is_tried_again_and_holds_up_nobody(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await crowd(town)
    poisoned = await _somebody(town.ctx)

    async def prompt(tx: Tx, timer: Row[Any]) -> Any:
        if timer.participant_id == poisoned:
            raise ValueError("a plan that nobody can read")
        return await reminding.prompt(tx, timer)

    monkeypatch.setattr("bot.services.firing.FIRE", {**reminding.FIRE, "prompt": prompt})
    await stage.move_to(FIRST_DOSE)
    async with town.ctx.begin() as tx:
        due = (
            Timer.kind == "prompt",
            Timer.key.endswith(FIRST_DOSE.astimezone(UTC).isoformat("T", "minutes")),
        )
        rows = await tx.all(select(Timer.participant_id, Timer.state, Timer.tries).where(*due))
    assert {row.tries for row in rows if row.participant_id == poisoned} == {1}
    others = [row.state for row in rows if row.participant_id != poisoned]
    assert len(others) >= len(ARMS) - 1
    assert set(others) == {"fired"}


async def test_a_message_that_cannot_be_handled_is_tried_again_and_holds_up_nobody(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await crowd(town)
    handled = handling.handle

    async def handle(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
        if inbound.text == "毒":
            raise ValueError("words that nobody can read")
        return await handled(tx, who, inbound, inbox_id)

    monkeypatch.setattr(handling, "handle", handle)
    for number, phone in enumerate(stage.phones.values()):
        await stage.accept(phone, Kind.TEXT, text="毒" if number == 2 else "菜单")
    await stage.settle()
    async with town.ctx.begin() as tx:
        rows = await tx.all(
            select(InboxMessage.state, InboxMessage.tries)
            .order_by(InboxMessage.inbox_id.desc())
            .limit(len(ARMS))
        )
    assert sorted((row.state, row.tries) for row in rows) == [("handled", 0)] * 5 + [("pending", 1)]


async def test_a_failure_of_one_is_a_failure_of_all_and_ends_the_others(town: Town) -> None:
    ended: list[int] = []

    async def job(number: int, tx: Tx) -> None:
        try:
            for _ in range(3):
                await tx.scalar(select(Deployment.mark))
            if number == 1:
                raise ValueError("the second")
            await tx.scalar(select(Deployment.mark))
            await tx.scalar(select(Deployment.mark))
        finally:
            ended.append(number)

    async with town.ctx.begin() as tx:
        with pytest.raises(ValueError, match="the second"):
            await together(tx, [partial(job, number) for number in range(3)])
    assert sorted(ended) == [0, 1, 2]


async def test_what_needs_a_connection_of_its_own_is_refused_together(town: Town) -> None:
    async def job(tx: Tx) -> None:
        await tx.connection.begin_nested()

    async with town.ctx.begin() as tx:
        with pytest.raises(NotTogether, match="begin_nested"):
            await together(tx, [job, job])


async def _somebody(ctx: Ctx) -> int:
    async with ctx.begin() as tx:
        return int(await tx.scalar(select(Timer.participant_id).where(Timer.kind == "prompt").limit(1)))


def test_what_is_asked_for_many_is_asked_for_each() -> None:
    """A value that strayed into a part of the statement of its own would be everybody's: a product of two tables."""
    for module in iter_modules(services.__path__, "bot.services."):
        import_module(module.name)
    queries = [one for one in gc.get_objects() if isinstance(one, Built) and one.asks]
    assert len(queries) > 20
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for query in queries:
            query.many.compile(dialect=DIALECT, linting=FROM_LINTING)
