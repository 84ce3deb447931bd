"""What this database is for, and whether this process fits it. Checked before anything is served."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.db.deployments import Deployment
from bot.errors import Misconfigured
from bot.services.context import Ctx


async def prepare(ctx: Ctx, mark: str, virtual_now: datetime | None = None) -> None:
    """Mark a fresh database as live, demo or rehearsal, once. The mark of a used one never changes."""
    async with ctx.database.begin() as (connection, now):
        found = (await connection.execute(select(Deployment.mark))).scalar_one_or_none()
        if found is None:
            await connection.execute(
                insert(Deployment).values(
                    mark=mark, virtual_now=virtual_now, key_check=ctx.keyring.check_word(), created_at=now
                )
            )
        elif found != mark:
            raise Misconfigured(f"SUIYAO_DATABASE_URL: this database is marked {found}, not {mark}")


async def check(ctx: Ctx, process_now: datetime, most_seconds_apart: float) -> None:
    """Reach the database, fit its keys, compare clocks, read the definitions. Raises Misconfigured, one line."""
    try:
        async with ctx.database.begin() as (connection, now):
            row = (await connection.execute(select(Deployment))).first()
    except (DBAPIError, OSError, TimeoutError) as problem:
        raise Misconfigured(f"SUIYAO_DATABASE_URL: {_plain(problem)}") from None
    if row is None:
        raise Misconfigured("SUIYAO_DATABASE_URL: this database is not prepared yet; run `suiyao migrate`")
    ctx.keyring.verify(row.key_check)
    apart = abs((process_now - now).total_seconds())
    if row.virtual_now is None and apart > most_seconds_apart:
        raise Misconfigured(
            f"clock: this machine is {apart:.0f} s away from the database's clock; set both by NTP and start again"
        )
    async with ctx.begin() as tx:
        await ctx.book.refresh(tx)


async def mark(ctx: Ctx) -> str:
    async with ctx.database.begin() as (connection, _):
        return str((await connection.execute(select(Deployment.mark))).scalar_one())


async def set_virtual_now(ctx: Ctx, instant: datetime) -> None:
    """Move the clock of a rehearsal. A live or demo database has none to move."""
    async with ctx.database.begin() as (connection, _):
        result = await connection.execute(
            update(Deployment).where(Deployment.mark == "rehearsal").values(virtual_now=instant)
        )
        if result.rowcount != 1:
            raise Misconfigured("only a database marked as rehearsal has a clock that moves")


def _plain(problem: SQLAlchemyError | OSError) -> str:
    """The first line of what the driver says; it names host and role, never a password."""
    cause = getattr(problem, "orig", None) or problem
    said = (str(cause) or type(cause).__name__).splitlines()[0]
    if "does not exist" in said and "suiyao_now" in said:
        return "this database has no tables yet; run `suiyao migrate`"
    return said
