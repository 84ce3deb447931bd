"""Faults in the course of a rehearsal: armed for a boundary, or happening at large."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from bot.messages import Kind
from bot.rehearsal.faults import AT_ACCEPT, AT_COMMIT, AT_SEND, CHANNELS, OUTAGES
from bot.rehearsal.ledger import Blocked
from bot.rehearsal.people import Person
from bot.rehearsal.town import Act, Town


@dataclass(frozen=True, slots=True)
class Mishaps:
    town: Town

    def plan(self) -> None:
        faults = self.town.house.faults
        setting = self.town.setting
        planned = faults.schedule(setting.start, setting.days, setting.participants, setting.intensity)
        for when, kind in planned:
            self.town.at(when, self._fault(kind))

    def _fault(self, kind: str) -> Act:
        async def happen() -> None:
            await self.happens(kind)

        return happen

    async def happens(self, kind: str) -> None:
        """Now: armed for a boundary to come, or at large."""
        faults, now = self.town.house.faults, self.town.house.now
        if kind in AT_COMMIT or kind in AT_SEND or kind in AT_ACCEPT:
            faults.arm(kind)
            return
        if kind != "blocked" or self._with_chat():
            faults.strike(kind, "all")
        minutes = faults.chance.randrange(30, 181)
        match kind:
            case "outage":
                for channel in faults.chance.choice(OUTAGES):
                    faults.spans.append((f"outage:{channel}", now, now + timedelta(hours=1)))
            case "storm":
                channel = faults.chance.choice(CHANNELS)
                faults.spans.append((f"storm:{channel}", now, now + timedelta(minutes=10)))
            case "house_down":
                faults.spans.append(("house", now, now + timedelta(minutes=minutes)))
            case "database_restart":
                for _ in range(3):
                    faults.arm("lost_at_begin", 0)
            case "blocked":
                await self._block(faults.chance)

    def _with_chat(self) -> list[Person]:
        return [one for one in self.town.people if one.phones[0].channel == "telegram" and one.agrees()]

    async def _block(self, chance: Random) -> None:
        """Somebody blocks the chat; the messenger tells us; days later it is opened again."""
        if not (with_chat := self._with_chat()):
            return
        person = chance.choice(with_chat)
        phone = person.phones[0]
        self.town.house.wire.refusing.add(phone.address)
        person.ledger.losses.append(self.town.house.now)
        closed = Blocked(phone.address, self.town.house.now)
        person.ledger.blocked.append(closed)

        def known(at: datetime) -> None:
            closed.until = at

        async def open_again() -> None:
            self.town.house.wire.refusing.discard(phone.address)
            person.ledger.losses.append(self.town.house.now)
            await self.town.hands.do(person, phone, Kind.UNBLOCKED, heard=known)

        if chance.random() < 0.5:
            await self.town.hands.do(person, phone, Kind.BLOCKED)
        since = self.town.house.now
        until = since + timedelta(days=chance.randrange(1, 6), hours=3)
        person.ledger.shut.append((phone.address, since, until))
        self.town.at(until, open_again)
