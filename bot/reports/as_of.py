"""The instant of a report. All that was recorded up to it must be there, or a later report would say otherwise.

A transaction stamps what it writes with its own beginning, and shows it only at its commit. So an instant is settled once
every transaction that began before it has ended: nothing can be added behind it any more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, text

from bot.db.deployments import Deployment
from bot.errors import Refused
from bot.services.context import Tx

# Every transaction, not only those that have written yet: one that has read its `now` may still write. Only sessions of
# our own role show their times to us, and only that role writes facts; a running backup is another role and holds up nothing.
_OLDEST = text(
    "SELECT min(xact_start) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


async def settled(tx: Tx, wished: datetime | None) -> datetime:
    """`wished` if nothing can be recorded up to it any more; without a wish the last such instant, in whole seconds.

    Raises Refused for an instant that has not come or is still being written. Two statements. `tx` must read
    committed: with one snapshot for all its statements it would miss what ends between snapshot and check.
    """
    rehearsal = await tx.scalar(select(Deployment.virtual_now)) is not None
    # A rehearsal has one player, who also moves its clock; sessions tell the machine's time, which is not the rehearsal's.
    oldest = None if rehearsal else await tx.scalar(_OLDEST)
    if wished is None:
        return tx.now if rehearsal else _last_second(tx.now, oldest)
    if wished > tx.now:
        raise Refused("report.as_of.future", as_of=stamp(wished), clock=stamp(tx.now))
    if not rehearsal and wished >= min(tx.now, oldest or tx.now):
        raise Refused(
            "report.as_of.running", as_of=stamp(wished), settled=stamp(_last_second(tx.now, oldest))
        )
    return wished.astimezone(UTC)


def stamp(instant: datetime) -> str:
    """2026-11-22T00:00:00Z: the same text everywhere, whatever zone it came in."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _last_second(now: datetime, oldest: datetime | None) -> datetime:
    before = min(now, oldest or now) - timedelta(microseconds=1)
    return before.astimezone(UTC).replace(microsecond=0)
