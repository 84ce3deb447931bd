"""吃了两粒: an amount other than planned, told in words. Staff have the words, and what is meant is asked back with buttons.

Nothing is recorded before the tap, and a plain "taken" afterwards takes nothing of it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Executable, Row, select

from bot.db.built import built
from bot.db.doses import DoseEvent
from bot.dialogue.amounts import Amount, told_amount
from bot.dialogue.dose_words import dose_words
from bot.dialogue.notes import AmountTold, StaffWanted
from bot.dialogue.turn import Turn
from bot.services import conversing, left_talks, noting, spontaneous, talks, timeline, timers, unplanned_doses
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who
from bot.services.talks import Talk
from bot.services.timers import Fire
from bot.symptoms.freetext import read
from bot.symptoms.questions import asked

OF_DOSES = ("dose", "correct", "unplanned", "vomited")
SCRIPT, KIND, TOPIC = "amount", "amount_left", "amount:"
NEAR = timedelta(days=7)
LEFT_AFTER, LIVES = timedelta(hours=1), timedelta(days=30)


async def asked_back(
    tx: Tx, who: Who, talk: Talk | None, words: str, delivery: Delivery, *, told: bool = False
) -> str | None:
    """A word for the record. None: no other amount than planned, or it is something else that is told or asked.

    `told`: staff have the words by an alert that is at least as urgent as what follows silence.
    """
    amount = told_amount(words, tx.ctx.book.lexicon(tx.now))
    if amount is None or who.participant_id is None or not who.may_hear:
        return None
    question = asked(words, tx.ctx.book.questions(tx.now), tx.ctx.book.danger(tx.now)[1])
    if question is not None and (question.topic is not None or not _taken(tx, words)):
        return None  # 能不能吃两粒: the study's fixed text, and the nurse
    if not (talk and talk.script.name in OF_DOSES) and not await _of_a_dose(tx, who, words, amount):
        return None
    if not amount.differs(await _planned_mg(tx, who) if amount.mg else ()):
        return None
    if not told:
        await noting.carry_out(tx, who, StaffWanted(words, "unplanned"), delivery.inbox_id)
    await _ask(tx, who, words, amount, delivery, told=told)
    return "amount_asked"


async def _of_a_dose(tx: Tx, who: Who, words: str, amount: Amount) -> bool:
    """Where no dose is asked about: words of taking and nothing else. Once more of a dose that is told is another one."""
    if not _taken(tx, words):
        return False
    if read(words, tx.ctx.book.words(tx.now)).codes:
        return False
    found = dose_words(words, tx.ctx.book.lexicon(tx.now))
    if found is not None and found.kind == "among" and not (found.named or found.more):
        return False
    return amount.counted or await spontaneous.waiting(tx, who)


def _taken(tx: Tx, words: str) -> bool:
    return tx.ctx.book.lexicon(tx.now).speaks_of_eating(words)


async def _ask(tx: Tx, who: Who, words: str, amount: Amount, delivery: Delivery, *, told: bool) -> None:
    assert who.participant_id is not None
    await conversing.end_all(tx, await talks.open_scripts(tx, who, (SCRIPT,)), "question.closed")
    course = await timeline.load(tx, who.participant_id)
    slots = unplanned_doses.slots(tx, course, who) | {"words": words, "quantity": amount.capsules}
    if told:
        slots["ask"] = "amount.ask_only"
    topic = f"{TOPIC}{delivery.inbox_id}"
    await conversing.begin(tx, who, SCRIPT, slots, delivery, topic)
    if told:
        return
    about = {"topic": topic, "inbox_id": delivery.inbox_id, "contact_id": who.contact_id}
    due_at = tx.now + LEFT_AFTER
    await timers.set_timer(tx, KIND, topic, who.participant_id, due_at, due_at + LIVES, about)


async def _planned_mg(tx: Tx, who: Who) -> Sequence[Decimal]:
    rows = await tx.all(_mg_between(who.participant_id, tx.now - NEAR, tx.now + NEAR))
    return [row.dose_mg for row in rows]


@built
def _mg_between(participant_id: Any, since: Any, until: Any) -> Executable:
    return (
        select(DoseEvent.dose_mg)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at > since, DoseEvent.due_at < until)
    )


async def settled(tx: Tx, who: Who, turn: Turn, delivery: Delivery) -> None:
    """As much as usual: then the dose is asked about, by its question that stands open or by a new one."""
    note = next((one for one in turn.notes if isinstance(one, AmountTold)), None)
    if note is not None and note.answer == "usual" and not await talks.open_scripts(tx, who, OF_DOSES):
        await spontaneous.asked_after_all(tx, who, delivery)


async def left(tx: Tx, timer: Row[Any]) -> str:
    """Asked back an hour ago and not answered: it may have been more, so somebody looks today."""
    return await left_talks.words_left(tx, timer, "amount", SCRIPT)


FIRE: dict[str, Fire] = {KIND: left}
