"""Words about a dose of the study, while something else is asked: they go the dose's way; then it is asked again.

What may be either is asked back. Nothing about a dose is taken for another answer, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.db.outbox import OutboundMessage
from bot.dialogue.dose_words import DoseWords, dose_words
from bot.dialogue.notes import StaffWanted, WordsMeant
from bot.dialogue.turn import JSON, Heard, Phrase, Turn
from bot.services import conversing, left_talks, noting, outbox, spontaneous, talks, timers, told_amounts
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.obeying import command
from bot.services.people import Who
from bot.services.talks import Talk
from bot.services.timers import Fire
from bot.symptoms.freetext import read

OWN = ("dose", "correct", "unplanned", "vomited", "meant", "amount", "link")
"""Conversations about doses, and one with somebody of whom nothing is known yet."""
OF_MEDICINES = ("prophylaxis", "daily")
ANY_MEDICINE = ("interactions",)
WHY_NOT = ("why", "other")  # steps of the dose conversation at which a reason is written
KIND, TOPIC = "meant_left", "meant:"
LEFT_AFTER, LIVES = timedelta(hours=1), timedelta(days=30)


async def taken_up(tx: Tx, who: Who, talk: Talk, words: str, delivery: Delivery) -> str | None:
    """A word for the record where the words went the dose's way, or were asked back. None: the open question hears them."""
    found = dose_words(words, tx.ctx.book.lexicon(tx.now))
    if who.participant_id is None or not who.may_hear:
        return None
    if talks.as_tapped(tx, who, talk, Heard("text", words)).kind == "choice":
        return None
    if hears_amounts(talk):
        amount = await told_amounts.asked_back(tx, who, talk, words, delivery)
        if amount is not None:
            return amount
    if found is None:
        return None
    if talk.script.name in OWN:
        return await _no_reason(tx, who, talk, found, delivery)
    way = await _way(tx, who, talk, words, found)
    return await WAYS[way](tx, who, talk, words, delivery) if way else None


def hears_amounts(talk: Talk) -> bool:
    """Not where it is asked back already, nor where a reason is written, which the nurse gets as it is."""
    asked_why = talk.script.name == "dose" and talk.state.step in WHY_NOT
    return talk.script.name not in ("meant", "amount", "link") and not asked_why


async def _way(tx: Tx, who: Who, talk: Talk, words: str, found: DoseWords) -> str | None:
    name = talk.script.name
    listed = talks.understands(tx, who, talk, Heard("text", words))
    if name in OF_MEDICINES:
        sure = found.named or found.more
        return "dose" if sure else None if listed and not await spontaneous.waiting(tx, who) else "ask_back"
    if talks.takes_any_words(talk):
        perhaps = found.kind == "bare" or found.more or name in ANY_MEDICINE
        return "dose" if found.kind == "dose" else "ask_back" if perhaps else None
    if listed or (found.kind == "among" and read(words, tx.ctx.book.words(tx.now)).codes):
        return None
    if name == "danger":  # first of all, whether it is happening now
        return None if found.kind == "bare" else "relay"
    return "dose"


async def _no_reason(tx: Tx, who: Who, talk: Talk, found: DoseWords, delivery: Delivery) -> str | None:
    """吃了 where it was asked why not: a correction is offered."""
    asked_why = talk.script.name == "dose" and talk.state.step in WHY_NOT
    if not asked_why or found.kind == "among" or found.denied:
        return None
    await command(tx, who, "correct", delivery)
    return "dose_corrected"


async def _dose(tx: Tx, who: Who, talk: Talk, words: str, delivery: Delivery) -> str | None:
    went = await dose_way(tx, who, words, delivery)
    if went is not None:
        await _once_more(tx, who, talk, delivery)
    return went


