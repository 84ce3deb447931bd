"""Inbound updates made durable, and handled, against the floor: the same parsing and one bare transaction.

The floor is python-telegram-bot's parsing plus one SQLAlchemy Core transaction of two selects, two inserts and one update
through asyncpg, on the same database with the same number in flight. Ours stores the update encrypted, scans it for danger
words, and, where handled, carries a conversation on with audit and reply.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from telegram import Bot, Update

from benchmarks.ground import ACCOUNT, Measured, fresh_database, house, in_flight, linked, postgres
from bot.channels.telegram_updates import parse
from bot.services import inbox
from bot.services.context import Ctx

UPDATES = 2000
WIDTH = 16
PEOPLE = 200
ROUNDS = 3
BOT = Bot(f"{ACCOUNT}:benchmark")
_numbers = count(1)

_meta = MetaData()
_person = Table("floor_person", _meta, Column("chat", BigInteger, primary_key=True), Column("state", Text))
_rows = [
    Table(
        name,
        _meta,
        Column("id", BigInteger, primary_key=True),
        Column("body", Text),
        Column("at", DateTime(timezone=True)),
    )
    for name in ("floor_in", "floor_out")
]


def raw(chat: str, text: str) -> dict[str, Any]:
    number = next(_numbers)
    who = {"id": int(chat), "first_name": "某", "is_bot": False}
    message = {
        "message_id": number,
        "date": 1_770_000_000,
        "chat": {"id": int(chat), "type": "private"},
        "from": who,
        "text": text,
    }
    return {"update_id": number, "message": message}


async def main() -> None:
    with postgres() as server:
        url = await asyncio.to_thread(fresh_database, server, "bench")
        server.sql("CREATE SCHEMA floor AUTHORIZATION suiyao_runtime", "bench")
        engine = create_async_engine(
            url, pool_size=20, connect_args={"server_settings": {"search_path": "floor"}}
        )
        async with engine.begin() as connection:
            await connection.run_sync(_meta.create_all)
            await connection.execute(
                insert(_person), [{"chat": 10_000 + n, "state": "s"} for n in range(PEOPLE)]
            )
        async with house(url) as ctx:
            chats = await linked(ctx, PEOPLE, date(2026, 1, 5))
            await rounds(ctx, engine, chats)
        await engine.dispose()


async def rounds(ctx: Ctx, engine: AsyncEngine, chats: list[str]) -> None:
    statements = counted(ctx)
    found: dict[str, list[Measured]] = {"floor": [], "stored": [], "handled": []}
    for _ in range(ROUNDS):
        found["floor"].append(await in_flight(jobs(chats, partial(floor, engine)), WIDTH))
        found["stored"].append(await in_flight(jobs(chats, partial(stored, ctx)), WIDTH))
        before = statements()
        await drain(ctx)
        per_handled = (statements() - before) / UPDATES
        found["handled"].append(await in_flight(jobs(chats, partial(handled, ctx)), WIDTH))
    for name, runs in found.items():
        print(f"{name:8} {sorted(runs, key=lambda one: one.rate)[ROUNDS // 2]}")
    for name in ("stored", "handled"):
        ratios = sorted(ours.rate / base.rate for ours, base in zip(found[name], found["floor"], strict=True))
        print(
            f"{name}/floor {ratios[ROUNDS // 2]:.2f}   (all: {', '.join(f'{ratio:.2f}' for ratio in ratios)})"
        )
    print(f"statements to handle one update (conversation, reply, audit): {per_handled:.1f}")


def counted(ctx: Ctx) -> Callable[[], int]:
    total = [0]
    engine = ctx.database._system.sync_engine

    @event.listens_for(engine, "before_cursor_execute")
    def _count(*_: Any) -> None:
        total[0] += 1

    return lambda: total[0]


def jobs(
    chats: list[str], one: Callable[[dict[str, Any]], Awaitable[object]]
) -> list[Callable[[], Awaitable[object]]]:
    """Everyday words: most need the menu, none is an emergency."""
    words = ("今天的药", "菜单", "帮助", "吃了")
    return [partial(one, raw(chats[n % len(chats)], words[n % len(words)])) for n in range(UPDATES)]


async def floor(engine: AsyncEngine, given: dict[str, Any]) -> None:
    found = Update.de_json(json.loads(json.dumps(given)), BOT)
    assert found is not None and found.message is not None
    chat, at = found.message.chat.id, found.message.date
    async with engine.begin() as connection:
        (await connection.execute(select(_person).where(_person.c.chat == chat))).one()
        (await connection.execute(select(_rows[0]).where(_rows[0].c.id == found.update_id))).first()
        for table in _rows:
            await connection.execute(insert(table).values(id=found.update_id, body=found.message.text, at=at))
        await connection.execute(
            update(_person).where(_person.c.chat == chat).values(state=found.message.text)
        )


async def stored(ctx: Ctx, given: dict[str, Any]) -> inbox.Receipt:
    inbound = parse(json.dumps(given).encode(), BOT)
    assert inbound is not None
    return await inbox.receive(ctx, inbound)


async def handled(ctx: Ctx, given: dict[str, Any]) -> None:
    """Stored, and then whoever is next in line is served: a person's own lock may be held by another."""
    await stored(ctx, given)
    await inbox.handle_next(ctx)


async def drain(ctx: Ctx) -> None:
    async def one() -> None:
        while await inbox.handle_next(ctx):
            pass

    await asyncio.gather(*(one() for _ in range(WIDTH)))


if __name__ == "__main__":
    asyncio.run(main())
