"""Virtual people: they look at their phones in their own way, answer, write, and keep a ledger of it.

Everything is drawn from the person's own chance, so that what one does never changes what another does.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from bot.messages import Inbound, Kind, Outbound, Press
from bot.rehearsal.body import Body
from bot.rehearsal.faults import AT_ACCEPT
from bot.rehearsal.house import ACCOUNT, House
from bot.rehearsal.ledger import Act, Asked, Ledger, Seen
from bot.rehearsal.persona import Persona
from bot.rehearsal.phones import Phone
from bot.rehearsal.plain.calendar import Dose, doses, over, value_at
from bot.rehearsal.reading import DRUGS, Question, read
from bot.services import screens
from bot.services.conversing import COMMAND

MOST_TAPS = 24
OVERTAKEN = timedelta(seconds=20)
STALE = timedelta(hours=1)
WELCOMED = "都好了"  # how the welcome ends
ABOUT_DOSES = ("take", "did", "hold_check", "when")
EARLY = timedelta(hours=12)  # so long before its hour a dose may be told


@dataclass(slots=True)
class Person:
    """`phones`: the own ones first, then a relative's. `zone`: of the site, in which times are shown to him."""

    ledger: Ledger
    persona: Persona
    chance: Random
    body: Body
    phones: list[Phone]
    zone: str
    last_four: str
    family: frozenset[str] = frozenset()  # addresses of relatives' phones
    contacts: dict[str, int] = field(default_factory=dict)  # page -> the contact whose news it shows
    welcomed: set[str] = field(default_factory=set)  # phones whose welcome went to its end
    pressed: set[tuple[str, str]] = field(default_factory=set)
    shown_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    asking: dict[str, date] = field(default_factory=dict)  # medicine -> the day of the dose spoken of
    last_taken: datetime | None = None  # of the medicine told of just before
    waiting: bool = False
    twice: int = 0  # buttons that were pressed two times
    _calendar: tuple[int, list[Dose]] = (-1, [])

    @property
    def calendar(self) -> list[Dose]:
        """The paper calendar that he was given, as it stands after the last order."""
        if self._calendar[0] != len(self.ledger.orders):
            self._calendar = (len(self.ledger.orders), doses(self.ledger.orders))
        return self._calendar[1]

    def today(self, now: datetime) -> date:
        return now.astimezone(ZoneInfo(self.zone)).date()

    def alive(self, now: datetime) -> bool:
        return not over(self.ledger.orders, now)

    def agrees(self) -> bool:
        return bool(self.ledger.agreed) and self.ledger.agreed[-1].yes

    def linked(self, phone: Phone) -> bool:
        return phone.address in self.welcomed

    def paused(self, now: datetime) -> bool:
        return value_at(self.ledger.orders, "status", now) == "paused"

    def dose(self, drug: str, on: date | None, now: datetime) -> Dose | None:
        """The dose that a question means: of that day, or the last one that was due, or today's that is not due yet."""
        own = [dose for dose in self.calendar if dose.drug == drug]
        if on is not None:
            named = [dose for dose in own if self.today(dose.due) == on]
            return named[-1] if named else None
        # What is asked was not heard yet: what he said of it on an old screen is no telling.
        due = [dose for dose in own if dose.due <= now < dose.closes and not self._told(dose, surely=True)]
        soon = [dose for dose in own if now < dose.due < now + EARLY]
        if due:
            return due[-1]
        return soon[0] if soon else None

    def hour_in_words(self, dose: Dose | None, now: datetime) -> tuple[str, datetime] | None:
        """A full hour of the dose's own day that has passed, as people write it."""
        if dose is None or self.today(dose.due) != self.today(now):
            return None
        zone = ZoneInfo(self.zone)
        due = dose.due.astimezone(zone)
        if now.astimezone(zone).hour <= due.hour + 1 or not 5 <= due.hour <= 10:
            return None
        return f"今天早上{due.hour}点半", due.replace(minute=30).astimezone(dose.due.tzinfo)

    def unanswered(self, now: datetime) -> list[Dose]:
        """Due, neither held nor told of, and not too late to be asked about."""
        due = [dose for dose in self.calendar if dose.due <= now < dose.closes and not dose.held]
        return [dose for dose in due if not self._told(dose)]

    def beside(self, question: Question, dose: Dose, now: datetime) -> list[Dose]:
        """The other doses of a question about several: of the medicines that it names. Where a cycle was typed late they are
        of another day. A later "did you?" names the first one only: then those of its day, or whatever else is open.
        """
        lines = [read(line, (), self.today(now)) for line in question.text.splitlines()]
        listed = {
            (one.drug, one.on): self.dose(one.drug, one.on, now) for one in lines if one.drug and one.on
        }
        if len(listed) > 1:  # each by its own day
            return [one for one in listed.values() if one is not None and one != dose and not one.held]
        others = [drug for name, drug in DRUGS.items() if name in question.text and drug != question.drug]
        named = [self.dose(drug, None, now) for drug in others]
        found = [one for one in named if one is not None and not one.held]
        if others or not question.left:
            return found
        still = [one for one in self.unanswered(now) if one != dose]
        same_day = [one for one in still if one.on == dose.on]
        return still if len(still) == question.left else same_day

    def _told(self, dose: Dose, *, surely: bool = False) -> bool:
        return any(
            (one.drug, one.on) == (dose.drug, dose.on)
            and one.act.acknowledged_at is not None
            and one.status != "cannot_say"
            and not self.ledger.forgotten(one.act)
            and not (surely and one.doubtful)
            for one in self.ledger.said
        )

    def note_asked(self, now: datetime) -> None:
        """Something neutral came, or the page was looked at: it may ask about every dose that is due and not told."""
        if not self.agrees() or not self.alive(now) or self.paused(now):
            return
        self.ledger.asked += [Asked(now, dose.drug, dose.on) for dose in self.unanswered(now)]


