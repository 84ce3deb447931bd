"""What every service needs, and the transaction it works in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Row, Select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.base import Executable

from bot.db.built import Bound, Listed, Written, with_rows
from bot.db.database import Database, widen
from bot.db.keyring import Keyring
from bot.services.book import Book
from bot.wording import Wording


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where people find us. `bot_name` is Telegram's user name of our bot, empty when there is none."""

    public_url: str
    bot_name: str = ""
    mail_account: str = ""


@dataclass(frozen=True, slots=True)
class Ctx:
    """One per process. Services keep nothing in it: the database is the only shared memory."""

    database: Database
    keyring: Keyring
    wording: Wording
    book: Book
    addresses: Addresses
    at_commit: Callable[[Tx], Awaitable[None]]  # what every transaction ends with: its audit entries
    wake: Callable[[str], None] = lambda loop: None  # tells this process's own loops that there is work

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        async with self.database.begin() as (connection, now):
            tx = Tx(connection, now, self)
            yield tx
            await self.at_commit(tx)
        self._wake(tx)

    @asynccontextmanager
    async def begin_with(
        self, opening: Select[Any], values: dict[str, Any] | None = None
    ) -> AsyncIterator[tuple[Tx, Row[Any]]]:
        """A transaction that begins with a query made by `with_clock`, and that query's row."""
        async with self.database.begin_with(opening, values) as (connection, row):
            tx = Tx(connection, row.clock, self)
            yield tx, row
            await self.at_commit(tx)
        self._wake(tx)

    @asynccontextmanager
    async def begin_for(self, sites: frozenset[int]) -> AsyncIterator[Tx]:
        """A transaction that row-level security confines to these sites, until it widens itself or commits."""
        async with self.database.begin_for_sites(sites) as (connection, now):
            tx = Tx(connection, now, self)
            yield tx
            if tx.audit:
                await tx.widen()  # a staff member's chain belongs to no site
            await self.at_commit(tx)
        self._wake(tx)

    def _wake(self, tx: Tx) -> None:
        for loop in sorted(tx.woken):
            self.wake(loop)


@dataclass
class Tx:
    """One transaction: its connection, its single `now`, and what it will have caused when it commits."""

    connection: AsyncConnection
    now: datetime
    ctx: Ctx
    audit: list[tuple[str, str, str, dict[str, Any]]] = field(default_factory=list)
    woken: set[str] = field(default_factory=set)

    async def widen(self) -> None:
        """Leave the site's walls for the rest: new keys, staff addresses and staff chains stand outside them.

        Only after the walls have let the act through, that is, after the participant (or site) was found within.
        """
        await widen(self.connection)

    async def execute(self, statement: Executable | Bound, values: Any = None) -> CursorResult[Any]:
        if isinstance(statement, Bound):
            return await self.connection.execute(statement.query.one, statement.values)
        return await self.connection.execute(statement, values)

    async def do(self, statement: Executable | Listed, rows: Sequence[Mapping[str, Any]]) -> None:
        """The same with several values, of which nobody asks what came of it. Nothing happens without any."""
        if rows:
            await self.connection.execute(*with_rows(statement, rows))

    async def write(self, written: Written, values: Mapping[str, Any]) -> Row[Any] | None:
        """What comes back of one row that is written; None where it was there before."""
        row: Row[Any] | None = (
            await self.connection.execute(written.statement, written.values([values]))
        ).first()
        return row

    async def first(self, statement: Executable | Bound) -> Row[Any] | None:
        return (await self.execute(statement)).first()

    async def all(self, statement: Executable | Bound) -> list[Row[Any]]:
        return list((await self.execute(statement)).all())

    async def scalar(self, statement: Executable | Bound) -> Any:
        return (await self.execute(statement)).scalar_one_or_none()
