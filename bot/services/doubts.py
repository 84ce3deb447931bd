"""没有发烧, 上次胸痛过: danger said doubtfully is asked back. What nobody answers within an hour, staff get as urgent.

Whoever presses "I have it now" is answered at once, on whatever question and however late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Executable, Row, select

from bot.db.alerts import Alert
from bot.db.built import built
from bot.db.conversations import Question
from bot.db.outbox import OutboundMessage
from bot.dialogue.notes import DangerConfirmed
from bot.dialogue.turn import Heard, Phrase
from bot.messages import Inbound
from bot.services import conversing, danger, left_talks, sealing, talks, timers
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who
from bot.services.talks import Talk
from bot.services.timers import Fire
from bot.symptoms.danger import Danger
from bot.symptoms.freetext import read

SCRIPT, KIND = "danger", "doubt_left"
LEFT_AFTER, LIVES = timedelta(hours=1), timedelta(days=30)
JUST_NOW = timedelta(minutes=10)  # within this, a second tap on the same answer is the first one again


async def ask_back(tx: Tx, who: Who, words: str, delivery: Delivery, *, told: bool = False) -> str:
    """Is it happening now? `told`: staff have these words as urgent already."""
    slots = {"words": words, "site_phone": who.site_phone}
    conversation_id = await conversing.begin(tx, who, SCRIPT, slots, delivery)
    if not told:
        await _watch(tx, who, conversation_id, delivery)
    return "danger_asked"


async def _watch(tx: Tx, who: Who, conversation_id: int, delivery: Delivery) -> None:
    about = {"conversation_id": conversation_id, "inbox_id": delivery.inbox_id}
    key, due_at = f"{conversation_id}:{delivery.inbox_id}", tx.now + LEFT_AFTER
    await timers.set_timer(tx, KIND, key, who.participant_id, due_at, due_at + LIVES, about)


async def another(
    tx: Tx, who: Who, talk: Talk, words: str, found: tuple[Danger, ...], delivery: Delivery
) -> str | None:
    """Another danger, said while the first is asked back: one question about both. None: it is no other, or an answer."""
    before = str(talk.state.slots["words"])
    known = {one.rule_id for one in read(before, tx.ctx.book.words(tx.now)).dangers}
    if known >= {one.rule_id for one in found} or talks.understands(tx, who, talk, Heard("text", words)):
        return None
    state = replace(talk.state, slots={**talk.state.slots, "words": f"{before}\n{words}"})
    await sealing.reseal(tx, talk.state_key, talk.state_sealed, "state", state.to_json())
    await conversing.ask_again(tx, who, replace(talk, state=state), delivery)
    await _watch(tx, who, talk.conversation_id, delivery)
    return "danger_asked"


async def pressed_late(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> bool:
    """ "I have it now" on a question that is over: it was answered before, or closed by a pause or an end. It is acted on."""
    press = inbound.press
    if press is None or press.answer != "yes":
        return False
    row = await talks.by_token(tx, who, press.token)
    if row is None or row.script != SCRIPT or row.state == "open":
        return False
    if await tx.scalar(_just_confirmed(press.token, tx.now - JUST_NOW)) is not None:
        return False
    words = [await left_talks.written(tx, one.inbox_id) for one in await tx.all(_asked_after(press.token))]
    dangerous = [one for one in words if read(one, tx.ctx.book.words(tx.now)).dangers]
    if not dangerous:
        return False
    await danger.confirmed(tx, who, DangerConfirmed("\n".join(dangerous)), inbox_id)
    told = Phrase("settled.answer", {"answer": Phrase("choice.yes_now")})
    await conversing.settle_anew(tx, who, press.token, told, inbox_id)
    return True


@built
def _asked_after(token: Any) -> Executable:
    """The messages that led to a question, or to its repetition; some of them are what it asks about."""
    said = select(OutboundMessage.inbox_id).where(OutboundMessage.token == token)
    return said.where(OutboundMessage.inbox_id.is_not(None)).distinct().order_by(OutboundMessage.inbox_id)


@built
def _just_confirmed(token: Any, since: Any) -> Executable:
    confirmed = select(Alert.alert_id).join(Question, Question.answered_by == Alert.inbox_id)
    return confirmed.where(Question.token == token, Alert.kind == SCRIPT, Alert.raised_at > since).limit(1)


async def left(tx: Tx, timer: Row[Any]) -> str:
    """Asked back an hour ago, and nobody has said whether it is happening now: somebody looks today."""
    return await left_talks.words_left(tx, timer, "doubt")


FIRE: dict[str, Fire] = {KIND: left}
