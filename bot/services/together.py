"""Many people's work in one transaction. What they ask of the database at the same moment is asked once for all.

Each runs the very code that serves one person alone, up to the next question; when all of them wait for an answer, their
questions are put together: the same select for many, the same insert with many rows. Who fails fails for all: the caller
rolls back and serves them one by one. Nobody may depend on what another writes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import Executable, Row, Select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.built import OCCASION, Bound, Built, Listed, Written, with_rows
from bot.services.context import Ctx, Tx

log = logging.getLogger(__name__)
T = TypeVar("T")

TOGETHER = 32  # people in one transaction
CANDIDATES = 8 * TOGETHER  # who is looked for: others hold those who come first
# So many go on in one turn of the event loop: an emergency must not wait until all of them have thought.
AT_ONCE = 4


class NotTogether(Exception):
    """Something that can only be done alone in a transaction."""


@dataclass(frozen=True, slots=True)
class Question:
    """What one person waits for. Those with the same `kind` are put together; without one it is asked alone."""

    kind: Hashable | None
    statement: Any
    values: Any
    answer: asyncio.Future[Any]


@dataclass(slots=True)
class Rows:
    """What a question found, as far as services read it."""

    rows: list[Row[Any]] = field(default_factory=list)

    def __iter__(self) -> Iterator[Row[Any]]:
        return iter(self.rows)

    def all(self) -> list[Row[Any]]:
        return self.rows

    def first(self) -> Row[Any] | None:
        return self.rows[0] if self.rows else None

    def one(self) -> Row[Any]:
        (row,) = self.rows
        return row

    def scalars(self) -> list[Any]:
        return [row[0] for row in self.rows]

    def scalar_one_or_none(self) -> Any:
        return self.one()[0] if self.rows else None


class Table:
    """Around which they sit: it collects their questions, and asks when nobody has anything else to do."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._waiting: list[Question] = []
        self._busy = 0
        self._all_wait = asyncio.Event()

    async def ask(self, kind: Hashable | None, statement: Any, values: Any) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append(Question(kind, statement, values, answer))
        self._rest()
        return await answer

    async def serve(self, jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        """What they return. The first exception of any of them ends all."""
        self._busy = len(jobs)
        tasks = [asyncio.create_task(self._sit(job)) for job in jobs]
        try:
            while True:
                await self._all_wait.wait()
                self._all_wait.clear()
                for task in tasks:
                    if task.done():
                        task.result()
                if not self._waiting:
                    return [task.result() for task in tasks]
                await self._answer_all()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _sit(self, job: Coroutine[Any, Any, T]) -> T:
        try:
            return await job
        finally:
            self._rest()

    def _rest(self) -> None:
        self._busy -= 1
        if not self._busy:
            self._all_wait.set()

    async def _answer_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._busy = len(waiting)
        kinds: dict[Hashable, list[Question]] = {}
        for question in waiting:
            kind = id(question) if question.kind is None else question.kind
            kinds.setdefault(kind, []).append(question)
        for alike in kinds.values():
            for number, (question, answer) in enumerate(
                zip(alike, await self._answers(alike), strict=True), start=1
            ):
                question.answer.set_result(answer)
                if number % AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _answers(self, alike: list[Question]) -> Sequence[Any]:
        statement = alike[0].statement
        if isinstance(statement, Built):
            return await self._of_each(statement.many, _listed(statement, alike), len(alike))
        if isinstance(statement, Written):
            values = statement.values([question.values for question in alike])
            return await self._of_each(statement.statement, values, len(alike))
        if alike[0].kind is None:
            return [await self._connection.execute(statement, alike[0].values)]
        rows = [row for question in alike for row in question.values]
        await self._connection.execute(*with_rows(statement, rows))
        return [None] * len(alike)

    async def _of_each(self, statement: Executable, values: Mapping[str, Any], count: int) -> list[Rows]:
        found = [Rows() for _ in range(count)]
        for row in await self._connection.execute(statement, values):
            found[row._mapping[OCCASION] - 1].rows.append(row)
        return found


def _listed(query: Built, alike: list[Question]) -> dict[str, Any]:
    first = alike[0].values
    return {
        key: first[key] if key in query.fixed else [question.values[key] for question in alike]
        for key in query.keys
    }


class Guest(Tx):
    """One person's transaction at a table. It looks like his own."""

    table: Table

    async def execute(self, statement: Executable | Bound, values: Any = None) -> Any:
        if not isinstance(statement, Bound):
            return await self.table.ask(None, statement, values)
        query, given = statement
        if not query.asks:
            return await self.table.ask(None, query.one, given)
        fixed = tuple(tuple(given[key] or ()) for key in query.fixed)
        return await self.table.ask((query, *fixed), query, given)

    async def do(self, statement: Executable | Listed, rows: Sequence[Mapping[str, Any]]) -> None:
        if rows:
            await self.table.ask(statement, statement, rows)

    async def write(self, written: Written, values: Mapping[str, Any]) -> Row[Any] | None:
        rows: Rows = await self.table.ask(written, written, values)
        return rows.first()


class _Alone:
    def __getattr__(self, name: str) -> Any:
        raise NotTogether(f"the connection's {name} is needed")


async def together(tx: Tx, jobs: Sequence[Callable[[Tx], Coroutine[Any, Any, T]]]) -> list[T]:
    """What the jobs return, each with a transaction that looks like its own; all of it is part of `tx`.

    Raises what any of them raises, and then nothing of the transaction may be kept.
    """
    table = Table(tx.connection)
    guests = [Guest(cast("AsyncConnection", _Alone()), tx.now, tx.ctx) for _ in jobs]
    for guest in guests:
        guest.table = table
    done = await table.serve([job(guest) for job, guest in zip(jobs, guests, strict=True)])
    for guest in guests:
        tx.woken |= guest.woken
    return done


async def serve(
    ctx: Ctx,
    opening: Select[Any],
    one: Callable[[int, Tx], Coroutine[Any, Any, None]],
    alone: Callable[[int], Awaitable[bool]],
) -> tuple[bool, Row[Any]]:
    """Everybody whom `opening` locks, in one transaction; whether anybody was there, and what it found.

    Whatever goes wrong for one of them, each is served `alone`: so the one is found, and the others are served.
    """
    people: list[int] = []
    try:
        async with ctx.begin_with(opening) as (tx, opened):
            people = opened.locked
            if len(people) > 1:
                await together(tx, [partial(one, person) for person in people])
            elif people:
                await one(people[0], tx)
    except Exception as problem:
        # A database that went away says nothing about anybody.
        if not people or (isinstance(problem, DBAPIError) and problem.connection_invalidated):
            raise
        extra = {"action": "served_one_by_one", "people": len(people), "error": type(problem).__name__}
        log.warning("People are served one by one", extra=extra, exc_info=True)
        people = [person for person in people if await alone(person)]
    return bool(people), opened
