"""Last night's backup, brought back where processes serve: what was said since is lost, and is asked about again.

Played behind the trial, with people of its own: their answers are recorded, lost with the database, and given once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.rehearsal.backup import Vault
from bot.rehearsal.bot_api.server import FakeBotApi
from bot.rehearsal.evidence import Evidence, Findings, Gap, Violation, all_of
from bot.rehearsal.ledger import Ledger, Letter
from bot.rehearsal.promises import after_restore, chains_hold
from bot.rehearsal.real import verdict
from bot.rehearsal.real.postbox import Postbox
from bot.rehearsal.real.serving import EndedAtStart, Serving, running
from bot.rehearsal.real.town import SITE, SITES, STUDY, Person, linked, newcomer
from bot.rehearsal.real.weather import calm, clock, meanwhile
from bot.services import deployment
from bot.services.context import Ctx

PEOPLE, FIRST_CHAT, MEDICINES = 4, 5001, 2
AHEAD = timedelta(minutes=2)  # of the virtual clock, until they are due
ANSWER = "都吃了"
REFUSAL = "run `suiyao restored`"  # what `serve` says before
PATIENCE_SECONDS = 300.0
_ASKED = """SELECT count(DISTINCT participant_id) AS n FROM outbound_message
    WHERE purpose = :purpose AND state = 'sent' AND participant_id = ANY(:ids)"""
_TOLD = "SELECT count(*) AS n FROM dose_report WHERE status = 'taken' AND participant_id = ANY(:ids)"


@dataclass(frozen=True, slots=True)
class Restore:
    """`servings` are stopped, and so they are at the end. `everybody`: who is there already. `speed`: of the clock."""

    ctx: Ctx
    api: FakeBotApi
    post: Postbox
    servings: Sequence[Serving]
    vault: Vault
    everybody: Sequence[Person]
    zone: str
    speed: float

    async def play(self) -> Findings:
        """What promise 9 says, and of 1 and 6 what a gap must not break."""
        people = await self._newcomers()
        async with self._served():
            await self._until(PEOPLE, _ASKED, people, purpose="prompt")
            dump = await asyncio.to_thread(self.vault.keep)
            since, lost_from = await self._now(), len(self.api.queue.made)
            await self._answer(people)
        gap, lost = Gap(since, await self._now()), self.api.queue.made[lost_from:]
        await self.ctx.database.close()
        await asyncio.to_thread(self.vault.bring_back, dump)
        await deployment.set_virtual_now(self.ctx, gap.until)
        found = await self._quarantined()
        async with self._served():
            await self._until(PEOPLE, _ASKED, people, purpose="followup")
            await self._answer(people)
            await calm(self.ctx)
        return await self._counted(found, people, gap, lost)

    async def _newcomers(self) -> list[Person]:
        """Due in a moment, at the same minute."""
        people = []
        async with self.ctx.begin() as tx:
            due = (tx.now + AHEAD).astimezone(ZoneInfo(self.zone))
            for chat in range(FIRST_CHAT, FIRST_CHAT + PEOPLE):
                new = newcomer(self.zone, due.date(), due.time().replace(second=0, microsecond=0), site=SITE)
                people.append(await linked(tx, chat, new))
                self.api.world.open(chat)
        return people

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[None]:
        """By all processes, until they are killed at the end; the clock goes on from where it stood."""
        ticking = clock(self.ctx, await self._now(), self.speed)
        async with asyncio.timeout(PATIENCE_SECONDS), meanwhile(ticking), running(self.servings):
            yield

    async def _answer(self, people: Sequence[Person]) -> None:
        for person in people:
            self.api.say(person.chat, ANSWER)
        await self._until(PEOPLE * MEDICINES, _TOLD, people)

    async def _until(self, count: int, query: str, people: Sequence[Person], **values: str) -> None:
        ids = [one.participant_id for one in people]
        while (await verdict.rows(self.ctx, query, ids=ids, **values))[0].n < count:  # noqa: ASYNC110 - in other processes
            await asyncio.sleep(0.2)

    async def _now(self) -> datetime:
        async with self.ctx.begin() as tx:
            return tx.now

    async def _quarantined(self) -> Findings:
        """Nobody serves it before that, and one command does it."""
        found, first = Findings(checked=2), self.servings[0]
        await first.start()
        try:
            await first.ready()
            found.violations.append(Violation(9, "served before the quarantine", "serve"))
            await first.kill()
        except EndedAtStart as ended:
            if REFUSAL not in str(ended):
                found.violations.append(Violation(9, "did not say what to do after a restore", "serve"))
        if status := await first.command("restored", "--yes"):
            found.violations.append(Violation(9, f"ended with status {status}", "suiyao restored"))
        return found

    async def _counted(
        self, found: Findings, people: Sequence[Person], gap: Gap, lost: Sequence[int]
    ) -> Findings:
        ledgers = [
            Ledger(number, SITE, "combination", one.subject_id, one.participant_id)
            for number, one in enumerate((*self.everybody, *people))
        ]
        now = await self._now()
        letters = [
            Letter(
                now,
                str(mail["To"]),
                str(mail["Subject"]),
                mail.get_content(),
                str(mail["Message-ID"])[1:].partition("@")[0],
            )
            for mail in self.post.mails
        ]
        staff = {address: frozenset({site}) for site, some in SITES.items() for address in some}
        evidence = Evidence(self.ctx, STUDY, now, ledgers, letters, {}, (), (), gaps=(gap,), staff=staff)
        return all_of(
            found,
            await after_restore.count(evidence),
            await verdict.every_update_once(self.ctx, self.api, lost),
            await chains_hold.count(evidence),
        )
