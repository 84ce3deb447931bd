"""A database that breaks where a fault was armed: before and after commits, at a statement, or at the very beginning."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Row, Select, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import await_only

from bot.db.database import Database
from bot.rehearsal.faults import AT_COMMIT, Faults, Killed

# After how many statements. A rival comes when something was just claimed, and nothing is written yet.
IN_THE_MIDDLE = {"killed_at_statement": range(2, 12), "rival": range(2, 6)}


class Breaking(Database):
    """What the rehearsed processes are given. The rehearsal itself uses the sound one beside it."""

    def __init__(self, url: str, faults: Faults, pool_size: int = 10) -> None:
        super().__init__(url, pool_size)
        self.faults = faults
        self._middle: tuple[str, int] | None = None  # what is to happen, after how many statements
        event.listen(self._system.sync_engine, "before_cursor_execute", self._at_statement)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[tuple[AsyncConnection, datetime]]:
        async with self._struck() as before_commit, super().begin() as begun:
            yield begun
            before_commit()

    @asynccontextmanager
    async def begin_with(
        self, opening: Select[Any], values: dict[str, Any] | None
    ) -> AsyncIterator[tuple[AsyncConnection, Row[Any]]]:
        async with self._struck() as before_commit, super().begin_with(opening, values) as begun:
            yield begun
            before_commit()

    @asynccontextmanager
    async def _struck(self) -> AsyncIterator[Callable[[], None]]:
        """Around one transaction. What it yields is to be called before the commit."""
        kind = self.faults.at(AT_COMMIT)
        if kind:
            self.faults.strike(kind, "transaction")
        if kind == "lost_at_begin":
            raise lost()
        if kind in IN_THE_MIDDLE:
            self._middle = (kind, self.faults.chance.choice(IN_THE_MIDDLE[kind]))
        try:
            yield partial(_before_commit, kind)
        finally:
            self._middle = None
        if kind == "killed_after_commit":
            raise Killed(kind)
        if kind == "lost_after_commit":
            raise lost()

    def _at_statement(self, *_: Any) -> None:
        if self._middle is None:
            return
        kind, left = self._middle
        self._middle = (kind, left - 1) if left else None
        if left:
            return
        if kind == "killed_at_statement":
            raise Killed(kind)
        if self.faults.rival is not None:
            await_only(self.faults.rival())


def lost() -> OperationalError:
    """What the driver's layer raises when the other end is gone."""
    return OperationalError("rehearsal", None, ConnectionResetError("gone"), connection_invalidated=True)


def _before_commit(kind: str) -> None:
    if kind == "killed_before_commit":
        raise Killed(kind)
    if kind == "lost_before_commit":
        raise lost()
