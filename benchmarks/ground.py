"""What benchmarks stand on: an embedded, durable PostgreSQL of their own, linked participants, and a way to tell rates."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock
from pathlib import Path

from bot.app.app import LOCALES
from bot.app.sources import shipped
from bot.db.database import Database
from bot.db.embedded import EmbeddedPostgres
from bot.db.keyring import Keyring
from bot.db.migrate import upgrade
from bot.dialogue.notes import ConsentDecided
from bot.services import book, deployment, linking, meeting, people, wishes
from bot.services.auditing import at_commit
from bot.services.context import Addresses, Ctx
from bot.services.dosing import Author
from bot.services.enrolment import NewParticipant, NewSite, add_site, enrol
from bot.wording import load_wording

ACCOUNT = "700123456"
STUDY = "nct04217967"


@dataclass(frozen=True, slots=True)
class Measured:
    """Rate per second and 99th percentile in milliseconds of one run."""

    rate: float
    p99_ms: float

    def __str__(self) -> str:
        return f"{self.rate:8.0f}/s   p99 {self.p99_ms:6.1f} ms"


@contextmanager
def postgres() -> Iterator[EmbeddedPostgres]:
    """Durable, as in production: a benchmark without fsync would flatter."""
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
    addresses = Addresses("http://127.0.0.1:8080", "bench_bot", "none")
    try:
        yield Ctx(database, keyring, load_wording(LOCALES), book.Book(), addresses, at_commit)
    finally:
        await database.close()


async def linked(ctx: Ctx, count: int, start: date) -> list[str]:
    """Participants who answer on Telegram and have consented; their chat ids."""
    author = Author("bench", "staff")
    async with ctx.begin() as tx:
        await add_site(
            tx, NewSite("BEN", "基准", "Asia/Shanghai", "zh_Hans_CN", "010-00000000", "full"), "bench"
        )
    chats = []
    for number in range(count):
        async with ctx.begin() as tx:
            new = NewParticipant(
                STUDY, "BEN", "combination", start, clock(8), "某", f"139{number:08}", "male", 1956
            )
            done = await enrol(tx, new, author)
            chat = str(10_000 + number)
            sender = await meeting.meet(tx, "telegram", ACCOUNT, chat)
            stranger = await people.by_contact(tx, sender.contact_id)
            await linking.bind(tx, stranger, done.participant_id, "self")
            who = await people.by_contact(tx, sender.contact_id)
            for matter in ("health_data", "telegram_abroad"):
                await wishes.consent(tx, who, ConsentDecided(matter, True, ("bench",)), None)  # type: ignore[arg-type]  # a literal
        chats.append(chat)
    return chats


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
