"""How fast an account may send. Its row carries the pace that all processes share, and serialises their claims."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.outbox import ChannelAccount
from bot.services.context import Ctx, Tx

# Longer than an outbox's tick: who claims takes the turns until the next one.
AHEAD = timedelta(milliseconds=300)


@dataclass(frozen=True, slots=True)
class Pace:
    """What a provider bears: 30 in any second for a Telegram bot, so they leave evenly, with a little
    room for what happens between here and there.

    `burst` messages may leave together after a silence. Who is `late` by so much has slept through his turn: what one process
    sends late would otherwise leave in the turns of another.
    """

    per_second: float = 28.8
    burst: int = 1
    chat_interval: timedelta = timedelta(seconds=1)
    late: timedelta = timedelta(milliseconds=20)

    @property
    def interval(self) -> timedelta:
        return timedelta(seconds=1.0 / self.per_second)


UNPACED = Pace(per_second=10_000.0, burst=10_000, chat_interval=timedelta(0), late=timedelta.max)


# The clock is read when the row is ours: who had to wait for it would otherwise count from a moment long past.
_ACCOUNT = (
    select(ChannelAccount.next_free_at)
    .where(ChannelAccount.channel == bindparam("channel"), ChannelAccount.account == bindparam("account"))
    .with_for_update()
    .cte("account")
)
_LINE = select(func.suiyao_now().label("clock"), _ACCOUNT.c.next_free_at).select_from(
    select(literal(1)).subquery("always").outerjoin(_ACCOUNT, true())
)

TAKEN = (
    update(ChannelAccount)
    .where(
        ChannelAccount.channel == bindparam("of_channel"), ChannelAccount.account == bindparam("of_account")
    )
    .values(next_free_at=bindparam("free_at"))
)


@asynccontextmanager
async def line(ctx: Ctx, channel: str, account: str) -> AsyncIterator[tuple[Tx, datetime]]:
    """A transaction that holds the account's row, and the instant from which the account is free."""
    of = {"channel": channel, "account": account}
    async with ctx.begin_with(_LINE, of) as (tx, row):
        if row.next_free_at is None:
            first = {**of, "next_free_at": tx.now - timedelta(days=1)}
            await tx.execute(upsert(ChannelAccount).values(first).on_conflict_do_nothing())
            row = (await tx.execute(_LINE, of)).one()
        yield tx, row.next_free_at


async def another_turn(ctx: Ctx, channel: str, account: str, pace: Pace) -> float:
    """In place of one that was slept through: when it is, by the event loop's clock."""
    async with line(ctx, channel, account) as (tx, next_free_at):
        looked_at, free_at = asyncio.get_running_loop().time(), max(next_free_at, tx.now)
        await tx.execute(
            TAKEN, {"of_channel": channel, "of_account": account, "free_at": free_at + pace.interval}
        )
        return looked_at + (free_at - tx.now).total_seconds()


def turns(now: datetime, next_free_at: datetime, pace: Pace, limit: int) -> list[timedelta]:
    """How long after `now` each of the next messages may leave, as far as AHEAD: one in each interval since the last."""
    first = max(next_free_at, now - pace.interval * (pace.burst - 1))
    waits = (first + pace.interval * number - now for number in range(limit))
    return [max(wait, timedelta(0)) for wait in waits if wait <= AHEAD]
