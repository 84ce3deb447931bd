"""What benchmarks over HTTP stand on: serving processes, a Bot API with the legal limits, a mail server, all on loopback."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.ground import FIRST_CHAT, Newcomer, fresh_database, house, populate, postgres, sites
from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.bot_api.server import TOKEN, Call, FakeBotApi
from bot.rehearsal.real.postbox import Postbox, postbox
from bot.rehearsal.real.serving import Serving, environment
from bot.rehearsal.real.town import MAIL_FROM, zone_at_noon
from bot.services import deployment

DANGER = "胸口疼，喘不上气"
NAME = "wire"


@dataclass
class Wire:
    """`people` chats have a reminder that waits behind the gate; the chats after them have none."""

    server: EmbeddedPostgres
    api: FakeBotApi
    post: Postbox
    servings: Sequence[Serving]
    people: int
    others: int

    @property
    def chats(self) -> range:
        return range(FIRST_CHAT, FIRST_CHAT + self.people)

    @property
    def quiet_chats(self) -> range:
        return range(FIRST_CHAT + self.people, FIRST_CHAT + self.people + self.others)

    def sql(self, statement: str) -> str:
        return self.server.sql(statement, NAME)

    def open_gate(self) -> float:
        """All reminders are due now. Returns the moment, by the Bot API's clock."""
        self.sql(
            "UPDATE timer SET due_at = due_at - interval '3 hours' WHERE kind = 'prompt' AND payload ? 'gate'"
        )
        return self.api.world.now()

    def sent(self, chats: range, since: float = 0.0) -> list[Call]:
        """Messages that arrived there, in the order of the wire."""
        return [
            call
            for call in self.api.calls
            if call.method == "sendMessage" and call.done and call.at >= since and call.chat in chats
        ]


@asynccontextmanager
async def wired(people: int, others: int, processes: int = 2) -> AsyncIterator[Wire]:
    """Real time and the legal limits. The reminders are due this very hour, and their timers are held back."""
    with postgres() as server, tempfile.TemporaryDirectory(prefix="suiyao-bench-log-") as log:
        await _peopled(server, people, others)
        async with FakeBotApi(limits=True) as api, postbox() as post:
            for chat in range(FIRST_CHAT, FIRST_CHAT + people + others):
                api.world.open(chat)
            environ = environment(
                server.url(NAME, "suiyao_runtime", "runtime"),
                TELEGRAM_TOKEN=TOKEN,
                TELEGRAM_API_BASE=api.base,
                SMTP_URL=post.url,
                MAIL_FROM=MAIL_FROM,
            )
            servings = [Serving(environ, Path(log) / f"serve-{number}") for number in range(processes)]
            try:
                await start(servings)
                yield Wire(server, api, post, servings, people, others)
            finally:
                for serving in servings:
                    await serving.kill()


async def start(servings: Sequence[Serving]) -> None:
    await asyncio.gather(*(serving.start() for serving in servings))
    await asyncio.gather(*(serving.ready() for serving in servings))


async def _peopled(server: EmbeddedPostgres, people: int, others: int) -> None:
    """Enrolled while the clock stands still an hour ago; then real time goes on, and their first dose is due."""
    began = time.monotonic()
    url = await asyncio.to_thread(fresh_database, server, NAME)
    now = datetime.now(UTC)  # noqa: TID251 - the wire goes by the machine's clock
    zone = zone_at_noon(now)
    due = (now - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
    async with house(url, now - timedelta(hours=1)) as ctx:
        await sites(ctx)
        soon = Newcomer(due.date(), clock(due.hour, due.minute), zone)
        await asyncio.to_thread(populate, url, people, soon)
        later = Newcomer(due.date() + timedelta(days=20), clock(12), zone)
        await asyncio.to_thread(populate, url, others, later, people)
        await deployment.end_rehearsal(ctx)
    server.sql(
        "SET session_replication_role = replica; "
        f" DELETE FROM timer WHERE kind <> 'prompt' OR due_at <> '{due.replace(second=0, microsecond=0)}';"
        """ UPDATE timer SET due_at = due_at + interval '3 hours', payload = payload || '{"gate": 1}'""",
        NAME,
    )
    waiting = int(server.sql("SELECT count(DISTINCT participant_id) FROM timer WHERE payload ? 'gate'", NAME))
    assert waiting == people, f"{people} reminders were planned, {waiting} wait"
    print(
        f"{people + others:,} participants enrolled and linked in {time.monotonic() - began:.0f} s",
        flush=True,
    )
