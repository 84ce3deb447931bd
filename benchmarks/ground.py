"""What benchmarks stand on: an embedded, durable PostgreSQL of their own, linked participants, and a way to tell rates."""

from __future__ import annotations

import asyncio
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path

from benchmarks.processes import side_by_side
from bot.app.sources import shipped
from bot.channels.email import ACCOUNT as MAIL_ACCOUNT
from bot.db.database import Database
from bot.db.embedded import EmbeddedPostgres
from bot.db.keyring import Keyring
from bot.db.migrate import upgrade
from bot.dialogue.notes import ConsentDecided
from bot.services import book, deployment, linking, meeting, people, wishes
from bot.services.auditing import at_commit
from bot.services.author import Author
from bot.services.context import Addresses, Ctx
from bot.services.enrolment import NewParticipant, NewSite, NewStaff, add_site, add_staff, enrol
from bot.wording import LOCALES, load_wording

ACCOUNT = "700123456"
STUDY = "nct04217967"
ZONE = "Asia/Shanghai"
SITES = ("BEN", "BEO")  # enrolling at one of them is one after the other
FIRST_CHAT = 10_000


@dataclass(frozen=True, slots=True)
class Measured:
    """Rate per second and 99th percentile in milliseconds of one run."""

    rate: float
    p99_ms: float

    def __str__(self) -> str:
        return f"{self.rate:8.0f}/s   p99 {self.p99_ms:6.1f} ms"


@contextmanager
def postgres() -> Iterator[EmbeddedPostgres]:
    """Durable, as in production: a benchmark without fsync would flatter. A benchmark that is told to stop takes it along."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryDirectory(prefix="suiyao-bench-") as folder:
        server = EmbeddedPostgres(Path(folder) / "postgres")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def fresh_database(server: EmbeddedPostgres, name: str) -> str:
    """A migrated database; the address of the runtime role, in SQLAlchemy's form."""
    server.create_database(name)
    upgrade(server.url(name), "runtime")
    return server.url(name, "suiyao_runtime", "runtime").replace("postgresql://", "postgresql+asyncpg://")


@asynccontextmanager
async def house(url: str, stands_at: datetime | None = None) -> AsyncIterator[Ctx]:
    """On an empty database. With `stands_at` its clock stands still there."""
    async with entered(url) as ctx:
        await deployment.prepare(ctx, "rehearsal" if stands_at else "demo", stands_at)
        await book.publish(ctx, [source for _, source in shipped()], "bench")
        yield ctx


@asynccontextmanager
async def entered(url: str) -> AsyncIterator[Ctx]:
    """What one process holds of a house that was made before."""
    database = Database(url, pool_size=20)
    keyring = Keyring({"master-1": b"m" * 32}, b"l" * 32, b"s" * 32)
    addresses = Addresses("http://127.0.0.1:8080", "bench_bot", MAIL_ACCOUNT)
    try:
        yield Ctx(database, keyring, load_wording(LOCALES), book.Book(), addresses, at_commit)
    finally:
        await database.close()


async def linked(ctx: Ctx, count: int, start: date) -> list[str]:
    """Participants who answer on Telegram and have consented; their chat ids."""
    await sites(ctx)
    return [await person(ctx, number, Newcomer(start)) for number in range(count)]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whose first dose is due on that day at that hour, in that zone."""

    start: date
    at: clock = clock(8)
    zone: str = ZONE


async def sites(ctx: Ctx) -> None:
    """Each with its nurse."""
    async with ctx.begin() as tx:
        for code in SITES:
            await add_site(tx, NewSite(code, "基准", ZONE, "zh_Hans_CN", "010-00000000", "full"), "bench")
            nurse = NewStaff(code, "nurse", "王护士", f"nurse.{code}@hospital.example", "zh_Hans_CN")
            await add_staff(tx, nurse, "bench")


async def person(ctx: Ctx, number: int, who: Newcomer, account: str = ACCOUNT) -> str:
    """One more, by the number of the chat, which is returned."""
    author, chat = Author("bench", "staff"), str(FIRST_CHAT + number)
    async with ctx.begin() as tx:
        new = NewParticipant(
            STUDY,
            SITES[number % len(SITES)],
            "combination",
            who.start,
            who.at,
            "某",
            f"139{number:08}",
            "male",
            1956,
            zone=who.zone,
        )
        done = await enrol(tx, new, author)
        sender = await meeting.meet(tx, "telegram", account, chat)
        stranger = await people.by_contact(tx, sender.contact_id)
        await linking.bind(tx, stranger, done.participant_id, "self")
        able = await people.by_contact(tx, sender.contact_id)
        for matter in ("health_data", "telegram_abroad"):
            await wishes.consent(tx, able, ConsentDecided(matter, True, ("bench",)), None)
    return chat


def populate(url: str, count: int, who: Newcomer, first: int = 0) -> None:
    """Many at once, in two processes, into a house that has its sites."""
    side_by_side(2, _part, url, count, who, first)


def _part(number: int, url: str, count: int, who: Newcomer, first: int) -> None:
    asyncio.run(_enter_all(url, range(first + number, first + count, 2), who))


async def _enter_all(url: str, numbers: range, who: Newcomer) -> None:
    async with entered(url) as ctx:
        async with ctx.begin() as tx:
            await ctx.book.refresh(tx)
        for number in numbers:
            await person(ctx, number, who)


async def in_flight(jobs: list[Callable[[], Awaitable[object]]], width: int) -> Measured:
    """Run the jobs, so many at a time, and tell rate and p99."""
    waiting = iter(jobs)
    took: list[float] = []

    async def one() -> None:
        for job in waiting:
            began = time.perf_counter()
            await job()
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(width)))
    return Measured(len(jobs) / (time.perf_counter() - began), statistics.quantiles(took, n=100)[98] * 1000)
