"""A database that breaks where a fault was armed: before and after commits, at a statement, or at the very beginning."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.database import Database
from bot.rehearsal.faults import AT_COMMIT, Faults, Killed

DEEPEST_STATEMENT = 12


class Breaking(Database):
    """What the rehearsed processes are given. The rehearsal itself uses the sound one beside it."""

    def __init__(self, url: str, faults: Faults, pool_size: int = 10) -> None:
        super().__init__(url, pool_size)
        self.faults = faults
        self._statements_left: int | None = None
        event.listen(self._system.sync_engine, "before_cursor_execute", self._at_statement)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        kind = self.faults.at(AT_COMMIT)
        if kind:
            self.faults.strike(kind, "transaction")
        if kind == "lost_at_begin":
            raise lost()
        if kind == "killed_at_statement":
            self._statements_left = self.faults.chance.randrange(DEEPEST_STATEMENT)
        try:
            async with super().begin() as (connection, now):
                yield connection, now
                await self._before_commit(kind)
        finally:
            self._statements_left = None
        if kind == "killed_after_commit":
            raise Killed(kind)
        if kind == "lost_after_commit":
            raise lost()

    async def _before_commit(self, kind: str) -> None:
        if kind == "rival" and self.faults.rival is not None:
            await self.faults.rival()
        if kind == "killed_before_commit":
            raise Killed(kind)
        if kind == "lost_before_commit":
            raise lost()

    def _at_statement(self, *_: Any) -> None:
        if self._statements_left is None:
            return
        if self._statements_left == 0:
            self._statements_left = None
            raise Killed("killed_at_statement")
        self._statements_left -= 1


def lost() -> OperationalError:
    """What the driver's layer raises when the other end is gone."""
    return OperationalError("rehearsal", None, ConnectionResetError("gone"), connection_invalidated=True)
