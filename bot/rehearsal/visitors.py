"""What an invented person answers who looks at the page, by habits of his own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from bot.messages import Kind
from bot.rehearsal.phones import Phone
from bot.rehearsal.stage import Stage
from bot.services import inbox
from bot.services.enrolment import Enrolled

NOTHING = "都没有"
NOT_SAYING = "不想答"  # stands under a question about one symptom
ALWAYS = ("本人回答", "选好了", "没有了", "跳过")
MOST_TAPS = 20


@dataclass(frozen=True, slots=True)
class Character:
    """How somebody behaves. Probabilities of one dose; minutes until an answer."""

    answers: float  # that a question is answered at all
    takes: float  # that the dose was taken, when answered
    minutes: tuple[int, int]


CHARACTERS = (
    Character(0.98, 0.98, (2, 40)),
    Character(0.95, 0.96, (5, 90)),
    Character(0.90, 0.93, (20, 300)),
    Character(0.70, 0.85, (30, 600)),
)
WEIGHTS = (5, 4, 2, 1)


@dataclass(slots=True)
class Person:
    number: int
    enrolled: Enrolled
    phone: Phone
    character: Character
    arm: str
    troubled: float  # that something is ticked on a screen of symptoms
    contact_id: int = 0
    silent_from: datetime | None = None
    waiting: bool = False  # about to look at the page


async def answer(stage: Stage, person: Person, seed: str) -> None:
    """Look, and answer whatever is asked until nothing is. What others did meanwhile changes nothing of it."""
    chance = Random(seed)  # noqa: S311 - a story to be told again, not a secret
    for _ in range(MOST_TAPS):
        await stage.look(person.phone, history=False)
        asked = person.phone.screen.get("asked")
        if asked is None or not asked.choices:
            return
        label = _chosen(chance, person, [one.label for one in asked.choices])
        message_id, press = person.phone.find(label)
        await stage.accept(person.phone, Kind.CHOICE, press=press, message_ref=message_id)
        await inbox.handle_next(stage.ctx, person.enrolled.participant_id)


def _chosen(chance: Random, person: Person, labels: list[str]) -> str:
    taken = [label for label in ("都吃了", "吃了") if label in labels]
    if taken:
        return taken[0] if chance.random() < person.character.takes else "没吃"
    if NOTHING in labels and NOT_SAYING not in labels:
        symptoms = [label for label in labels if label != NOTHING and "发烧" not in label]
        return chance.choice(symptoms) if chance.random() < person.troubled else NOTHING
    for label in ALWAYS:
        if label in labels:
            return label
    # Whatever else is asked, the milder answers stand first and are given more often.
    return chance.choices(labels, [8.0**-number for number in range(len(labels))])[0]
