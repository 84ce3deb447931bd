"""Last night's backup, brought back in mid-study: what came after it is known only to those who lived it.

Staff enter the decisions of the gap again before anything runs; what people said in it is lost, and they are asked again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.evidence import Gap
from bot.rehearsal.faults import AT_SEND
from bot.rehearsal.ledger import Order
from bot.rehearsal.people import Person
from bot.rehearsal.town import Town, last_arrival
from bot.services import restoring

NIGHT = 3.0  # hour of the dump
WITHIN = (6, 15)  # hours until it is brought back
LOST = (
    "~"  # behind the key of a message that the database no longer knows; it will give the same number again
)
WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Vault:
    """Where the rehearsed database can be dumped and replaced, as an operator does it."""

    postgres: EmbeddedPostgres
    name: str

    def keep(self) -> Path:
        return self.postgres.dump(self.name)

    def bring_back(self, dump: Path) -> None:
        self.postgres.drop_database(self.name)
        self.postgres.read_back(dump, self.name)


@dataclass(slots=True)
class Backup:
    town: Town
    vault: Vault
    chance: Random
    _kept: tuple[Path, datetime] | None = field(default=None)

    def plan(self) -> None:
        """In the middle, when everybody has arrived. A run too short for that has none."""
        setting = self.town.setting
        night = max(last_arrival(setting) + 1, setting.days * 3 // 5)
        if night + 1 < setting.days:
            on = setting.first_day + timedelta(days=night)
            self.town.at(self.town.clock(on, NIGHT), self.keep)

    async def keep(self) -> None:
        house = self.town.house
        self._kept = (self.vault.keep(), house.now)
        hours = self.chance.uniform(*WITHIN)
        self.town.at(house.now + timedelta(hours=hours), self.bring_back)

    async def bring_back(self) -> None:
        """Now, or when the processes are there again."""
        town, house = self.town, self.town.house
        assert self._kept is not None
        if house.faults.away("house"):
            town.at(house.now + WAIT, self.bring_back)
            return
        dump, since = self._kept
        house.faults.strike("restore", "all")
        gap = Gap(since, house.now)
        await house.begin_anew(lambda: self.vault.bring_back(dump))
        async with house.sound.begin() as tx:
            await restoring.quarantine(tx, "rehearsal")
        town.gaps.append(gap)
        town.office.era += 1
        town.office.taken.clear()
        town.desk.forget(gap.since)
        self._forget_messages(gap)
        for person in town.people:
            await self._forget(person, gap)
        await house.settle()

    def _forget_messages(self, gap: Gap) -> None:
        """The same numbers will be given again: those of the gap get another name."""
        wire, faults, gone = self.town.house.wire, self.town.house.faults, Counter[str]()
        for person in self.town.people:
            for number, seen in enumerate(person.ledger.seen):
                if seen.key and seen.at >= gap.since:
                    gone[seen.key] += 1
                    person.ledger.seen[number] = replace(seen, key=seen.key + LOST)
        for number, letter in enumerate(wire.letters):
            if letter.at >= gap.since:
                gone[letter.key] += 1
                wire.letters[number] = replace(letter, key=letter.key + LOST)
        for key, times in gone.items():
            wire.carried[key] -= times
            wire.carried[key + LOST] += times
        for number, one in enumerate(faults.struck):
            if one.at >= gap.since and one.kind in AT_SEND:
                faults.struck[number] = replace(one, what=one.what + LOST)

    async def _forget(self, person: Person, gap: Gap) -> None:
        """What he did stays in his ledger. What was decided is entered again, with the day from which it counts."""
        ledger = person.ledger
        ledger.gaps.append((gap.since, gap.until))
        ledger.losses += [gap.since, gap.until]
        ledger.unheard += [one for one in ledger.agreed if not one.yes and one.at >= gap.since]
        ledger.agreed = [one for one in ledger.agreed if one.yes or one.at < gap.since]
        for phone in person.phones:
            phone.drawn.clear()
        lost = [one for one in ledger.orders if one.recorded_at >= gap.since]
        ledger.orders = [one for one in ledger.orders if one.recorded_at < gap.since]
        for order in lost:
            await self._enter(person, order)
        if ledger.unheard[-1:] and ledger.unheard[-1].at >= gap.since:
            self.town.life.withdraw_again(person)

    async def _enter(self, person: Person, order: Order) -> None:
        since = None if order.what == "habit" else order.effective_from
        known = {"value": order.value, "drug": order.drug, "cycle": order.cycle, "on": order.on}
        reason = order.reason or "physician_decision"
        await self.town.office.order(person, order.what, since, reason=reason, **known)
