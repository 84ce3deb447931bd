"""Study medicine swallowed on a day that has none: out of habit, or one too many. It is told at once, or when it is asked.

Which medicine and when it was is answered by what the screen says; the ledger keeps what was answered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.messages import Choice
from bot.rehearsal.ledger import Act, Extra
from bot.rehearsal.plain.calendar import ARMS, IF_EXTRA, Dose, begun, value_at, with_expected
from bot.rehearsal.reading import DRUGS, Question, read

if TYPE_CHECKING:  # people have capsules, and sittings have these readers
    from bot.rehearsal.people import Person
    from bot.rehearsal.sitting import Sitting

JUST_NOW = timedelta(minutes=15)
MORNING = (6, 10)  # hours of which one writes the half past: no word is needed to tell them from the evening
A_DAY = timedelta(hours=24)  # "taken" is heard about a dose that was not taken so long ago

Choices = dict[str, Choice]
Reader = Callable[["Sitting", Question, Choices], Awaitable[bool]]


@dataclass(slots=True)
class Capsule:
    """`hour`: how he writes when it was, until he has; empty where it was just now. `extra`: what he told of it so far."""

    drug: str
    at: datetime
    hour: str = ""
    extra: Extra | None = None


def free(person: Person, now: datetime) -> bool:
    """A day without a dose, by the paper calendar and the cycle that is expected, on which no other one can be meant.

    Before the first cycle nobody has capsules. On a journey nobody knows whose today it is.
    """
    orders = person.ledger.orders
    if value_at(orders, "habit", now).split()[0] != person.zone or not begun(orders, now):
        return False
    if any(person.today(dose.due) == person.today(now) for dose in with_expected(orders)):
        return False
    past = [dose for dose in person.calendar if dose.due <= now < dose.closes and not dose.held]
    return all(_settled(person, dose, now) for dose in past)


def _settled(person: Person, dose: Dose, now: datetime) -> bool:
    told = [one for one in person.ledger.said if (one.drug, one.on) == (dose.drug, dose.on)]
    heard = [one for one in told if one.act.acknowledged_at and not person.ledger.forgotten(one.act)]
    if not heard or heard[-1].doubtful or not heard[-1].whole:
        return False
    return heard[-1].status == "taken" or now - dose.due > A_DAY


def swallow(person: Person, now: datetime, chance: Random) -> Capsule:
    """One of his own medicines: just now, or this morning."""
    person.capsule = Capsule(chance.choice(ARMS[value_at(person.ledger.orders, "arm", now)]), now)
    local, hour = now.astimezone(ZoneInfo(person.zone)), chance.randint(*MORNING)
    if local.hour > hour and chance.random() < 0.5:
        morning = local.replace(hour=hour, minute=30, second=0, microsecond=0)
        person.capsule.at, person.capsule.hour = morning.astimezone(now.tzinfo), f"今天早上{hour}点半"
    return person.capsule


def words(capsule: Capsule) -> str:
    return f"今天吃了一颗{next(name for name, drug in DRUGS.items() if drug == capsule.drug)}"


def _todays(sitting: Sitting) -> Capsule | None:
    """What is still to be told. What was swallowed yesterday, and could not be told then, is told no more."""
    person, capsule = sitting.person, sitting.person.capsule
    return capsule if capsule and person.today(capsule.at) == person.today(sitting.now) else None


async def _since(sitting: Sitting, question: Question, choices: Choices) -> bool:
    """The day after the last dose: some have taken one more by then, as every day before."""
    person = sitting.person
    habit = person.chance.random() < person.body.rates.cycle["off_week_dose"]
    if habit and _todays(sitting) is None and free(person, sitting.now):
        swallow(person, sitting.now, person.chance)
    answer = "taken_since" if _todays(sitting) else "not_since"
    return await sitting.press(choices[answer]) is not None


async def _which(sitting: Sitting, question: Question, choices: Choices) -> bool:
    """The button that names it; another medicine is of no interest here."""
    person, capsule = sitting.person, _todays(sitting)
    named = [
        one
        for one in choices.values()
        if capsule and read(one.label, (), person.today(sitting.now)).drug == capsule.drug
    ]
    act = await sitting.press(named[0] if named else choices["other_medicine"])
    if act is not None and named and capsule:
        capsule.extra = Extra(act, capsule.drug, named_in_doubt=sitting.doubtful())
        person.ledger.extras.append(capsule.extra)
    return act is not None


async def _when(sitting: Sitting, question: Question, choices: Choices) -> bool:
    capsule = _todays(sitting)
    if capsule is None or capsule.drug != question.drug:
        return False
    if capsule.hour:
        said, capsule.hour = capsule.hour, ""
        await sitting.hands.say(sitting.person, sitting.phone, said)
        return True
    just_now = sitting.now - capsule.at <= JUST_NOW
    act = await sitting.press(choices["now" if just_now else "cannot_say"])
    if act is not None:
        _told(sitting, capsule, act, (act.acknowledged_at or sitting.now) if just_now else None)
    return act is not None


async def _echo(sitting: Sitting, question: Question, choices: Choices) -> bool:
    """Yes only where the very hour stands there."""
    capsule = _todays(sitting)
    if capsule is None or capsule.drug != question.drug:
        return False
    local = capsule.at.astimezone(ZoneInfo(sitting.person.zone))
    right = f"{local.hour}:{local.minute:02}" in question.text
    act = await sitting.press(choices["yes" if right else "no"])
    if act is not None and right:
        _told(sitting, capsule, act, capsule.at)
    return act is not None


def _told(sitting: Sitting, capsule: Capsule, act: Act, taken_at: datetime | None) -> None:
    """To its end: it is on record, and staff are told by the urgency that the study gives it."""
    extra = capsule.extra
    if extra is None:
        extra = Extra(act, capsule.drug, named_in_doubt=True)
        sitting.person.ledger.extras.append(extra)
    extra.told, extra.taken_at, extra.doubtful = act, taken_at, sitting.doubtful()
    sitting.worried(act, IF_EXTRA[capsule.drug], f"{capsule.drug} beside the plan", kind="extra_dose")
    sitting.person.capsule = None


READERS: dict[str, Reader] = {
    "since": _since,
    "which_drug": _which,
    "when_extra": _when,
    "echo_extra": _echo,
}
