"""Invented participants with habits of their own, played through the real services on the virtual clock.

Everything they do is drawn from one seed: the same seed gives the same people and the same story.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from bot.messages import Kind
from bot.rehearsal.hands import Hands
from bot.rehearsal.stage import ACCOUNT, Stage
from bot.rehearsal.visitors import CHARACTERS, WEIGHTS, Person, answer
from bot.services import decisions, screens, timeline
from bot.services.author import Author
from bot.services.enrolment import NewParticipant, enrol
from schedules.localtime import instant
from schedules.regimen import expected_cycle

ARMS = ("ixazomib", "lenalidomide", "combination")
STUDY = "nct04217967"
NURSE = Author("staff:1", "staff")
LINKING = ("1", "1", "1", "1")  # myself, agree, keep, keep
SURNAMES = "王李张刘陈杨赵黄周吴"

LOOKS = timedelta(hours=2)  # people look at their phones at these moments: fewer instants to play

Act = Callable[[], Awaitable[None]]


def _next_look(at: datetime) -> datetime:
    return at + (datetime.min.replace(tzinfo=at.tzinfo) - at) % LOOKS


@dataclass(slots=True)
class Cohort:
    """The people, and what they are going to do. `run` plays day by day."""

    stage: Stage
    seed: int
    site: str
    zone: str
    hands: Hands | None = None
    people: dict[str, Person] = field(default_factory=dict)
    _looks: dict[datetime, list[Person]] = field(default_factory=dict)
    random: Random = field(init=False)
    _plans: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - a story to be told again, not a secret

    def at(self, when: datetime, act: Act) -> None:
        heapq.heappush(self._plans, (when, next(self._numbers), act))

    async def arrive(self, count: int, first_day: date) -> None:
        """Everybody enrols within the first week and links a phone at once."""
        for number in range(count):
            day = first_day + timedelta(days=number % 5)
            arm = ARMS[number % len(ARMS)]
            self.at(instant(day, time(7, 31), self.zone), self._arrival(number, arm, day))

    def _arrival(self, number: int, arm: str, day: date) -> Act:
        async def act() -> None:
            name = f"{self.random.choice(SURNAMES)}某{number + 1}"
            phone_number = f"139{self.random.randrange(10**8):08}"
            born = day.year - self.random.randrange(56, 80)
            sex = self.random.choice(("male", "female"))
            hour = self.random.choice((8, 8, 8, 9, 10, 18))
            new = NewParticipant(STUDY, self.site, arm, day, time(hour, 0), name, phone_number, sex, born)
            async with self.stage.ctx.begin() as tx:
                enrolled = await enrol(tx, new, NURSE)
            phone = self.stage.phone(f"9{number:03}", "web")
            character = self.random.choices(CHARACTERS, WEIGHTS)[0]
            person = Person(
                number, enrolled, phone, character, arm, troubled=self.random.choice((0.015, 0.04, 0.12))
            )
            self.people[phone.address] = person
            await self.stage.hear(phone, Kind.START, text=enrolled.invited.code)
            for words in (phone_number[-4:], *LINKING):
                await self.stage.say(phone, words)
            person.contact_id = await screens.contact_of(self.stage.ctx, ACCOUNT, phone.address) or 0

        return act

    async def run(self, until: datetime) -> None:
        """Let everything happen up to `until`, in order of time: what was due, and what people do about it."""
        while True:
            now, due = await self.stage.ahead()
            self._notice(now)
            planned = self._plans[0][0] if self._plans else None
            look = min(self._looks, default=None)
            times = [one for one in (due, planned, look) if one is not None and one <= until]
            if not times:
                break
            shared = (
                self.hands is not None
                and due is not None
                and due <= min(times)
                and self.stage.timers_ahead > 1
            )
            now = max(min(times), now)
            await self.stage.set_clock(now)
            while self._plans and self._plans[0][0] <= now:
                await heapq.heappop(self._plans)[2]()
            await self._answer(
                [person for at in list(self._looks) if at <= now for person in self._looks.pop(at)], now
            )
            await self._settle(shared=shared)
        await self.stage.jump_to(until)

    async def _settle(self, *, shared: bool) -> None:
        """`shared`: the other process fires along."""
        if self.hands is None or not shared:
            return await self.stage.settle()
        _, news = await asyncio.gather(self.stage.settle(), self.hands.fire())
        self.stage.news |= news
        return None

    def _notice(self, now: datetime) -> None:
        """Whoever's page has news may look at it after a while, in his own way."""
        for person in self.people.values():
            if person.contact_id in self.stage.news and not person.waiting:
                self._consider(person, now)
        self.stage.news.clear()

    def _consider(self, person: Person, now: datetime) -> None:
        if person.silent_from is not None and now >= person.silent_from:
            return
        if self.random.random() <= person.character.answers:
            person.waiting = True
            wait = timedelta(minutes=self.random.uniform(*person.character.minutes))
            self._looks.setdefault(_next_look(now + wait), []).append(person)

    async def _answer(self, people: list[Person], now: datetime) -> None:
        """Everybody who looks at this moment. What follows for each concerns nobody else, so two processes may share it."""
        for person in people:
            person.waiting = False
        errands = [(person, f"{self.seed}/{person.number}/{now.isoformat()}") for person in people]
        waiting = iter(errands)

        async def here() -> None:
            for person, seed in waiting:
                await answer(self.stage, person, seed)

        async def there() -> None:
            for errand in waiting:
                await self.hands.answer(errand)  # type: ignore[union-attr] # asked below

        shared = self.hands is not None and len(errands) > 1
        await asyncio.gather(here(), *([there()] if shared else []))

    async def release(self, person: Person, days_late: int) -> None:
        """The site confirms the next cycle, as many days late as it is."""
        async with self.stage.ctx.begin() as tx:
            course = await timeline.load(tx, person.enrolled.participant_id)
            following = expected_cycle(course.study, course.timeline)
            if following is None or course.status == "ended":
                return
            order = decisions.Order(NURSE, tx.now, "gate_passed")
            day = following.first_date + timedelta(days=days_late)
            await decisions.start_cycle(tx, person.enrolled.participant_id, order, following.number, day)
