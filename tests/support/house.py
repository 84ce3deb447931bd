"""The real house on a fresh database marked as rehearsal: its clock moves when a test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from bot.app.sources import shipped
from bot.db.database import Database
from bot.db.keyring import Keyring
from bot.services import book, deployment
from bot.services.auditing import at_commit
from bot.services.author import Author
from bot.services.context import Addresses, Ctx
from bot.services.enrolment import Enrolled, NewParticipant, NewSite, NewStaff, add_site, add_staff, enrol
from bot.wording import LOCALES, Wording, load_wording
from tests.support.kept import BookOfRun
from tests.support.snapshots import once

KEYS = {"masters": {"master-1": b"m" * 32}, "lookup": b"l" * 32, "sealing": b"s" * 32}
STAFF = Author("staff:0", "staff")
PHONE = "13900001234"
_wording: list[Wording] = []


def keyring() -> Keyring:
    return Keyring(**KEYS)  # type: ignore[arg-type]  # a table of keyword arguments of two types


def wording() -> Wording:
    """Read once: the catalogues do not change while tests run."""
    if not _wording:
        _wording.append(load_wording(LOCALES))
    return _wording[0]


def new_ctx(database: Database) -> Ctx:
    """A process's memory, thrown away: nothing that was said may depend on it."""
    addresses = Addresses("http://127.0.0.1:8080", "suiyao_test_bot", "none")
    return Ctx(database, keyring(), wording(), BookOfRun(), addresses, at_commit)


@dataclass(frozen=True, slots=True)
class Town:
    """A site with one nurse, and whoever was enrolled."""

    ctx: Ctx
    key: tuple[object, ...]  # what its database depends on, for what is lived through once
    site: str = "TST"


Living = Callable[[Town], Coroutine[object, object, None]]


@asynccontextmanager
async def opened(
    database_url: str, now: datetime, then: Living | None = None, **site: object
) -> AsyncIterator[Town]:
    """`then`: what else is lived through once. The database need not be there yet."""
    database = Database(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    ctx = new_ctx(database)
    town = Town(ctx, ("town", now, *site.items()))

    async def furnished() -> None:
        await once(ctx, town.key, lambda: _furnish(ctx, now, **site))

    async def lived(more: Living) -> None:
        await furnished()
        await more(town)

    try:
        await (once(ctx, (*town.key, then.__qualname__), lambda: lived(then)) if then else furnished())
        yield town
    finally:
        await database.close()


async def _furnish(ctx: Ctx, now: datetime, **site: object) -> None:
    await deployment.prepare(ctx, "rehearsal", now.astimezone(UTC))
    await book.publish(ctx, [source for _, source in shipped()], "test")
    async with ctx.begin() as tx:
        values = {"telegram_mode": "full", **site}
        new = NewSite("TST", "协作医院", "Asia/Shanghai", "zh_Hans_CN", "010-12345678", **values)  # type: ignore[arg-type]  # fields by name
        await add_site(tx, new, "test")
        await add_staff(tx, NewStaff("TST", "nurse", "王护士", "nurse@example.org", "zh_Hans_CN"), "test")


async def enrolled(
    town: Town, arm: str = "combination", start: date = date(2026, 11, 2), at: time = time(8, 0)
) -> Enrolled:
    async with town.ctx.begin() as tx:
        new = NewParticipant("nct04217967", town.site, arm, start, at, "李桂兰", PHONE, "female", 1956)
        return await enrol(tx, new, STAFF)
