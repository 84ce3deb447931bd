"""Somebody sits down with his phone and goes through what is asked there, until nothing is left or he has had enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.messages import Choice, Outbound
from bot.rehearsal import off_days
from bot.rehearsal.body import TEMPERATURES, about, tier_of
from bot.rehearsal.ledger import Act, Agreed, Said, Worry
from bot.rehearsal.people import MOST_TAPS, Hands, Person
from bot.rehearsal.phones import Phone
from bot.rehearsal.plain.calendar import Dose
from bot.rehearsal.reading import TICKS, Question, read
from bot.services.conversing import COMMAND

LONG_AGO = timedelta(hours=3)  # nobody corrects what he told a moment ago
AT_ONCE = timedelta(minutes=60)  # "taken" so soon after the hour is taken at its own time
REASONS = {"forgot": 60, "ill": 8, "no_medicine": 4, "told_to_stop": 2, "other": 10}
URGENT_REASONS = ("ill", "no_medicine")
WORDS = {"taken": ("吃了",), "not_taken": ("没吃", "忘了"), "later": ("晚点再说",)}


@dataclass(slots=True)
class Sitting:
    """`message_id`: what is being answered. `again`: he tapped something there before, and the question still stands."""

    hands: Hands
    person: Person
    phone: Phone
    message_id: str = ""
    again: bool = False

    @property
    def now(self) -> datetime:
        return self.hands.house.now

    async def go(self) -> bool:
        """False when something was left over that wanted an answer."""
        person = self.person
        for _ in range(MOST_TAPS):
            if self.phone.channel == "web":
                await self.hands.look(person, self.phone)
            found = self.hands.question(person, self.phone)
            if found is None or not person.alive(self.now):
                return True
            self.message_id, shown = found
            before = self._state()
            if not await self._answer(shown):
                return True
            if self.phone.channel != "web" and self._state() == before:
                return False  # nothing happened: try again later
            if person.agrees() and person.chance.random() < person.persona.leaves:
                return True
        return True

    def _state(self) -> tuple[object, ...]:
        return len(self.person.ledger.seen), tuple(self.phone.screen)

    async def _answer(self, shown: Outbound) -> bool:
        """One step. False: this person leaves it."""
        choices = {one.press.answer: one for one in shown.choices if one.press is not None}
        if not choices:
            await self.hands.say(self.person, self.phone, self.person.last_four)
            return True
        self.look_back(choices)
        # "Today" is the day on which it appeared; a page is drawn anew.
        at = self.person.shown_at.get((self.phone.address, self.message_id), self.now)
        question = read(
            shown.text, tuple(choices), self.person.today(self.now if self.phone.channel == "web" else at)
        )
        if "view" in choices:
            return await self.press(choices["view"]) is not None
        answer = READERS.get(question.kind, _other)
        return await answer(self, question, choices)

    def look_back(self, choices: dict[str, Choice]) -> None:
        tokens = {one.press.token for one in choices.values() if one.press is not None}
        self.again = any(
            token in tokens and not tapped.startswith((*TICKS, "view"))
            for token, tapped in self.person.pressed
        )

    async def press(self, choice: Choice) -> Act | None:
        press = choice.press
        assert press is not None
        if (press.token, press.answer) in self.person.pressed and not press.answer.startswith(
            (*TICKS, "view")
        ):
            return None  # a button that was pressed before and still stands there does nothing
        if press.answer == "view" and (press.token, f"view{self.message_id}") in self.person.pressed:
            return None
        self.person.pressed.add((press.token, f"view{self.message_id}"))
        return await self.hands.press(self.person, self.phone, self.message_id, press)

    async def _tell(self, choices: dict[str, Choice], answer: str) -> Act | None:
        """Tap it, or write it."""
        words = WORDS.get(answer)
        if words and self.person.chance.random() < self.person.persona.words and self._alone():
            return await self.hands.say(self.person, self.phone, self.person.chance.choice(words))
        return await self.press(choices[answer])

    def _alone(self) -> bool:
        """Words are about the newest question, on whichever phone: whoever sees several taps."""
        if self.doubtful():
            return False  # what he writes under an old question is heard as about today
        tokens = {
            one.press.token
            for phone in self.person.phones
            for message_id, shown in phone.screen.items()
            for one in shown.choices
            if one.press is not None and message_id != "menu" and one.press.token != COMMAND
        }
        return len(tokens) == 1

    def doubtful(self) -> bool:
        return self.again or self.hands.doubtful(self.person, self.phone, self.message_id)

    def said(self, act: Act, dose: Dose, status: str, **more: object) -> None:
        said = Said(act, dose.drug, dose.on, status, doubtful=self.doubtful(), **more)  # type: ignore[arg-type] # fields by name
        if said.now:
            said.taken_at = act.acknowledged_at or self.now
        self.person.ledger.said.append(said)

    def worried(self, act: Act, tier: str, what: str, symptom: str = "", kind: str = "") -> None:
        self.person.ledger.worries.append(Worry(act, tier, what, self.doubtful(), symptom, kind))

    def about(self, question: Question) -> Dose | None:
        """The dose that is spoken of."""
        on = question.on if question.on is not None else self.person.asking.get(question.drug)
        if question.kind == "take":
            on = None
        elif question.kind in ("echo", "why"):
            on = self.person.asking.get(question.drug)
        dose = self.person.dose(question.drug, on, self.now)
        if dose is not None:
            self.person.asking[dose.drug] = self.person.today(dose.due)
        return dose


Choices = dict[str, Choice]


async def _dose(sitting: Sitting, question: Question, choices: Choices) -> bool:
    person, dose = sitting.person, sitting.about(question)
    chance = person.chance
    if dose is None:
        return await sitting.press(choices["not_taken"]) is not None
    if "later" in choices and chance.random() < person.persona.later:
        return await sitting._tell(choices, "later") is not None
    if "cannot_say" in choices and chance.random() < 0.03:
        act = await sitting.press(choices["cannot_say"])
        if act is not None:
            sitting.said(act, dose, "cannot_say")
        return act is not None
    if chance.random() >= person.persona.takes:
        act = await sitting._tell(choices, "not_taken")
        if act is not None:
            whole = question.kind == "hold_check" or act.what == "忘了"
            sitting.said(act, dose, "not_taken", whole=whole)
        return act is not None
    answer = "all_taken" if "all_taken" in choices and chance.random() < 0.6 else "taken"
    return await _taken(sitting, question, choices, dose, answer)


async def _taken(sitting: Sitting, question: Question, choices: Choices, dose: Dose, answer: str) -> bool:
    act = await sitting._tell(choices, answer)
    if act is None:
        return False
    told = [dose, *sitting.person.beside(question, dose, sitting.now)] if answer == "all_taken" else [dose]
    for one in told:  # taken is taken, whether its hour is told or not
        at_once = timedelta(0) <= sitting.now - one.due <= AT_ONCE and question.kind != "hold_check"
        sitting.said(act, one, "taken", now=at_once, whole=at_once)
        if at_once:
            sitting.person.last_taken = sitting.now
    return True


async def _when(sitting: Sitting, question: Question, choices: Choices) -> bool:
    person, dose = sitting.person, sitting.about(question)
    others = [one for one in ("as_planned", "same") if one in choices]
    at_once = not others or person.chance.random() < person.persona.now
    answer = "now" if at_once else person.chance.choice(others)
    if not at_once and person.chance.random() < 0.25 and (words := person.hour_in_words(dose, sitting.now)):
        await sitting.hands.say(person, sitting.phone, words[0])
        person.last_taken = words[1]
        return True
    act = await sitting.press(choices[answer])
    if act is None or dose is None:
        return act is not None
    if answer == "now":
        sitting.said(act, dose, "taken", now=True)
    else:
        at = dose.due if answer == "as_planned" else person.ledger.hour_beside(dose.drug, dose.on)
        sitting.said(act, dose, "taken", taken_at=at or person.last_taken)
    person.last_taken = person.ledger.said[-1].taken_at
    return True


async def _echo(sitting: Sitting, question: Question, choices: Choices) -> bool:
    dose = sitting.about(question)
    act = await sitting.press(choices["yes"])
    if act is not None and dose is not None and sitting.person.last_taken is not None:
        sitting.said(act, dose, "taken", taken_at=sitting.person.last_taken)
    return act is not None


async def _why(sitting: Sitting, question: Question, choices: Choices) -> bool:
    person, dose = sitting.person, sitting.about(question)
    reason = person.chance.choices(list(REASONS), list(REASONS.values()))[0]
    act = await sitting.press(choices[reason])
    if act is None:
        return False
    if dose is not None:
        sitting.said(act, dose, "not_taken", whole=reason != "other")
    if reason in URGENT_REASONS:
        sitting.worried(act, "urgent", reason)
    return True


async def _which(sitting: Sitting, question: Question, choices: Choices) -> bool:
    """Which answer is to be corrected: the newest about a dose of some hours ago."""
    person = sitting.person
    for choice in choices.values():
        told = read(choice.label, (), person.today(sitting.now))
        dose = person.dose(told.drug, told.on, sitting.now) if told.drug and told.on else None
        if dose is not None and not dose.held and sitting.now - dose.due > LONG_AGO:
            return await sitting.press(choice) is not None
    return await sitting.press(choices["back"]) is not None


async def _tick(sitting: Sitting, question: Question, choices: Choices) -> bool:
    person = sitting.person
    ill = person.body.symptoms(person.today(sitting.now))
    for symptom in sorted(ill):
        if f"on-{symptom}" in choices:
            return await sitting.press(choices[f"on-{symptom}"]) is not None
    ending = "done" if "done" in choices else "none"
    return await sitting.press(choices[ending]) is not None


async def _other(sitting: Sitting, question: Question, choices: Choices) -> bool:
    """Everything else, one thing after the other: linking, consent, habits, how bad it is, and what else there is."""
    person, chance = sitting.person, sitting.person.chance
    fixed = next((one for one in FIXED if one in choices), None)
    if fixed == "self" and sitting.phone.address in person.family:
        fixed = "family" if "family" in choices else "self"
    if "度" in question.text and "not_measured" in choices:
        return await _temperature(sitting)
    if fixed is None:
        ill = person.body.symptoms(person.today(sitting.now))
        severity = max(ill.values(), default=0)
        fixed = person.body.answer(question.answers, severity)
        tier = tier_of(question.text, fixed)
        act = await sitting.press(choices[fixed])
        if act is not None and tier:
            sitting.worried(act, tier, f"{question.text[:12]} {fixed}", about(question.text))
        return act is not None
    if fixed == "go_on" and chance.random() < 0.3:
        return False
    act = await sitting.press(choices[fixed])
    if act is not None and fixed == "agree":
        person.ledger.agreed.append(Agreed(sitting.now, sitting.phone.address, True))
    return act is not None


async def _temperature(sitting: Sitting) -> bool:
    ill = sitting.person.body.symptoms(sitting.person.today(sitting.now))
    degrees = TEMPERATURES[ill.get("fever", 0)]
    act = await sitting.hands.say(sitting.person, sitting.phone, degrees)
    if float(degrees) >= 38.0:
        sitting.worried(act, "urgent", f"{degrees} degrees", "fever")
    return True


# Nobody of this cast takes what no plan has, but for study medicine.
FIXED = (
    *("self", "agree", "keep", "skip", "go_on", "again", "seen"),
    *("none_left", "not_begun", "none_new", "all_week"),
)
Reader = Callable[[Sitting, Question, Choices], Awaitable[bool]]
READERS: dict[str, Reader] = {
    "take": _dose,
    "did": _dose,
    "hold_check": _dose,
    "when": _when,
    "echo": _echo,
    "why": _why,
    "which": _which,
    "tick": _tick,
    **off_days.READERS,
}
