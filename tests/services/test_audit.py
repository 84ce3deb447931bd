"""Hash chains: any later change of a single entry, its order or its end is found, and a seal finds a rewritten whole."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import create_async_engine

from bot.db.audit import Seal
from bot.services import sealing_day
from bot.setting_forms import asyncpg_url
from tests.services.conftest import House

CHAIN = "participant:1"
EDITS = {
    "an entry is edited": (
        "UPDATE audit_entry SET detail = '[1]' WHERE chain = :c AND seq = 2",
        "entry 2 was altered",
    ),
    "an actor is exchanged": (
        "UPDATE audit_entry SET actor = 'somebody' WHERE chain = :c AND seq = 3",
        "entry 3 was altered",
    ),
    "an entry is deleted": ("DELETE FROM audit_entry WHERE chain = :c AND seq = 2", "entry 2 is missing"),
    "the first is deleted": ("DELETE FROM audit_entry WHERE chain = :c AND seq = 1", "entry 1 is missing"),
    "two change places": (
        "UPDATE audit_entry SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE chain = :c AND seq IN (2, 3);"
        "UPDATE audit_entry SET seq = -seq WHERE chain = :c AND seq < 0",
        "entry 2 was altered",
    ),
    "the end is cut off": (
        "DELETE FROM audit_entry WHERE chain = :c AND seq = (SELECT max(seq) FROM audit_entry WHERE chain = :c)",
        "its end does not match its head",
    ),
    "the head is set back": (
        "UPDATE audit_head SET seq = seq - 1 WHERE chain = :c",
        "does not match its head",
    ),
    "an entry is added": (
        "INSERT INTO audit_entry SELECT chain, max(seq) + 1, max(at), 'x', 'y', '{}', '\\x00' FROM audit_entry"
        " WHERE chain = :c GROUP BY chain",
        "was altered",
    ),
}


@pytest.mark.parametrize("name", EDITS)
async def test_a_change_behind_the_walls_is_found(house: House, owner_url: str, name: str) -> None:
    assert await sealing_day.verify_all(house.ctx) == []
    statements, said = EDITS[name]
    await _as_owner(owner_url, statements)
    faults = await sealing_day.verify_all(house.ctx)
    assert len(faults) == 1
    assert faults[0].startswith(CHAIN) and said in faults[0]


async def test_a_whole_chain_that_is_gone_does_not_fit_the_seal(house: House, owner_url: str) -> None:
    assert await sealing_day.seal_yesterday(house.ctx)
    await _as_owner(
        owner_url, "DELETE FROM audit_entry WHERE chain = :c; DELETE FROM audit_head WHERE chain = :c"
    )
    [fault] = await sealing_day.verify_all(house.ctx)
    assert fault.startswith(CHAIN) and "is missing, with which it was sealed on 2026-11-01" in fault


async def test_a_seal_that_was_not_made_with_our_key_is_found(house: House, owner_url: str) -> None:
    await sealing_day.seal_yesterday(house.ctx)
    engine = create_async_engine(asyncpg_url(owner_url))
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE seal DISABLE TRIGGER USER"))
        await connection.execute(update(Seal).values(signature=b"forged"))
    await engine.dispose()
    assert [fault for fault in await sealing_day.verify_all(house.ctx) if "signature" in fault]


async def test_every_act_has_its_entry_with_an_actor(lived: House) -> None:
    query = text("SELECT action, actor FROM audit_entry WHERE chain = :c")
    async with lived.ctx.database.begin() as (connection, _):
        rows = (await connection.execute(query, {"c": CHAIN})).all()
    actions = {row.action for row in rows}
    assert {
        "enrolled",
        "invited",
        "linked",
        "consent_given",
        "dose_reported",
        "alert_raised",
        "hold_claimed",
    } <= actions
    assert all(row.actor for row in rows)


async def _as_owner(owner_url: str, statements: str) -> None:
    engine = create_async_engine(asyncpg_url(owner_url))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
            for statement in statements.split(";"):
                await connection.execute(text(statement), {"c": CHAIN})
    finally:
        await engine.dispose()