async def dose_way(tx: Tx, who: Who, words: str, delivery: Delivery) -> str | None:
    """As if nothing else were asked. A question about the dose that stands open already hears them."""
    open_doses = await talks.open_scripts(tx, who, ("dose",))
    lexicon = tx.ctx.book.lexicon(tx.now)
    found = dose_words(words, lexicon)
    if open_doses and not (found and found.more):
        await conversing.hear(tx, who, open_doses[-1][1], Heard("text", words), delivery)
        return "dose_told"
    came_up = await spontaneous.vomited_told(tx, who, words, delivery)
    if came_up is not None:
        return came_up
    if spontaneous.about_dose(tx, words):
        return await spontaneous.dose_told(tx, who, words, delivery)
    if found and found.more:
        return await spontaneous.more_told(tx, who, words, delivery)
    return "dose_unsure" if await spontaneous.unsure_told(tx, who, words, delivery) else None


async def _once_more(tx: Tx, who: Who, talk: Talk, delivery: Delivery) -> None:
    """Where nothing about the dose is left to ask, the question that was open is asked again."""
    asking = select(OutboundMessage.message_id).where(
        OutboundMessage.inbox_id == delivery.inbox_id,
        OutboundMessage.token.is_not(None),
        OutboundMessage.token != talk.token,
    )
    if await tx.first(asking.limit(1)) is None:
        await conversing.ask_again(tx, who, talk, delivery)


async def _relay(tx: Tx, who: Who, talk: Talk, words: str, delivery: Delivery) -> str:
    await noting.carry_out(tx, who, StaffWanted(words, "unplanned"), delivery.inbox_id)
    await conversing.ask_again(tx, who, talk, delivery)
    return "dose_relayed"


async def _ask_back(tx: Tx, who: Who, talk: Talk, words: str, delivery: Delivery) -> str:
    topic = f"{TOPIC}{talk.conversation_id}:{delivery.inbox_id}"
    slots: dict[str, JSON] = {"words": words, "talk": str(talk.conversation_id)}
    await conversing.begin(tx, who, "meant", slots, delivery, topic)
    about = {"topic": topic, "inbox_id": delivery.inbox_id, "contact_id": who.contact_id}
    due_at = tx.now + LEFT_AFTER
    await timers.set_timer(tx, KIND, topic, who.participant_id, due_at, due_at + LIVES, about)
    return "asked_back"


Way = Callable[[Tx, Who, Talk, str, Delivery], Awaitable[str | None]]
WAYS: dict[str, Way] = {"dose": _dose, "ask_back": _ask_back, "relay": _relay}


async def settled(tx: Tx, who: Who, turn: Turn, delivery: Delivery) -> None:
    """What was asked back is known: the words go to the dose, or to the question that was open, if it still is."""
    await told_amounts.settled(tx, who, turn, delivery)
    note = next((one for one in turn.notes if isinstance(one, WordsMeant)), None)
    if note is None or who.participant_id is None:
        return
    await timers.cancel(tx, who.participant_id, (KIND,), f"{TOPIC}{note.about}:")
    if note.meaning == "dose":
        if await dose_way(tx, who, note.words, delivery) is None:
            await _pass_on(tx, who, note.words, delivery)
        return
    for _, before in await talks.open_scripts(tx, who):
        if str(before.conversation_id) == note.about:
            await conversing.hear(tx, who, before, Heard("text", note.words), delivery)
            return
    await _pass_on(tx, who, note.words, delivery)


async def _pass_on(tx: Tx, who: Who, words: str, delivery: Delivery) -> None:
    await noting.carry_out(tx, who, StaffWanted(words, "unplanned"), delivery.inbox_id)
    phrase = Phrase("nurse.passed_on", {"site_phone": who.site_phone})
    await outbox.reply(tx, who, [phrase], delivery.inbox_id)


async def left(tx: Tx, timer: Row[Any]) -> str:
    """Asked back an hour ago, and nobody has said what was meant: the nurse gets the words."""
    return await left_talks.words_left(tx, timer, "unplanned")


FIRE: dict[str, Fire] = {KIND: left}
