"""Words that answer no question: a symptom, a question about the rules, something unsure about a dose.

Nothing is guessed: what is unsure is asked back, what nobody can answer goes to the nurse.
"""

from __future__ import annotations

from bot.dialogue.turn import Heard
from bot.services import (
    asides,
    conversing,
    danger,
    rule_questions,
    spontaneous,
    talks,
    told_amounts,
    told_symptoms,
)
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who
from bot.services.talks import Talk
from bot.symptoms.danger import Danger
from bot.symptoms.freetext import read

HEARS_ALL = (
    "symptoms",
    "danger",
    "meant",
    "amount",
    "nurse",
    "from_nurse",
    "welcome",
    "link",
    "stop",
    "pro_ctcae",
)
"""Conversations in which whatever is written is about their own question, unless it is about a dose (asides.py)."""


async def answer(tx: Tx, who: Who, words: str, delivery: Delivery) -> str | None:
    """What the words were about, as a word for the record. None: nothing is known of them."""
    about = await rule_questions.question(tx, who, words, delivery)
    if await told_symptoms.told(tx, who, words, delivery):
        return "symptom_told"
    if about is None and await spontaneous.unsure_told(tx, who, words, delivery):
        return "dose_unsure"
    return about


async def beside(tx: Tx, who: Who, talk: Talk, words: str, delivery: Delivery) -> str | None:
    """Words that the open question does not take for an answer. It is asked again, unless they began another."""
    dose = await asides.taken_up(tx, who, talk, words, delivery)
    if dose is not None:
        return dose
    if talk.script.name in HEARS_ALL or talks.understands(tx, who, talk, Heard("text", words)):
        return None
    about = await rule_questions.question(tx, who, words, delivery)
    if await told_symptoms.told(tx, who, words, delivery):
        return "symptom_told"
    if about is not None and talk.script.name != "told":
        await conversing.ask_again(tx, who, talk, delivery)
    return about


async def beside_danger(
    tx: Tx, who: Who, talk: Talk | None, words: str, said: Danger | None, delivery: Delivery
) -> str:
    """Danger was passed on and answered at once. How much was taken is still to be recorded; of an urgent symptom the check's
    questions are offered.
    """
    amount = None
    if danger.of_amounts(tx, said) and (talk is None or asides.hears_amounts(talk)):
        amount = await told_amounts.asked_back(tx, who, talk, words, delivery, told=True)
    if amount is None and said is not None and said.tier == "urgent" and talk is None:
        await told_symptoms.ask_on(tx, who, words, read(words, tx.ctx.book.words(tx.now)), delivery)
    return "danger"
