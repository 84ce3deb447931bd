"""The rehearsed database's clock and what waits on it, over a connection that belongs to whoever rehearses.

Asked thousands of times between all that is rehearsed: straight through the driver, every statement for itself.
"""

from __future__ import annotations

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
    SELECT
      EXISTS (SELECT FROM inbox_message WHERE state = 'pending' AND next_try_at <= $1),
      EXISTS (SELECT FROM timer WHERE state = 'waiting' AND due_at <= $1),
      ARRAY(SELECT DISTINCT channel FROM outbound_message WHERE state = 'queued' AND send_after <= $1)
    """


@dataclass(frozen=True, slots=True)
class Clock:
    _connection: AsyncConnection
    _driver: Any  # asyncpg's own connection: its package tells no types

    async def set(self, now: datetime) -> None:
        await self._driver.execute(_SET, now)

    async def due(self, now: datetime) -> tuple[datetime | None, ...]:
        """When inbox, timers and outbox have something next, and when something runs out by itself."""
        return tuple(await self._driver.fetchrow(_DUE, now))

    async def waiting(self, now: datetime) -> frozenset[str]:
        """Loops, and channels, that would find something at this moment."""
        inbox, timers, channels = await self._driver.fetchrow(_WAITING, now)
        names = [name for name, there in (("inbox", inbox), ("timers", timers)) if there]
        return frozenset([*names, *channels])

    async def close(self) -> None:
        await self._connection.close()


async def clock(database: Database) -> Clock:
    connection = await database.connect().start()
    await connection.execution_options(isolation_level="AUTOCOMMIT")
    raw = await connection.get_raw_connection()
    return Clock(connection, raw.driver_connection)
