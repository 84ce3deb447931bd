"""The rehearsed study: two sites with staff, people who enrol one after the other, and everything that happens to them.

The same seed gives the same order of events, fault by fault.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bot.messages import Kind, Outbound
from bot.rehearsal.body import Body
from bot.rehearsal.dealing import deal, lots
from bot.rehearsal.desk import Desk
from bot.rehearsal.evidence import Evidence, Gap
from bot.rehearsal.house import House
from bot.rehearsal.ledger import Ledger, Order
from bot.rehearsal.life import Life
from bot.rehearsal.people import Hands, Person
from bot.rehearsal.persona import PERSONAS, WEIGHTS, Persona
from bot.rehearsal.phones import Phone
from bot.rehearsal.plain.calendar import ARMS
from bot.rehearsal.setting import Setting
from bot.rehearsal.sitting import Sitting
from bot.rehearsal.staff import Office
from bot.services import linking
from bot.services.author import Author
from bot.services.enrolment import NewParticipant, enrol
from bot.services.locking import lock_participant

SITES = ("REA", "REB")
NOTICE = "REN"  # whose patients get a neutral line in the messenger, and answer on the page
ROLES = ("nurse", "coordinator", "investigator")
NURSE = Author("staff:1", "staff")
QUIET = (time(21, 30), time(7, 30))
HOURS = (8, 8, 8, 9, 10, 18, 20)
KINDS = ("telegram", "web", "family", "both", "helped", "notice")
OF_KINDS = (50, 20, 8, 8, 7, 7)
SURNAMES = "王李张刘陈杨赵黄周吴"
RETRY = timedelta(minutes=7)
TRIES = 4

Act = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Town:
    setting: Setting
    house: House
    hands: Hands
    office: Office
    life: Life
    desk: Desk
    people: list[Person] = field(default_factory=list)
    journal: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)  # by a person's number: what phones
    personas: list[Persona] = field(default_factory=list)
    _plans: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    # --- time ----------------------------------------------------------------------------------------------------

    def at(self, when: datetime, act: Act) -> None:
        heapq.heappush(self._plans, (when, next(self._numbers), act))

    async def run(self, until: datetime) -> None:
        """Let everything happen up to `until`, in order of time: what was due, and what people do."""
        house = self.house
        while True:
            planned = self._plans[0][0] if self._plans else None
            due = await house.next_due()
            times = [one for one in (due, planned) if one is not None and one <= until]
            if not times:
                break
            await house.set_clock(max(min(times), house.now))
            await house.tidy()
            await house.settle()
            while self._plans and self._plans[0][0] <= house.now:
                await heapq.heappop(self._plans)[2]()
            await self.desk.look(house.now)
        await house.set_clock(until)
        await house.settle()

    def happened(self, who: str, where: str, what: str) -> None:
        self.journal.append(f"{self.house.now:%Y-%m-%dT%H:%M:%S.%f} {who} {where} {what}")

    def fingerprint(self) -> str:
        """The order of events in one word: the same seed, the same word."""
        told = [f"{one.at:%Y-%m-%dT%H:%M:%S.%f} fault {one.kind}" for one in self.house.faults.struck]
        return hashlib.sha256("\n".join([*self.journal, *told]).encode()).hexdigest()[:16]

    # --- people --------------------------------------------------------------------------------------------------

    def plan_arrivals(self) -> None:
        """One after the other, within the first quarter, at most a fortnight. Who they will be is settled before."""
        people, chance = self.setting.participants, Random(f"{self.setting.seed}:cast")  # noqa: S311 - a story to be told again
        self.kinds = deal(KINDS, OF_KINDS, people, chance)
        self.personas = deal(PERSONAS, WEIGHTS, people, chance)
        self.life.lots = lots(self.kinds, chance)
        spread = last_arrival(self.setting)
        for number in range(self.setting.participants):
            day = self.setting.first_day + timedelta(days=number * spread // self.setting.participants)
            self.at(self.clock(day, 7.5 + number % 7 / 100), self._arrival(number, day))

    def clock(self, on: date, hour: float) -> datetime:
        local = datetime.combine(on, time(0), ZoneInfo(self.setting.zone)) + timedelta(hours=hour)
        return local.astimezone(ZoneInfo("UTC"))

    def _arrival(self, number: int, day: date) -> Act:
        async def arrive() -> None:
            person, phones, code = await self._enrol(number, day)
            for index, (phone, relation) in enumerate(phones):
                self.at(
                    self.house.now + timedelta(minutes=3 + 20 * index),
                    self._linking(person, phone, code, relation),
                )
            self.life.begin_cycle(person)
            for ahead in range((self.setting.end - self.house.now).days + 1):
                on = day + timedelta(days=ahead)
                self.at(max(self.clock(on, 0.1), self.house.now), self._day(person, on))

        return arrive

    def _day(self, person: Person, on: date) -> Act:
        async def begin() -> None:
            if person.alive(self.house.now):
                self.life.begin_day(person, on)

        return begin

    async def _enrol(self, number: int, day: date) -> tuple[Person, list[tuple[Phone, str]], str]:
        chance = Random(f"{self.setting.seed}:{number}:person")  # noqa: S311 - a story to be told again
        arm = sorted(ARMS)[number % len(ARMS)]
        kind = self.kinds[number]
        site = NOTICE if kind == "notice" else SITES[number % len(SITES)]
        name = f"{chance.choice(SURNAMES)}某{number + 1}"
        telephone = f"139{chance.randrange(10**8):08}"
        drawn = chance.choice(HOURS)
        hour = time(drawn if self.setting.hour is None else self.setting.hour)
        sex = chance.choice(("female", "male"))
        start = day + timedelta(days=chance.choice((0, 0, 1)))
        new = NewParticipant(
            self.setting.study,
            site,
            arm,
            start,
            hour,
            name,
            telephone,
            sex,
            day.year - 70,
            zone=self.setting.zone,
        )
        async with self.house.sound.begin() as tx:
            done = await enrol(tx, new, NURSE)
        ledger = Ledger(number, site, arm, done.subject_id, done.participant_id, name)
        begins = min(self.clock(start, 0), self.house.now)
        habit = f"{self.setting.zone} {hour:%H:%M} {QUIET[0]:%H:%M} {QUIET[1]:%H:%M}"
        now = self.house.now
        ledger.orders += [
            Order(now, begins, "arm", arm),
            Order(now, self.clock(start, 0), "cycle", cycle=1, on=start),
            Order(now, begins, "habit", habit),
        ]
        body = Body(arm, Random(f"{self.setting.seed}:{number}:body"), self.life.rates, start)  # noqa: S311 - as above
        named = (one for one in PERSONAS if one.name == self.setting.persona)
        persona = next(named, self.personas[number])
        phones = self._phones(number, kind)
        family = frozenset(phone.address for phone, relation in phones if relation == "family")
        own = [phone for phone, _ in phones]
        person = Person(ledger, persona, chance, body, own, self.setting.zone, telephone[-4:], family)
        self.people.append(person)
        for phone in own:
            self.house.wire.phones[phone.address] = phone
            self.hands.by_address[phone.address] = person
        return person, phones, done.invited.code

    def _phones(self, number: int, kind: str) -> list[tuple[Phone, str]]:
        telegram, page, other = (
            Phone(f"9{number:04}1"),
            Phone(f"9{number:04}2", "web"),
            Phone(f"9{number:04}3"),
        )
        return {
            "telegram": [(telegram, "self")],
            "web": [(page, "self")],
            "family": [(telegram, "family")],
            "both": [(telegram, "self"), (page, "self")],
            "helped": [(telegram, "self"), (other, "family")],
            "notice": [(page, "self"), (telegram, "self")],
        }[kind]

    def _linking(self, person: Person, phone: Phone, code: str, relation: str, tries: int = TRIES) -> Act:
        """Open the invitation and go through the welcome; what a fault interrupts is tried again."""

        async def link() -> None:
            use = code
            if phone is not person.phones[0] or tries < TRIES:
                async with self.house.sound.begin() as tx:
                    await lock_participant(tx, person.ledger.participant_id)
                    as_whom = "family" if relation == "family" else None
                    use = (await linking.invite(tx, person.ledger.participant_id, "staff:1", as_whom)).code
            await self.hands.do(person, phone, Kind.START, text=use)
            await Sitting(self.hands, person, phone).go()
            if not person.linked(phone) and tries > 1:
                self.at(self.house.now + RETRY, self._linking(person, phone, code, relation, tries - 1))

        return link

    # --- phones that ring ----------------------------------------------------------------------------------------

    def seen(self, phone: Phone, outbound: Outbound, now: datetime) -> None:
        self.hands.seen(phone, outbound, now)
        person = self.hands.by_address[phone.address]
        self.happened(person.ledger.subject_id, "<" + phone.channel, outbound.text[:40].replace("\n", " "))
        calls = [one for one in outbound.choices if one.press is None or one.press.answer == "view"]
        rings = calls and not outbound.edits and not person.waiting and person.agrees()
        if rings and person.chance.random() < person.persona.answers:
            minutes = person.chance.uniform(*person.persona.minutes)
            person.waiting = True
            self.at(now + timedelta(minutes=minutes), self._sitting(person, TRIES))

    def _sitting(self, person: Person, tries: int) -> Act:
        async def sit() -> None:
            person.waiting = False
            if not person.alive(self.house.now):
                return
            done = await Sitting(self.hands, person, person.chance.choice(person.phones)).go()
            if not done and tries > 1:
                person.waiting = True
                self.at(self.house.now + RETRY, self._sitting(person, tries - 1))

        return sit

    def evidence(self) -> Evidence:
        house = self.house
        channels = {phone.address: phone.channel for person in self.people for phone in person.phones}
        return Evidence(
            house.sound,
            self.setting.study,
            house.now,
            [person.ledger for person in self.people],
            house.wire.letters,
            house.wire.carried,
            house.faults.struck,
            house.faults.spans,
            channels,
            self.gaps,
            self.office.works,
            self.desk.seen,
        )


def last_arrival(setting: Setting) -> int:
    """After so many days everybody is there."""
    return min(14, max(1, setting.days // 4))
