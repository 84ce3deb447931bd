"""Inbound updates made durable, and handled, against the floor: the same parsing and one bare transaction.

The floor is python-telegram-bot's parsing plus one SQLAlchemy Core transaction of two selects, two inserts and one update
through asyncpg, on the same database with the same number in flight. Ours stores the update encrypted, scans it for danger
words, and, where handled, carries a conversation on with audit and reply, until nobody waits. By one process, and by two at
once on one database; each of them has done some before, so that its connections are open. The limit: 0.7 of the floor, in
updates a second and in the wait that 99 of 100 stay under.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from telegram import Bot, Update

from benchmarks.ground import ACCOUNT, entered, fresh_database, house, linked, postgres
from benchmarks.processes import ready, side_by_side
from bot.channels.telegram_updates import parse
from bot.db.embedded import EmbeddedPostgres
from bot.services import inbox
from bot.services.context import Ctx
from bot.worker import HANDLERS

WIDTH = 16
WARM = 4 * WIDTH
PEOPLE = 200
WORDS = ("今天的药", "菜单", "帮助", "吃了")  # everyday words: most need the menu, none is an emergency
LIMIT = 0.7
FAR = 50_000_000  # between the numbers of one process and of the next
BOT = Bot(f"{ACCOUNT}:benchmark")
KINDS = ("floor", "stored", "handled")
Job = Callable[[dict[str, Any]], Awaitable[object]]
Part = tuple[float, float, list[float]]  # began, ended, and the seconds of each

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with postgres() as server:
        url, chats, to_store, to_handle = asyncio.run(_prepared(server))
        for processes in (1, 2):
            share = asked.updates // processes
            parts = side_by_side(processes, work, processes * 2 * FAR, url, chats, share, asked.rounds)
            told([_rates(list(one)) for one in zip(*parts, strict=True)], processes)
    print(
        f"statements of one update, without BEGIN and COMMIT: {to_store:.1f} to store it, {to_handle:.1f} to handle it"
    )


async def _prepared(server: EmbeddedPostgres) -> tuple[str, list[str], float, float]:
    url = await asyncio.to_thread(fresh_database, server, "bench")
    server.sql("CREATE SCHEMA floor AUTHORIZATION suiyao_runtime", "bench")
    engine = _floor_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(_meta.create_all)
        await connection.execute(insert(_person), [{"chat": 10_000 + n, "state": "s"} for n in range(PEOPLE)])
    await engine.dispose()
    async with house(url) as ctx:
        chats = await linked(ctx, PEOPLE, date(2026, 1, 5))
        return url, chats, *await _statements(ctx, chats)


async def _statements(ctx: Ctx, chats: list[str]) -> tuple[float, float]:
    """To store and to handle one, counted with one person after the other."""
    total = [0]

    @event.listens_for(ctx.database._system.sync_engine, "before_cursor_execute")
    def _count(*_: Any) -> None:
        total[0] += 1

    updates = _updates(chats, 0)
    for _ in chats:
        await stored(ctx, next(updates))
    to_store = total[0]
    await drain(ctx)
    return to_store / len(chats), (total[0] - to_store) / len(chats)


def told(rounds: list[dict[str, tuple[float, float]]], processes: int) -> None:
    """`rounds`: rate and p99 of each kind."""
    for kind in KINDS:
        rate, p99 = (_middle([one[kind][number] for one in rounds]) for number in (0, 1))
        line = f"{processes} processes, {kind:8} {rate:8.0f}/s   p99 {p99:6.1f} ms"
        ratios = sorted(one[kind][0] / one["floor"][0] for one in rounds)
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        more = (
            f"   {kind}/floor {_middle(ratios):.2f} (all: {each}), {_middle(ratios) / LIMIT:.2f} of the limit;"
            f" p99 floor/{kind} {_middle([one['floor'][1] / one[kind][1] for one in rounds]):.2f}"
        )
        print(line + (more if kind != "floor" else ""), flush=True)


def _middle(found: list[float]) -> float:
    return sorted(found)[len(found) // 2]


def _rates(parts: list[dict[str, Part]]) -> dict[str, tuple[float, float]]:
    """One round of all processes together."""
    found = {}
    for kind in KINDS:
        took = [second for part in parts for second in part[kind][2]]
        whole = max(part[kind][1] for part in parts) - min(part[kind][0] for part in parts)
        found[kind] = len(took) / whole, statistics.quantiles(took, n=100)[98] * 1000
    return found


def work(
    number: int, first: int, url: str, chats: list[str], updates: int, rounds: int
) -> list[dict[str, Part]]:
    return asyncio.run(_work(number, first, url, chats, updates, rounds))


async def _work(
    number: int, first: int, url: str, chats: list[str], updates: int, rounds: int
) -> list[dict[str, Part]]:
    engine, given = _floor_engine(url), _updates(chats, first + number * FAR)
    async with entered(url) as ctx:
        async with ctx.begin() as tx:
            await ctx.book.refresh(tx)
        jobs: dict[str, Job] = {
            "floor": partial(floor, engine),
            "stored": partial(stored, ctx),
            "handled": partial(handled, ctx),
        }
        found = []
        for kind in KINDS:
            await _timed(ctx, kind, jobs[kind], given, WARM)
        for _ in range(rounds):
            found.append({kind: await _timed(ctx, kind, jobs[kind], given, updates) for kind in KINDS})
    await engine.dispose()
    return found


async def _timed(ctx: Ctx, kind: str, job: Job, given: Iterator[dict[str, Any]], updates: int) -> Part:
    """All processes begin together; what another one left to handle is handled, and counted, before the end."""
    await asyncio.to_thread(ready)
    took: list[float] = []
    waiting = iter(range(updates))

    async def one() -> None:
        for _ in waiting:
            begun = time.perf_counter()
            await job(next(given))
            took.append(time.perf_counter() - begun)

    began = time.monotonic()
    await asyncio.gather(*(one() for _ in range(WIDTH)))
    if kind == "handled":
        await drain(ctx)
    ended = time.monotonic()
    await asyncio.to_thread(ready)
    await drain(ctx)
    return began, ended, took


def _floor_engine(url: str) -> AsyncEngine:
    return create_async_engine(url, pool_size=20, connect_args={"server_settings": {"search_path": "floor"}})


def _updates(chats: list[str], first: int) -> Iterator[dict[str, Any]]:
    return (raw(chats[n % len(chats)], WORDS[n % len(WORDS)], first + n) for n in count(1))


def raw(chat: str, text: str, number: int) -> dict[str, Any]:
    who = {"id": int(chat), "first_name": "某", "is_bot": False}
    message = {
        "message_id": number,
        "date": 1_770_000_000,
        "chat": {"id": int(chat), "type": "private"},
        "from": who,
        "text": text,
    }
    return {"update_id": number, "message": message}


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


_round = asyncio.Lock()
_asked = _served = 0


async def handled(ctx: Ctx, given: dict[str, Any]) -> None:
    """Stored, and then served in the next round, as a process's own loop does that is woken by what is stored."""
    global _asked, _served
    await stored(ctx, given)
    _asked += 1
    mine = _asked
    async with _round:
        if _served < mine:
            until = _asked
            while await inbox.handle_several(ctx):
                pass
            _served = until


async def drain(ctx: Ctx) -> None:
    async def one() -> None:
        while await inbox.handle_several(ctx):
            pass

    await asyncio.gather(*(one() for _ in range(HANDLERS)))


if __name__ == "__main__":
    main()
