"""A trial of serving processes: people answer, processes are killed, the wire has faults; then the promises are counted."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from datetime import time as hour
from pathlib import Path
from random import Random
from typing import Any

from bot.rehearsal import tallies
from bot.rehearsal.backup import Vault
from bot.rehearsal.bot_api.server import TOKEN, FakeBotApi
from bot.rehearsal.outcome import Outcome
from bot.rehearsal.real import promises, weather
from bot.rehearsal.real.crowd import Crowd
from bot.rehearsal.real.patients import patient
from bot.rehearsal.real.postbox import Postbox, postbox
from bot.rehearsal.real.posted import Machine
from bot.rehearsal.real.restore import Restore
from bot.rehearsal.real.serving import CLOCK_SET, Serving, environment, running
from bot.rehearsal.real.town import MAIL_FROM, SITES, STUDY, Person, linked, newcomer, town
from bot.services.context import Ctx

SPEED = 6.0  # leases, pace and retries run on the database's clock: a minute of it takes ten seconds
NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)  # in Shanghai
ZONE = "Asia/Shanghai"
PATIENCE_SECONDS = 900.0  # a machine with other work; nothing is said about speed here
A_ROUND = 10.0  # seconds: so often somebody is killed

Extra = Callable[[Sequence[Serving]], Coroutine[Any, Any, None]]


@dataclass
class Diary:
    """What was done to the processes, line by line; the promises are counted without it."""

    file: Path
    kinds: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(weather.KINDS, 0)))
    begun: float = field(default_factory=time.monotonic)
    struck: list[float] = field(default_factory=list)  # when a process was killed or the database lost

    def __call__(self, what: str) -> None:
        self.kinds[what] += 1
        if what in (weather.KILLED, weather.LOST):
            self.struck.append(asyncio.get_running_loop().time())
        with self.file.open("a", encoding="utf-8") as file:
            line = {"seconds": round(time.monotonic() - self.begun, 3), "what": what}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


@dataclass
class Trial:
    """How many people, how many words from each in how many seconds, and how many times somebody is killed.

    `cut`: what loses all connections to the database, where there is somebody who can. The last of `gone` people have
    blocked the chat. `clocks_step`: the machine's clock of each process is set to and fro by minutes. `vault`: where given,
    a backup is brought back behind all that. Everything that happened is kept in `log`.
    """

    people: int
    words: int
    rounds: int
    log: Path
    seconds: float = 0.0
    workers: int = 2
    gone: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    seed: int = 20261102
    cut: Callable[[], object] | None = None
    clocks_step: bool = False
    vault: Vault | None = None

    async def run(self, database_url: str, api: FakeBotApi, *extra: Extra) -> Outcome:
        """Counts what was lost, done twice or out of turn."""
        chance, diary = Random(self.seed), Diary(self.log / "events.jsonl")
        plans = [patient(number, self.words) for number in range(self.people - self.gone)]
        async with town(database_url, "rehearsal", NOON, tuple(SITES)) as ctx, postbox() as post:
            people = await everybody(ctx, api, self.people)
            there, gone = people[: len(plans)], people[len(plans) :]
            for one in gone:
                api.fail("403", None, chat=one.chat)
            lasting = len(api.faults.waiting)
            crowd, servings = (
                Crowd(ctx, api, chance, self.seconds / self.words),
                self._servings(database_url, api, post),
            )
            began = asyncio.get_running_loop().time()
            background = [
                weather.clock(ctx, NOON, SPEED, began),
                crowd.watch(),
                *(one(servings) for one in extra),
            ]
            async with (
                asyncio.timeout(PATIENCE_SECONDS + self.seconds),
                weather.meanwhile(*background),
                running(servings),
            ):
                async with weather.meanwhile(*self._storms(api, there, chance, diary)):
                    lives = [crowd.live(person, plan) for person, plan in zip(there, plans, strict=True)]
                    await asyncio.gather(weather.kills(servings, chance, self.rounds, diary), *lives)
                del api.faults.waiting[lasting:]
                await weather.calm(ctx)
                stopped = [await serving.stop() for serving in servings]
            await ctx.database.close()  # connections that were lost are not met again
            story = promises.Story(
                ctx,
                api,
                people,
                frozenset(one.participant_id for one in gone),
                {one.participant_id: plan.reports for one, plan in zip(there, plans, strict=True)},
                {one.participant_id: plan.dangers for one, plan in zip(there, plans, strict=True)},
                post.mails,
                post.arrived,
                Machine(NOON, began, SPEED, diary.struck),
                stopped,
            )
            if self.clocks_step:
                told = "".join(serving.log for serving in servings)
                diary.kinds[CLOCK_SET] += told.count(CLOCK_SET)
            self._keep(api, post)  # also where what follows fails
            outcome = await promises.judged(story, self._outcome(diary, api))
            await _figures(ctx, outcome)
            if self.vault is not None:
                restore = Restore(ctx, api, post, servings, self.vault, people, ZONE, SPEED)
                outcome.promises.append(promises.of_a_restore(await restore.play()))
                diary("backup brought back")
                outcome.faults = dict(sorted(diary.kinds.items()))
                self._keep(api, post)
            return outcome

    def _storms(
        self, api: FakeBotApi, there: Sequence[Person], chance: Random, diary: Diary
    ) -> list[Coroutine[Any, Any, None]]:
        storms = [
            weather.faults(api, [one.chat for one in there], chance, diary),
            weather.jumps(api, chance, diary),
        ]
        return [*storms, weather.losses(self.cut, chance, diary)] if self.cut else storms

    def _outcome(self, diary: Diary, api: FakeBotApi) -> Outcome:
        setting = {
            "study": STUDY,
            "participants": self.people,
            "length": f"{self.workers} processes",
            "seed": self.seed,
            "zone": ZONE,
            "faults": ", ".join(sorted(+diary.kinds)),
        }
        seconds, updates = time.monotonic() - diary.begun, len(api.queue.made)
        outcome = Outcome(setting, "", seconds, f"{updates / seconds:.1f} updates a second")
        outcome.counts |= {"updates": updates, "calls_of_the_bot_api": len(api.calls)}
        outcome.faults = dict(sorted(diary.kinds.items()))
        return outcome

    def _keep(self, api: FakeBotApi, post: Postbox) -> None:
        """The wire and the mails beside the processes' own logs."""
        with (self.log / "wire.jsonl").open("w", encoding="utf-8") as file:
            for call in api.calls:
                file.write(json.dumps(asdict(call), ensure_ascii=False, default=str) + "\n")
        with (self.log / "mails.jsonl").open("w", encoding="utf-8") as file:
            for mail in post.mails:
                line = {"to": mail["To"], "subject": mail["Subject"], "text": mail.get_content()}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _servings(self, database_url: str, api: FakeBotApi, post: Postbox) -> list[Serving]:
        telegram = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_BASE": api.base}
        mail = {"SMTP_URL": post.url, "MAIL_FROM": MAIL_FROM}
        environ = environment(database_url, **telegram, **mail, **self.settings)
        return [
            Serving(environ, self._log_of(number), 1000 * number + self.seed if self.clocks_step else None)
            for number in range(1, self.workers + 1)
        ]

    def _log_of(self, number: int) -> Path:
        return self.log / f"serve-{number}.log"


async def _figures(ctx: Ctx, outcome: Outcome) -> None:
    """As of this moment, and before a backup is brought back."""
    async with ctx.begin() as tx:
        of_alerts, outcome.waited = await tallies.of_alerts(tx, tx.now)
        outcome.counts |= {"planned_doses": await tallies.planned(tx, tx.now)}
        outcome.counts |= await tallies.of_messages(tx) | of_alerts


async def everybody(ctx: Ctx, api: FakeBotApi, count: int) -> list[Person]:
    """Linked, at one site or the other, and due within the next minutes, some of them at the same one."""
    people = []
    async with ctx.begin() as tx:
        for number in range(count):
            chat, at = 1001 + number, hour(12, number % 3)
            site = list(SITES)[number % len(SITES)]
            people.append(await linked(tx, chat, newcomer(ZONE, date(2026, 11, 2), at, site=site)))
            api.world.open(chat)
    return people
