"""Half an hour under load: two serving processes, each with its bot, on one database that is restarted in the middle.

50 updates and about 50 sends a second over loopback, within the legal rate of two bots, by participants who tap, answer,
correct themselves, chat, and write of chest pain. Then it is counted: nothing lost, doubled or out of turn, no error to
anybody, and no growth of memory over 5 %, from a warm point (a third of the way) to the end. Exit status 1 for a breach.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from benchmarks import soak_verdict
from benchmarks.ground import postgres
from benchmarks.processes import resident
from bot.channels.telegram_updates import account_of
from bot.db import migrate
from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.bot_api.server import TOKEN, FakeBotApi
from bot.rehearsal.real.crowd import Crowd
from bot.rehearsal.real.patients import Patient, patient
from bot.rehearsal.real.postbox import postbox
from bot.rehearsal.real.serving import Serving, environment, running
from bot.rehearsal.real.town import MAIL_FROM, Person, linked, newcomer, town, zone_at_noon
from bot.rehearsal.real.weather import calm, meanwhile
from bot.services import deployment
from bot.services.context import Ctx

NAME, ROLE_WORD = "soak", "soak"
TOKENS = (TOKEN, "700654321:BBAnotherInventedToken_0123456789abcdef")
FIRST_CHATS, FIRST_UPDATES = (1_001, 50_001), (700_000_001, 800_000_001)
GROWTH = 0.05
WARM = 1 / 3
SAMPLE_SECONDS = 2.0
PATIENCE_SECONDS = 1800.0


@dataclass
class Memory:
    """MiB of each process, by the share of the time that was gone."""

    servings: Sequence[Serving]
    samples: list[tuple[float, list[float]]] = field(default_factory=list)

    def look(self, share: float) -> None:
        self.samples.append((share, [resident(one.pid) for one in self.servings]))

    def about(self, share: float) -> list[float]:
        """The middle of what was seen within a twentieth of the time."""
        near = [seen for at, seen in self.samples if abs(at - share) <= 0.05]
        return [statistics.median(column) for column in zip(*near, strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=50.0, help="updates a second, of both bots together")
    parser.add_argument(
        "--people", type=int, default=300, help="of both bots together; each needs a second between words"
    )
    asked = parser.parse_args()
    with postgres() as server, tempfile.TemporaryDirectory(prefix="suiyao-soak-") as log:
        server.create_database(NAME)
        migrate.upgrade(server.url(NAME), ROLE_WORD)
        breaches = asyncio.run(_soaked(server, asked, Path(log)))
    print("no breach" if not breaches else f"BREACHES: {len(breaches)}")
    sys.exit(1 if breaches else 0)


async def _soaked(server: EmbeddedPostgres, asked: argparse.Namespace, log: Path) -> list[str]:
    seconds, half = 60.0 * asked.minutes, asked.people // 2
    words = round(asked.rate * seconds / (2 * half))
    url = server.url(NAME, migrate.RUNTIME, ROLE_WORD)
    now = datetime.now(UTC)  # noqa: TID251 - the wire goes by the machine's clock
    async with AsyncExitStack() as stack:
        ctx = await stack.enter_async_context(town(url, "rehearsal", now - timedelta(hours=1)))
        apis = [await stack.enter_async_context(FakeBotApi(token, limits=True)) for token in TOKENS]
        people = [await _enrolled(ctx, number, api, now, half) for number, api in enumerate(apis)]
        await deployment.end_rehearsal(ctx)
        plans = [[patient(chat, words) for chat in range(len(group))] for group in people]
        servings = await stack.enter_async_context(_serving(url, apis, log))
        crowds = [Crowd(ctx, api, Random(7)) for api in apis]
        async with asyncio.timeout(PATIENCE_SECONDS + seconds):
            print(f"{2 * half} participants are linked", flush=True)
            await _tapped(crowds, people, plans)
            print("everybody has answered the reminder", flush=True)
            memory, begun = Memory(servings), time.monotonic()
            before = _sends(apis)
            restart = asyncio.create_task(_restart(server, seconds / 2))
            await _said(crowds, people, plans, memory, asked.rate)
            took = time.monotonic() - begun
            sent = _sends(apis) - before
            away = await restart
            await calm(ctx)
            memory.look(1.0)
            stopped = [await one.stop() for one in servings]
        await ctx.database.close()  # connections that were lost are not met again
        _told_rates(words * 2 * half / took, sent / took, away)
        story = soak_verdict.Story(ctx, apis, people, plans, stopped, [one.log for one in servings])
        return await soak_verdict.breaches(story) + _grown(memory, seconds)


async def _enrolled(ctx: Ctx, number: int, api: FakeBotApi, now: datetime, half: int) -> list[Person]:
    """Half of the people, with a dose that is due when the clock goes on."""
    zone, account = zone_at_noon(now), account_of(api.token)
    due, found = (now - timedelta(minutes=1)).astimezone(ZoneInfo(zone)), []
    api.queue.next_id = FIRST_UPDATES[number]
    for chat in range(FIRST_CHATS[number], FIRST_CHATS[number] + half):
        async with ctx.begin() as tx:
            new = newcomer(zone, due.date(), clock(due.hour, due.minute))
            found.append(await linked(tx, chat, new, account))
        api.world.open(chat)
    return found


@asynccontextmanager
async def _serving(url: str, apis: Sequence[FakeBotApi], log: Path) -> AsyncIterator[list[Serving]]:
    """A process for each bot; each of them handles, fires and mails for both."""
    async with postbox() as post:
        servings = []
        for number, api in enumerate(apis):
            telegram = {"TELEGRAM_TOKEN": api.token, "TELEGRAM_API_BASE": api.base}
            environ = environment(url, **telegram, SMTP_URL=post.url, MAIL_FROM=MAIL_FROM)
            servings.append(Serving(environ, log / f"serve-{number}.log"))
        async with running(servings):
            yield servings


async def _tapped(
    crowds: Sequence[Crowd], people: Sequence[list[Person]], plans: Sequence[list[Patient]]
) -> None:
    """Everybody answers the reminder first."""
    lives = [
        crowd.live(person, Patient(plan.taps, (), ()))
        for crowd, group, theirs in zip(crowds, people, plans, strict=True)
        for person, plan in zip(group, theirs, strict=True)
    ]
    async with meanwhile(*(crowd.watch() for crowd in crowds)):
        await asyncio.gather(*lives)


async def _said(
    crowds: Sequence[Crowd],
    people: Sequence[list[Person]],
    plans: Sequence[list[Patient]],
    memory: Memory,
    rate: float,
) -> None:
    """A metronome: everybody says a word in turn, and then the next, at exactly that rate."""
    begun, number, looked = time.monotonic(), 0, 0.0
    turns = len(plans[0][0].words)
    for turn in range(turns):
        for at in range(len(people[0])):
            for crowd, group, theirs in zip(crowds, people, plans, strict=True):
                crowd.api.say(group[at].chat, theirs[at].words[turn])
                number += 1
            await asyncio.sleep(max(0.0, begun + number / rate - time.monotonic()))
            gone = time.monotonic() - begun
            if gone - looked >= SAMPLE_SECONDS:
                looked = gone
                memory.look(number / (turns * 2 * len(people[0])))


async def _restart(server: EmbeddedPostgres, after: float) -> float:
    """The database goes and comes back. Seconds it took."""
    await asyncio.sleep(after)
    began = time.monotonic()
    await asyncio.to_thread(server.stop)
    await asyncio.to_thread(server.start)
    return time.monotonic() - began


def _sends(apis: Sequence[FakeBotApi]) -> int:
    return sum(call.method in soak_verdict.DELIVERED for api in apis for call in api.calls)


def _told_rates(updates: float, sends: float, away: float) -> None:
    print(
        f"{updates:.1f} updates and {sends:.1f} sends a second; the database was away for {away:.1f} s",
        flush=True,
    )


def _grown(memory: Memory, seconds: float) -> list[str]:
    """Growth of each process from the warm point to the end."""
    found = []
    print("MiB by share of the time: " + "; ".join(_shown(memory, share / 10) for share in range(1, 11)))
    warm, end = memory.about(WARM), memory.about(1.0)
    for number, (before, after) in enumerate(zip(warm, end, strict=True), 1):
        growth = after / before - 1
        line = (
            f"process {number}: {before:.1f} MiB after {WARM * seconds / 60:.1f} min, {after:.1f} at the end:"
            f" {growth:+.1%}, {growth / GROWTH:.2f} of the limit"
        )
        print(line)
        found += [line] if growth > GROWTH else []
    return found


def _shown(memory: Memory, share: float) -> str:
    return f"{share:.0%} " + " ".join(f"{one:.0f}" for one in memory.about(share))


if __name__ == "__main__":
    main()
