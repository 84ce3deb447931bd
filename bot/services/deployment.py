"""What this database is for, and whether this process fits it. Checked before anything is served."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from bot.db import schema
from bot.db.deployments import Deployment
from bot.db.people import Participant
from bot.errors import Misconfigured
from bot.services.context import Ctx

_SCHEMA = text("SELECT max(version_num) FROM alembic_version")
# The number of this very table. It stays through restarts and upgrades of the server; a table that was read back from a
# backup is another table.
EPOCH = text("SELECT CAST(CAST('deployment' AS regclass) AS oid)")


async def prepare(ctx: Ctx, mark: str, virtual_now: datetime | None = None) -> None:
    """Mark a fresh database as live, demo or rehearsal, once, also when two do it. The mark of a used one never changes."""
    async with ctx.database.begin() as (connection, now):
        fresh = {
            "mark": mark,
            "virtual_now": virtual_now,
            "key_check": ctx.keyring.check_word(),
            "created_at": now,
        }
        await connection.execute(upsert(Deployment).values(fresh).on_conflict_do_nothing())
        epoch = str((await connection.execute(EPOCH)).scalar_one())
        await connection.execute(update(Deployment).where(Deployment.epoch.is_(None)).values(epoch=epoch))
        found = (await connection.execute(select(Deployment.mark, Deployment.key_check))).one()
    if found.mark != mark:
        raise Misconfigured(f"SUIYAO_DATABASE_URL: this database is marked {found.mark}, not {mark}")
    ctx.keyring.verify(found.key_check)


async def check(ctx: Ctx, process_now: datetime, most_seconds_apart: float, *, restored: bool = False) -> str:
    """Reach the database, fit its keys, compare clocks, read the definitions. Returns what the database is marked as.

    `restored`: only whoever is about to put a restored database in quarantine may open it. Raises Misconfigured, one
    line, also when the database is lost in the middle.
    """
    try:
        return await _check(ctx, process_now, most_seconds_apart, restored=restored)
    except (SQLAlchemyError, OSError) as problem:
        raise Misconfigured(f"SUIYAO_DATABASE_URL: {plain(problem)}") from None


async def _check(ctx: Ctx, process_now: datetime, most_seconds_apart: float, *, restored: bool) -> str:
    async with ctx.database.begin() as (connection, now):
        found = (await connection.execute(_SCHEMA)).scalar_one_or_none()
        row = (await connection.execute(select(Deployment))).first()
        epoch = str((await connection.execute(EPOCH)).scalar_one())
    _same_schema(found or "none")
    if row is None:
        raise Misconfigured("SUIYAO_DATABASE_URL: this database is not prepared yet; run `suiyao migrate`")
    ctx.keyring.verify(row.key_check)
    if row.epoch is not None and row.epoch != epoch and not restored:
        raise Misconfigured(
            "SUIYAO_DATABASE_URL: this database was restored from a backup; run `suiyao restored` before anything else"
        )
    apart = abs((process_now - now).total_seconds())
    if row.virtual_now is None and apart > most_seconds_apart:
        raise Misconfigured(
            f"clock: this machine is {apart:.0f} s away from the database's clock; set both by NTP and start again"
        )
    await _read_definitions(ctx)
    return str(row.mark)


def _same_schema(found: str) -> None:
    """Replicas of an older version may go on while a newer one migrates; none may start on a schema that it does not know."""
    mine = schema.newest()
    if found < mine or found == "none":
        raise Misconfigured(
            f"SUIYAO_DATABASE_URL: its tables are of version {found}, not {mine}; run `suiyao migrate`"
        )
    if found > mine:
        raise Misconfigured(
            f"SUIYAO_DATABASE_URL: its tables are of version {found}; this Suiyao knows {mine}: install the newer one"
        )


async def _read_definitions(ctx: Ctx) -> None:
    async with ctx.begin() as tx:
        try:
            await ctx.book.refresh(tx)
        except ValueError as problem:
            said = str(problem).splitlines()[0]
            raise Misconfigured(f"a published definition cannot be read by this version: {said}") from None


async def mark(ctx: Ctx) -> str:
    async with ctx.database.begin() as (connection, _):
        return str((await connection.execute(select(Deployment.mark))).scalar_one())


_MOVED = update(Deployment).where(Deployment.mark == "rehearsal").values(virtual_now=bindparam("instant"))


async def set_virtual_now(ctx: Ctx, instant: datetime) -> None:
    """Move the clock of a rehearsal. A live or demo database has none to move."""
    async with ctx.database.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        result = await connection.execute(_MOVED, {"instant": instant})
        if result.rowcount != 1:
            raise Misconfigured("only a database marked as rehearsal has a clock that moves")


def plain(problem: SQLAlchemyError | OSError) -> str:
    """The first line of what the driver says; it names host and role, never a password."""
    cause = getattr(problem, "orig", None) or problem
    said = (str(cause) or type(cause).__name__).splitlines()[0]
    if "does not exist" in said and ("suiyao_now" in said or "alembic_version" in said):
        return "this database has no tables yet; run `suiyao migrate`"
    return said


async def begin_rehearsal(ctx: Ctx, instant: datetime) -> None:
    """A fresh demonstration becomes a rehearsal for a while. Refused once anybody takes part, and never live."""
    async with ctx.database.begin() as (connection, _):
        anybody = (await connection.execute(select(Participant.participant_id).limit(1))).first()
        changed = await connection.execute(
            update(Deployment).where(Deployment.mark == "demo").values(mark="rehearsal", virtual_now=instant)
        )
        if anybody is not None or changed.rowcount != 1:
            raise Misconfigured("only a fresh demonstration can be rehearsed")


async def end_rehearsal(ctx: Ctx) -> None:
    """A rehearsal becomes a demonstration: real time goes on from here. Never the other way, and never live."""
    async with ctx.database.begin() as (connection, _):
        await connection.execute(
            update(Deployment).where(Deployment.mark == "rehearsal").values(mark="demo", virtual_now=None)
        )
