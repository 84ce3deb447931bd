"""Several timers are set by one statement: one row for a key, and only what was cancelled is set anew."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from bot.db.timers import Timer
from bot.services import timers
from bot.services.context import Ctx, Tx
from tests.support.house import Town

HOUR = timedelta(hours=1)


async def waiting(ctx: Ctx) -> dict[str, tuple[timedelta, dict[str, int]]]:
    """Hours from now, and what each carries."""
    async with ctx.begin() as tx:
        rows = await tx.all(select(Timer).filter_by(kind="later", state="waiting"))
        return {row.key: (row.due_at - tx.now, row.payload) for row in rows}


async def put(tx: Tx, *entries: tuple[str, int, int]) -> None:
    """Key, hours from now, and what it carries."""
    rows: list[timers.New] = [
        ("later", key, None, tx.now + hours * HOUR, tx.now + 99 * HOUR, {"n": n}) for key, hours, n in entries
    ]
    await timers.set_timers(tx, rows)


async def test_the_first_of_a_key_is_kept_and_what_is_there_stays(town: Town) -> None:
    async with town.ctx.begin() as tx:
        await put(tx, ("a", 1, 1), ("b", 2, 2), ("a", 3, 3))
    assert await waiting(town.ctx) == {"a": (HOUR, {"n": 1}), "b": (2 * HOUR, {"n": 2})}
    async with town.ctx.begin() as tx:
        await put(tx, ("b", 5, 5), ("c", 6, 6))
    assert set(await waiting(town.ctx)) == {"a", "b", "c"}
    assert (await waiting(town.ctx))["b"] == (2 * HOUR, {"n": 2})


async def test_what_was_cancelled_is_set_anew_and_nothing_else(town: Town) -> None:
    async with town.ctx.begin() as tx:
        await put(tx, ("a", 1, 1), ("b", 2, 2))
        for key, state in (("a", "cancelled"), ("b", "fired")):
            await tx.execute(
                update(Timer).filter_by(kind="later", key=key).values(state=state, settled_at=tx.now)
            )
        await put(tx, ("a", 4, 4), ("b", 4, 4))
    assert {key: due for key, (due, _) in (await waiting(town.ctx)).items()} == {"a": 4 * HOUR}


async def test_none_is_nothing(town: Town) -> None:
    async with town.ctx.begin() as tx:
        await put(tx)
    assert await waiting(town.ctx) == {}