@dataclass(slots=True)
class Hands:
    """What people do with phones, and what appears on them. One for all; `numbers` gives updates their ids."""

    house: House
    by_address: dict[str, Person] = field(default_factory=dict)
    waiting: dict[str, list[Act]] = field(default_factory=dict)  # acts by external id
    happened: Callable[[str, str, str], None] = lambda *_: None
    at: Callable[[datetime, Callable[[], Awaitable[None]]], None] = lambda *_: None
    number: int = 1000

    # --- doing ---------------------------------------------------------------------------------------------------

    async def do(
        self,
        person: Person,
        phone: Phone,
        kind: Kind,
        *,
        text: str = "",
        press: Press | None = None,
        ref: str = "",
        heard: Callable[[datetime], None] | None = None,
    ) -> Act:
        """One act of this phone, and everything that follows from it at this instant."""
        self.number += 1
        external_id = f"{phone.channel}:{self.number}"
        what = press.answer if press is not None else (text if kind is Kind.TEXT else kind.value)
        act = Act(self.house.now, phone.address, phone.channel, external_id, what, heard=heard)
        person.ledger.acts.append(act)
        self.waiting[external_id] = [act]
        self.happened(person.ledger.subject_id, phone.channel, what)
        inbound = Inbound(
            phone.channel,
            ACCOUNT,
            phone.address,
            external_id,
            kind,
            None,
            text=text,
            press=press,
            message_ref=ref,
        )
        await self._travel(inbound, tap=press is not None and phone.channel == "telegram")
        return act

    async def _travel(self, inbound: Inbound, *, tap: bool) -> None:
        """On its way to us: once, twice, later again, or behind the one that comes after it."""
        house, kind = self.house, self.house.faults.at(AT_ACCEPT)
        if kind:
            house.faults.strike(kind, inbound.external_id)

        async def again() -> None:
            await house.hear(inbound, tap=False)

        if kind == "id_jump":
            self.number = house.faults.chance.randrange(10**6, 10**9)
        if kind == "swapped":
            self.at(house.now + OVERTAKEN, again)
            return
        await house.hear(inbound, tap=tap)
        if kind == "repeated":
            await again()
        if kind == "repeated_later":
            self.at(house.now + timedelta(hours=1), again)

    def acknowledged(self, inbound: Inbound, now: datetime) -> None:
        """The house has it. Only the first word counts; every delivery is counted."""
        for act in self.waiting.get(inbound.external_id, ()):
            act.deliveries += 1
            if act.acknowledged_at is None:
                act.acknowledged_at = now
                if act.heard is not None:
                    act.heard(now)

    async def press(self, person: Person, phone: Phone, message_id: str, press: Press) -> Act:
        """Sometimes twice. Returns the tap that counts: the first, unless it was overtaken by the second on its way."""
        person.pressed.add((press.token, press.answer))
        act = await self.do(person, phone, Kind.CHOICE, press=press, ref=message_id)
        if person.chance.random() < person.persona.twice:
            again = await self.do(person, phone, Kind.CHOICE, press=press, ref=message_id)
            person.twice += 1
            if act.acknowledged_at is None and again.acknowledged_at is not None:
                return again
        return act

    async def say(self, person: Person, phone: Phone, words: str) -> Act:
        return await self.do(person, phone, Kind.TEXT, text=words)

    # --- seeing --------------------------------------------------------------------------------------------------

    def seen(self, phone: Phone, outbound: Outbound, now: datetime) -> None:
        """A message appeared on a messenger's phone."""
        person = self.by_address[phone.address]
        message_id = next(reversed(phone.screen))
        person.shown_at[phone.address, message_id] = now
        answers = tuple(one.press.answer for one in outbound.choices if one.press is not None)
        edited = bool(outbound.edits)
        person.ledger.seen.append(
            Seen(now, phone.address, phone.channel, outbound.text, answers, edited, outbound.message_key)
        )
        self._noticed(
            person, phone.address, outbound.text, answers, link_only=bool(outbound.choices) and not answers
        )

    def _noticed(
        self, person: Person, address: str, text: str, answers: tuple[str, ...], *, link_only: bool = False
    ) -> None:
        """The end of the welcome; a neutral line, or a question about a medicine."""
        if WELCOMED in text:
            person.welcomed.add(address)
        asks = read(text, answers, person.today(self.house.now)).kind in ABOUT_DOSES
        if "view" in answers or link_only or asks:
            person.note_asked(self.house.now)

    def lost(self, address: str, now: datetime) -> None:
        person = self.by_address.get(address)
        if person is not None:
            person.ledger.losses.append(now)

    async def look(self, person: Person, phone: Phone) -> None:
        """The page is opened; what stands there was seen. While the house is down it does not open."""
        if self.house.faults.away("house"):
            return
        screen = await screens.view(self.house.sound, ACCOUNT, phone.address)
        if screen is None:
            return
        person.contacts[phone.address] = screen.contact_id
        for shown in phone.draw(screen):
            answers = tuple(one.press.answer for one in shown.choices if one.press is not None)
            person.ledger.seen.append(
                Seen(self.house.now, phone.address, "web", shown.text, answers, shown.edited)
            )
            self._noticed(person, phone.address, shown.text, answers)
        if phone.address in person.welcomed:
            person.note_asked(self.house.now)

    def question(self, person: Person, phone: Phone) -> tuple[str, Outbound] | None:
        """The newest message that asks something and whose answer was not pressed yet; on the page the open question."""
        for message_id, shown in reversed(phone.screen.items()):
            if message_id == "menu":
                continue
            presses = [one.press for one in shown.choices if one.press is not None]
            if presses and presses[0].token != COMMAND:
                return message_id, shown
            if "最后4位" in shown.text and not person.linked(phone):
                return message_id, shown
        return None

    def doubtful(self, person: Person, phone: Phone, message_id: str) -> bool:
        """Whether it is old, or a fault kept something from him since it appeared: the question may be over already."""
        since = person.shown_at.get((phone.address, message_id), self.house.now)
        return self.house.now - since > STALE or any(at >= since for at in person.ledger.losses)
