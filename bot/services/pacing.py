"""How fast an account may send. Its row carries the pace that all processes share, and serialises their claims."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.outbox import ChannelAccount
from bot.services.context import Tx

AHEAD = timedelta(
    milliseconds=300
)  # longer than an outbox's tick: who claims takes the turns until the next one


@dataclass(frozen=True, slots=True)
class Pace:
    """What a provider bears: 30 in any second for a Telegram bot, so one goes at once and 29 follow evenly.

    `burst` messages may leave together after a silence.
    """

    per_second: float = 29.0
    burst: int = 1
    chat_interval: timedelta = timedelta(seconds=1)


UNPACED = Pace(per_second=10_000.0, burst=10_000, chat_interval=timedelta(0))


async def line(tx: Tx, channel: str, account: str) -> Row[Any]:
    """The account's row, locked."""
    query = (
        select(ChannelAccount.next_free_at, ChannelAccount.channel, ChannelAccount.account)
        .where(ChannelAccount.channel == channel, ChannelAccount.account == account)
        .with_for_update()
    )
    row = await tx.first(query)
    if row is None:
        await tx.execute(
            upsert(ChannelAccount)
            .values(channel=channel, account=account, next_free_at=tx.now - timedelta(days=1))
            .on_conflict_do_nothing()
        )
        row = await tx.first(query)
    assert row is not None
    return row


def turns(now: datetime, next_free_at: datetime, pace: Pace, limit: int) -> list[timedelta]:
    """How long after `now` each of the next messages may leave, as far as AHEAD: one in each interval since the last."""
    interval = timedelta(seconds=1.0 / pace.per_second)
    first = max(next_free_at, now - interval * (pace.burst - 1))
    waits = (first + interval * number - now for number in range(limit))
    return [max(wait, timedelta(0)) for wait in waits if wait <= AHEAD]


async def spend(tx: Tx, row: Row[Any], last: datetime, pace: Pace) -> None:
    """The last of those turns was taken. What was saved up before counts as taken as well."""
    interval = timedelta(seconds=1.0 / pace.per_second)
    await tx.execute(
        update(ChannelAccount)
        .where(ChannelAccount.channel == row.channel, ChannelAccount.account == row.account)
        .values(next_free_at=last + interval)
    )
