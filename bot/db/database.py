"""Connections and transactions. `now` is read once per transaction from the database's own clock."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, SelectBase, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

ALL_SITES = "all"
_NOW = text("SELECT suiyao_now()")
_SCOPE = text("SELECT set_config('suiyao.sites', :sites, true)")
_WIDEN = text("SELECT set_config('suiyao.sites', 'all', true)")


class Database:
    """One engine for services and worker (sees every site), one for people (sees nothing until scoped)."""

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = url
        self._system = _engine(url, pool_size, ALL_SITES)
        self._scoped: AsyncEngine | None = None

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        async with self._system.begin() as connection:
            yield connection, await read_now(connection)

    @asynccontextmanager
    async def begin_with(
        self, opening: Select[Any], values: dict[str, Any] | None
    ) -> AsyncIterator[tuple[AsyncConnection, Row[Any]]]:
        """A transaction whose first query tells the clock as well (see `with_clock`): one question less on the wire."""
        async with self._system.begin() as connection:
            yield connection, (await connection.execute(opening, values)).one()

    @asynccontextmanager
    async def begin_for_sites(
        self, site_ids: frozenset[int]
    ) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        """A transaction that row-level security confines to these sites."""
        if self._scoped is None:
            self._scoped = _engine(self.url, 5, "")
        async with self._scoped.begin() as connection:
            await connection.execute(_SCOPE, {"sites": ",".join(map(str, sorted(site_ids)))})
            yield connection, await read_now(connection)

    def connect(self) -> AsyncConnection:
        """A connection of one's own, for a session advisory lock."""
        return self._system.connect()

    async def close(self) -> None:
        await self._system.dispose()
        if self._scoped is not None:
            await self._scoped.dispose()


def with_clock(query: SelectBase) -> Select[Any]:
    """The one row of `query`, or nulls where it finds none, beside the database's `clock`."""
    clock, found = select(func.suiyao_now().label("clock")).cte("clock"), query.subquery("found")
    return select(clock.c.clock, *found.c).select_from(clock.outerjoin(found, text("true")))


async def widen(connection: AsyncConnection) -> None:
    """Let the rest of this transaction see every site: what lies outside all of them (keys, staff chains) is out there."""
    await connection.execute(_WIDEN)


async def read_now(connection: AsyncConnection) -> datetime:
    instant: datetime = (await connection.execute(_NOW)).scalar_one()
    return instant


def _engine(url: str, pool_size: int, sites: str) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        pool_use_lifo=True,  # the connection that was used last knows its statements: the others need not learn them
        connect_args={
            "timeout": 10,
            "server_settings": {
                "suiyao.sites": sites,
                "application_name": "suiyao",
                "timezone": "UTC",
                "jit": "off",  # it costs more than these questions
            },
        },
    )
