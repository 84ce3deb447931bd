"""What happens to virtual people in the course of a study: cycles released early, late or never, holds, reductions, other
arms, pauses, withdrawals, journeys, deaths; and what they do without being asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

from bot.rehearsal import off_days, stopping
from bot.rehearsal.dealing import EVENT_OF
from bot.rehearsal.ledger import Worry
from bot.rehearsal.people import Hands, Person
from bot.rehearsal.plain.calendar import ARMS, CYCLE, cycle_starts, value_at
from bot.rehearsal.rates import Rates
from bot.rehearsal.sitting import Sitting
from bot.rehearsal.staff import Office, Plan

DANGERS = (("胸口疼，喘不上气", "emergency"), ("吐血了", "emergency"), ("发烧39度", "urgent"))
ASIDES = ("今天的药", "我的日历", "菜单", "帮助")
HOURS = ("08:00", "09:00", "19:00")
ABROAD = ("Europe/Berlin", "Asia/Tokyo", "America/New_York")
DAY = timedelta(days=1)
# On which days of his first cycle, and when, somebody does what is his lot; more than once where something may be in the way.
TOLD_ON = {"danger_words": (4,), "correction": (5, 9), "off_day_dose": (26, 27)}


@dataclass(slots=True)
class Life:
    """One for all people; each has a chance of his own for what befalls him."""

    office: Office
    hands: Hands
    rates: Rates
    at: Plan
    seed: str
    lots: Mapping[int, str] = field(default_factory=dict)  # person's number -> what is sure to befall him

    def chance(self, person: Person, what: str) -> Random:
        return Random(f"{self.seed}:{person.ledger.number}:{what}")  # noqa: S311 - a story to be told again

    def when(self, person: Person, on: date, hour: float) -> datetime:
        clock = time(int(hour), int(hour * 60) % 60)
        return datetime.combine(on, clock, ZoneInfo(person.zone)).astimezone(ZoneInfo("UTC"))

    def plan(self, person: Person, on: date, hour: float, act: Callable[[], Awaitable[None]]) -> None:
        async def if_alive() -> None:
            if person.alive(self.hands.house.now):
                await act()

        when = self.when(person, on, hour)
        if when > self.hands.house.now:
            self.at(when, if_alive)

    # --- a cycle -------------------------------------------------------------------------------------------------

    def begin_cycle(self, person: Person) -> None:
        """A cycle was released: draw what will happen in it, and how the next one comes."""
        starts = cycle_starts(person.ledger.orders)
        number = max(starts)
        chance = self.chance(person, f"cycle:{number}")
        lot = self.lots.get(person.ledger.number, "") if number == 1 else ""
        self._release(person, starts[number], chance, lot)
        tomorrow = person.today(self.hands.house.now) + DAY  # of a cycle that was typed late
        for what, event in EVENTS.items():
            if chance.random() < self.rates.cycle[what] or what == EVENT_OF.get(lot, lot):
                on = starts[number] + timedelta(days=chance.randrange(2, 21))
                event(self, person, max(on, tomorrow), chance)
        for day in TOLD_ON.get(lot, ()):
            self.plan(person, starts[number] + (day - 1) * DAY, 17.5, self._telling(lot, person, chance))

    def _release(self, person: Person, first: date, chance: Random, lot: str) -> None:
        expected = first + timedelta(days=CYCLE)
        ways = self.rates.release
        way = chance.choices(list(ways), list(ways.values()))[0]
        way = {"typed_late": "late"}.get(lot, lot if lot in ways else way)
        late = {
            "on_time": 0,
            "early": -chance.randrange(1, 4),
            "late": chance.randrange(1, 11),
            "forgotten": 14,
        }[way]
        on = expected + timedelta(days=late)
        typed = on - DAY
        if way == "late" and (lot == "typed_late" or chance.random() < 0.3):
            typed = on + 2 * DAY  # begun, and typed afterwards

        async def release() -> None:
            if await self.office.release(person, on):
                self.begin_cycle(person)

        self.plan(person, typed, 14 + chance.random(), release)

    def _hold(self, person: Person, on: date, chance: Random) -> None:
        drugs = ARMS[value_at(person.ledger.orders, "arm", self.when(person, on, 10))]
        drug = chance.choice([*drugs, ""])
        start = self.when(person, on, 10)
        late = (
            chance.random() < self.rates.cycle["hold_typed_late"]
            or self.lots.get(person.ledger.number) == "hold_typed_late"
        )
        typed = on + (2 * DAY if late else timedelta(0))
        days = chance.randrange(4, 12)

        async def go_on() -> None:
            await self.office.order(person, "resume", drug=drug, reason="recovered")

        async def hold() -> None:
            if await self.office.order(person, "hold", start, drug=drug, reason="toxicity"):
                self.plan(person, typed + timedelta(days=days), 11, go_on)

        self.plan(person, typed, 10.5, hold)

    def _reduction(self, person: Person, on: date, chance: Random) -> None:
        drug = chance.choice(ARMS[value_at(person.ledger.orders, "arm", self.when(person, on, 10))])
        level = {"ixazomib": "3mg", "lenalidomide": "15mg"}[drug]

        async def reduce() -> None:
            await self.office.order(person, "level", drug=drug, value=level, reason="toxicity")

        self.plan(person, on, 12, reduce)

    def _other_arm(self, person: Person, on: date, chance: Random) -> None:
        present = value_at(person.ledger.orders, "arm", self.when(person, on, 12.5))
        arm = chance.choice(sorted(set(ARMS) - {present}))

        async def change() -> None:
            if await self.office.order(person, "arm", value=arm):
                person.body.arm = arm

        self.plan(person, on, 12.5, change)

    def withdraw_again(self, person: Person) -> None:
        """A restored database does not know that he withdrew: he is written to, and says it once more the day after."""
        tomorrow = person.today(self.hands.house.now) + DAY
        stopping.withdrawal(self, person, tomorrow, self.chance(person, "withdrawn again"))

    def _death(self, person: Person, on: date, chance: Random) -> None:
        self._end(person, on, "death", chance.randrange(0, 4))

    def _progression(self, person: Person, on: date, chance: Random) -> None:
        self._end(person, on, "progression", 0)

    def _end(self, person: Person, on: date, reason: str, days_late: int) -> None:
        start = self.when(person, on, 5)

        async def end() -> None:
            await self.office.order(person, "status", start, value="ended", reason=reason)

        self.plan(person, on + timedelta(days=days_late), 13, end)

    def _other_hour(self, person: Person, on: date, chance: Random) -> None:
        zone, hour, *quiet = value_at(person.ledger.orders, "habit", self.when(person, on, 12)).split()
        value = " ".join([zone, chance.choice([one for one in HOURS if one != hour]), *quiet])

        async def change() -> None:
            await self.office.order(person, "habit", value=value)

        self.plan(person, on, 12, change)

    def _travel(self, person: Person, on: date, chance: Random) -> None:
        before = value_at(person.ledger.orders, "habit", self.when(person, on, 12))
        _, *rest = before.split()
        days = chance.randrange(5, 15)
        abroad = " ".join([chance.choice(ABROAD), *rest])

        async def home() -> None:
            await self.office.order(person, "habit", value=before)

        async def leave() -> None:
            if await self.office.order(person, "habit", value=abroad):
                self.plan(person, on + timedelta(days=days), 12, home)

        self.plan(person, on, 12, leave)

    def _telling(self, lot: str, person: Person, chance: Random) -> Callable[[], Awaitable[None]]:
        if lot == "danger_words":
            return partial(self.danger, person, *chance.choice(DANGERS))
        tells = partial(self._correct, person)
        if lot != "correction":
            tells = partial(self._off_day, person, chance)

        async def tell() -> None:
            await Sitting(self.hands, person, person.phones[0]).go()  # nothing else stands open then
            await tells()

        return tell

    # --- a day ---------------------------------------------------------------------------------------------------

    def begin_day(self, person: Person, on: date) -> None:
        chance = self.chance(person, f"day:{on}")
        daily = self.rates.daily
        if chance.random() < daily["danger_words"]:
            words, tier = chance.choice(DANGERS)
            self.plan(person, on, chance.uniform(0, 23.9), partial(self.danger, person, words, tier))
        if chance.random() < daily["aside"]:
            words = chance.choice(ASIDES)
            self.plan(person, on, chance.uniform(8, 21), partial(self._aside, person, words))
        if chance.random() < daily["off_day_dose"]:
            self.plan(person, on, chance.uniform(9, 20), partial(self._off_day, person, chance))
        if chance.random() < daily["correction"]:
            self.plan(person, on, chance.uniform(12, 21), lambda: self._correct(person))
        if person.phones and person.phones[0].channel == "web":
            self._visit(person, on, chance)

    def _visit(self, person: Person, on: date, chance: Random) -> None:
        """The page cannot call: its reader opens it at his hour on days with a dose, and now and then between."""
        today = [dose for dose in person.calendar if person.today(dose.due) == on]
        if chance.random() > person.persona.answers * (1.0 if today else 0.3):
            return
        begin = today[0].due if today else self.when(person, on, 10)
        minutes = chance.uniform(*person.persona.minutes)

        async def visit() -> None:
            if person.alive(self.hands.house.now) and person.agrees():
                await Sitting(self.hands, person, person.phones[0]).go()

        self.at(max(begin + timedelta(minutes=minutes), self.hands.house.now), visit)

    async def danger(self, person: Person, words: str, tier: str) -> None:
        """Words that must not wait, at whatever hour."""
        act = await self.hands.say(person, person.phones[0], words)
        if person.ledger.agreed:
            person.ledger.worries.append(Worry(act, tier, words))

    async def _aside(self, person: Person, words: str) -> None:
        if self.hands.question(person, person.phones[0]) is None:
            await self.hands.say(person, person.phones[0], words)

    async def _correct(self, person: Person) -> None:
        """Something told before was otherwise."""
        phone = person.phones[0]
        if person.agrees() and self.hands.question(person, phone) is None:
            await self.hands.say(person, phone, "更正")
            await Sitting(self.hands, person, phone).go()

    async def _off_day(self, person: Person, chance: Random) -> None:
        """A capsule on a day without any, told because somebody is honest."""
        phone, now = person.phones[0], self.hands.house.now
        if phone.channel == "web":
            await self.hands.look(person, phone)
        if not person.agrees() or self.hands.question(person, phone) or not off_days.free(person, now):
            return
        await self.hands.say(person, phone, off_days.words(off_days.swallow(person, now, chance)))
        await Sitting(self.hands, person, phone).go()


Event = Callable[[Life, Person, date, Random], None]
EVENTS: dict[str, Event] = {
    "hold": Life._hold,
    "reduction": Life._reduction,
    "arm_change": Life._other_arm,
    "pause": stopping.pause,
    "withdrawal": stopping.withdrawal,
    "death": Life._death,
    "progression": Life._progression,
    "other_hour": Life._other_hour,
    "travel": Life._travel,
}
