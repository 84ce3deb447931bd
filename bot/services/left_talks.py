"""What somebody began to tell and left: an hour later it goes its own way, and staff get words that nobody explained.

What he told until then is on record, with its alert, on that day and not weeks later; and he is not asked again for ever.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, Row, Select, select

from bot.db.built import Bound, built
from bot.db.conversations import Conversation, Question
from bot.db.inbox import InboxMessage
from bot.dialogue.notes import StaffWanted
from bot.services import conversing, noting, sealing, talks, telephones
from bot.services.context import Tx
from bot.services.packing import unpack
from bot.services.timers import Fire, Postpone


async def left(tx: Tx, timer: Row[Any]) -> str | Postpone:
    row = await talks.open_in(tx, timer.payload["conversation_id"])
    talk = await talks.talk_of(tx, row) if row is not None else None
    if row is None or talk is None:
        return "answered"
    if row.asked_at + conversing.LEFT_AFTER > tx.now:  # he went on meanwhile
        return Postpone(row.asked_at + conversing.LEFT_AFTER)
    await conversing.fall_silent(tx, row.contact_id, talk, "question.past", timer.payload["inbox_id"])
    return "ended"


async def words_left(tx: Tx, timer: Row[Any], about: str, script: str | None = None) -> str:
    """Words were asked back an hour ago. Unless somebody answered, staff get them: also where a pause, a farewell or an end
    closed the question meanwhile.

    `script`: who answered a later question of this script has answered this one, too.
    """
    asked_back = await tx.first(_asked_back(timer))
    if asked_back is None:
        return "forgotten"
    later = None if script is None else await tx.scalar(_answered_since(script, asked_back))
    if asked_back.state == "answered" or later is not None:
        return "answered"
    inbox_id = timer.payload["inbox_id"]
    between = (asked_back.participant_id, asked_back.correspondent_id)
    who = await telephones.in_talk(tx, asked_back.contact_id, between)
    await noting.carry_out(tx, who, StaffWanted(await written(tx, inbox_id), about), inbox_id)
    return "told_staff"


async def written(tx: Tx, inbox_id: int) -> str:
    """The words of a message as it was accepted; nothing once the person's key is gone."""
    row = (await tx.execute(_message(inbox_id))).one()
    sealed = await sealing.unseal(tx, row.sealed_id)
    return "" if sealed is None else unpack(row, sealed).text


@built
def _message(inbox_id: Any) -> Executable:
    return select(InboxMessage).where(InboxMessage.inbox_id == inbox_id)


_ASKED: Select[*tuple[Any, ...]] = (
    select(
        Conversation.contact_id,
        Conversation.participant_id,
        Conversation.correspondent_id,
        Question.state,
        Question.asked_at,
    )
    .select_from(Question)
    .join(Conversation, Conversation.conversation_id == Question.conversation_id)
    .order_by(Question.asked_at.desc())
    .limit(1)
)


def _asked_back(timer: Row[Any]) -> Bound:
    about = timer.payload
    if "topic" in about:
        return _of_topic(timer.participant_id, about["topic"])
    return _of_talk(about["conversation_id"])


@built
def _of_topic(participant_id: Any, topic: Any) -> Executable:
    return _ASKED.where(Conversation.participant_id == participant_id, Conversation.topic == topic)


@built
def _of_talk(conversation_id: Any) -> Executable:
    return _ASKED.where(Conversation.conversation_id == conversation_id)


def _answered_since(script: str, first: Row[Any]) -> Bound:
    return _answered(script, first.participant_id, first.correspondent_id, first.asked_at)


@built
def _answered(script: Any, participant_id: Any, correspondent_id: Any, since: Any) -> Executable:
    return (
        select(Question.token)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == participant_id, Question.correspondent_id == correspondent_id)
        .where(Conversation.script == script, Question.state == "answered", Question.asked_at >= since)
        .limit(1)
    )


FIRE: dict[str, Fire] = {conversing.LEFT_KIND: left}
