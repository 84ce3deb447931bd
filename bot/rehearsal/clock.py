"""The rehearsed database's clock and what waits on it, over a connection that belongs to whoever rehearses.

Asked thousands of times between all that is rehearsed: straight through the driver, every statement for itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.db.database import Database

_SET = "UPDATE deployment SET virtual_now = $1 WHERE mark = 'rehearsal'"
_DUE = """
    SELECT
      (SELECT min(next_try_at) FROM inbox_message WHERE state = 'pending' AND next_try_at > $1),
      (SELECT min(due_at) FROM timer WHERE state = 'waiting' AND due_at > $1),
      (SELECT min(send_after) FROM outbound_message WHERE state = 'queued' AND send_after > $1),
      least(
        (SELECT min(expires_at) FROM outbound_message WHERE state = 'queued'),
        (SELECT min(lease_until) FROM outbound_message WHERE state = 'sending')
      )
    """
_WAITING = """
    WITH clock AS MATERIALIZED (SELECT suiyao_now() AS now)
    SELECT
      EXISTS (SELECT FROM inbox_message WHERE state = 'pending' AND next_try_at <= clock.now),
      EXISTS (SELECT FROM timer WHERE state = 'waiting' AND due_at <= clock.now),
      ARRAY(SELECT DISTINCT channel FROM outbound_message WHERE state = 'queued' AND send_after <= clock.now)
    FROM clock
    """

Work = Callable[[], Awaitable[object]]  # false in its truth: there was nothing to do


@dataclass(frozen=True, slots=True)
class Clock:
    _connection: AsyncConnection
    _driver: Any  # asyncpg's own connection: its package tells no types

    async def set(self, now: datetime) -> None:
        await self._driver.execute(_SET, now)

    async def due(self, now: datetime) -> tuple[datetime | None, ...]:
        """When inbox, timers and outbox have something next, and when something runs out by itself."""
        return tuple(await self._driver.fetchrow(_DUE, now))

    async def waiting(self) -> frozenset[str]:
        return await _waiting(self._driver)

    async def close(self) -> None:
        await self._connection.close()


async def clock(database: Database) -> Clock:
    connection = await database.connect().start()
    return Clock(connection, await _driver(connection))


async def waiting(database: Database) -> frozenset[str]:
    """Loops, and channels, that would find something at this moment."""
    async with database.connect() as connection:
        return await _waiting(await _driver(connection))


async def work_through(
    todo: Mapping[str, Work],
    look: Callable[[], Awaitable[frozenset[str]]],
    there: frozenset[str] | None = None,
) -> frozenset[str] | None:
    """Each piece of work in turn, until nothing more is `waiting` for it: whoever looks first wastes no transaction on
    finding nothing. `there`, and what comes back: what is known to be waiting, None when it must be looked for.
    """
    for name, work in todo.items():
        while name in (there := there if there is not None else await look()):
            there = None
            if not await work():
                break
    return there


async def _driver(connection: AsyncConnection) -> Any:
    await connection.execution_options(isolation_level="AUTOCOMMIT")
    return (await connection.get_raw_connection()).driver_connection


async def _waiting(driver: Any) -> frozenset[str]:
    inbox, timers, channels = await driver.fetchrow(_WAITING)
    names = [name for name, there in (("inbox", inbox), ("timers", timers)) if there]
    return frozenset([*names, *channels])
