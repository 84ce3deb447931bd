"""Conversations as they stand: read from their rows, by the token of a question or by what was asked last."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, ColumnElement, Executable, Row, Select, Text, any_, cast, or_, select

from bot.db.built import Bound, built
from bot.db.conversations import Conversation, Question
from bot.db.privacy import Sealed
from bot.dialogue import engine
from bot.dialogue.lexicon import normal
from bot.dialogue.script import AskStep, Script
from bot.dialogue.ticking import OFF
from bot.dialogue.turn import Heard, State
from bot.services import freshening, outbox, sealing
from bot.services.context import Tx
from bot.services.people import Who

LONGEST_LABEL = 60
# What somebody began by a command and left open does not swallow what he writes the next day.
ASIDE = ("nurse", "correct", "stop", "danger", "told", "meant", "amount")
SET_ASIDE_AFTER = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation read from its row."""

    conversation_id: int
    script: Script
    state: State
    token: str | None  # of its open question
    state_sealed: uuid.UUID
    state_key: uuid.UUID
    between: tuple[int | None, int | None]
    """Participant and correspondent as its row has them."""


_TALK = (
    select(
        Conversation.conversation_id,
        Conversation.participant_id,
        Conversation.correspondent_id,
        Conversation.contact_id,
        Conversation.script,
        Conversation.definition,
        Conversation.state_sealed,
        Question.token,
        Question.state,
        Question.settled_sealed,
        Question.asked_at,
        Question.participant_id.label("asked_about"),
        Question.correspondent_id.label("asked_whom"),
        Question.contact_id.label("asked_there"),
        Sealed.key_id.label("state_key"),
        Sealed.ciphertext.label("state_ciphertext"),
    )
    .select_from(Question)
    .join(Conversation, Conversation.conversation_id == Question.conversation_id)
    .outerjoin(Sealed, Sealed.sealed_id == Conversation.state_sealed)
)


def _latest(since: Any, other_than: Any) -> Select[*tuple[Any, ...]]:
    return (
        _TALK.where(Question.state == "open", Question.conversation_id != other_than)
        .where(or_(Conversation.script.not_in(ASIDE), Question.asked_at > since))
        .order_by(Question.asked_at.desc(), Conversation.conversation_id.desc())
        .limit(1)
    )


@built
def _latest_of_person(participant_id: Any, correspondent_id: Any, since: Any, other_than: Any) -> Executable:
    mine = (Question.participant_id == participant_id, Question.correspondent_id == correspondent_id)
    return _latest(since, other_than).where(*mine)


@built
def _latest_of_stranger(contact_id: Any, since: Any, other_than: Any) -> Executable:
    mine = (Question.contact_id == contact_id, Question.participant_id.is_(None))
    return _latest(since, other_than).where(*mine)


async def by_token(tx: Tx, who: Who, token: str) -> Row[Any] | None:
    """The question of this token, if it was put to this person."""
    row = await tx.first(_of_token(token))
    return row if row is not None and _asked_of(row, who) else None


@built
def _of_token(token: Any) -> Executable:
    return _TALK.where(Question.token == token)


def _asked_of(row: Row[Any], who: Who) -> bool:
    """Whether the question of this row was put to this person, as `asked_of` has it."""
    if who.participant_id is None:
        return bool(row.asked_there == who.contact_id and row.asked_about is None)
    return bool((row.asked_about, row.asked_whom) == (who.participant_id, who.correspondent_id))


async def latest_open(tx: Tx, who: Who, other_than: int | None = None) -> Row[Any] | None:
    """The question that typed words answer: the one asked last, unless it was put aside half a day ago."""
    limits = (tx.now - SET_ASIDE_AFTER, other_than or 0)
    if who.participant_id is None:
        return await tx.first(_latest_of_stranger(who.contact_id, *limits))
    return await tx.first(_latest_of_person(who.participant_id, who.correspondent_id, *limits))


def asked_of(who: Who) -> tuple[Any, ...]:
    """Which questions were put to this person, as conditions."""
    if who.participant_id is None:
        return (Question.contact_id == who.contact_id, Question.participant_id.is_(None))
    return (Question.participant_id == who.participant_id, Question.correspondent_id == who.correspondent_id)


async def talk_of(tx: Tx, row: Row[Any]) -> Talk | None:
    """None when the person's key is gone, or the conversation is over."""
    sealed = await sealing.unsealed(tx, row.state_sealed, row.state_key, "state", row.state_ciphertext)
    saved = json.loads(sealed) if sealed else {}
    if not saved:
        return None
    script = tx.ctx.book.script_by_hash(row.definition)
    state = await freshening.true_now(tx, row.participant_id, script, State.from_json(saved))
    token = row.token if row.state == "open" else None
    between = (row.participant_id, row.correspondent_id)
    return Talk(row.conversation_id, script, state, token, row.state_sealed, row.state_key, between)


def asked(talk: Talk) -> AskStep | None:
    """The question that waits, if one does."""
    step = talk.script.steps.get(talk.state.step)
    return step if isinstance(step, AskStep) else None


def takes_any_words(talk: Talk) -> bool:
    """Whether the open question keeps whatever is written as it is."""
    step = asked(talk)
    return step is not None and step.typed is not None and step.typed.as_ == "words"


def as_tapped(tx: Tx, who: Who, talk: Talk, heard: Heard) -> Heard:
    """Who writes what a button reads has tapped it. A button that takes a mark away is not meant by its bare name."""
    if heard.kind != "text" or len(heard.value) > LONGEST_LABEL:
        return heard
    now = tx.now.astimezone(ZoneInfo(who.zone))
    turn = engine.resume(talk.script, talk.state, now, tx.ctx.book.lexicon(tx.now))
    for option in (option for say in turn.says for option in say.options):
        same = normal(outbox.word(tx, who, option.label)) == normal(heard.value) != ""
        if same and not option.answer.startswith(OFF):
            return Heard("choice", option.answer)
    return heard


def understands(tx: Tx, who: Who, talk: Talk, heard: Heard) -> bool:
    """Whether the open question would take these words for an answer. Nothing is said or kept."""
    now = tx.now.astimezone(ZoneInfo(who.zone))
    said = as_tapped(tx, who, talk, heard)
    return engine.advance(talk.script, talk.state, said, now, tx.ctx.book.lexicon(tx.now)).understood


async def open_about(tx: Tx, participant_id: int, topic: str) -> list[tuple[int, Talk]]:
    """Conversations about a topic that still wait for an answer, each with the contact where it was begun."""
    return await _talks(tx, _about(participant_id, topic))


async def open_in(tx: Tx, conversation_id: int) -> Row[Any] | None:
    """The question of this conversation that waits for its answer."""
    return await tx.first(_of_conversation(conversation_id))


@built
def _of_conversation(conversation_id: Any) -> Executable:
    return _OPEN.where(Conversation.conversation_id == conversation_id)


async def open_scripts(tx: Tx, who: Who, names: Sequence[str] | None = None) -> list[tuple[int, Talk]]:
    """This person's open conversations, of these scripts or of any."""
    wanted = None if names is None else list(names)
    if who.participant_id is None:
        return await _talks(tx, _of_stranger(who.contact_id, wanted))
    return await _talks(tx, _of_person(who.participant_id, who.correspondent_id, wanted))


async def open_of(tx: Tx, participant_id: int) -> list[tuple[int, Talk]]:
    """Everybody's open conversations about one participant."""
    return await _talks(tx, _of_participant(participant_id))


_OPEN = _TALK.where(Question.state == "open").order_by(Conversation.conversation_id)


@built
def _about(participant_id: Any, topic: Any) -> Executable:
    return _OPEN.where(Question.participant_id == participant_id, Conversation.topic == topic)


@built
def _of_participant(participant_id: Any) -> Executable:
    return _OPEN.where(Question.participant_id == participant_id)


@built
def _of_person(participant_id: Any, correspondent_id: Any, names: Any) -> Executable:
    mine = (Question.participant_id == participant_id, Question.correspondent_id == correspondent_id)
    return _OPEN.where(*mine, _named(names))


@built
def _of_stranger(contact_id: Any, names: Any) -> Executable:
    return _OPEN.where(Question.contact_id == contact_id, Question.participant_id.is_(None), _named(names))


def _named(names: Any) -> ColumnElement[bool]:
    """Null names any."""
    listed = cast(names, ARRAY(Text))
    return or_(listed.is_(None), Conversation.script == any_(listed))


async def _talks(tx: Tx, open_ones: Bound) -> list[tuple[int, Talk]]:
    rows = await tx.all(open_ones)
    found = [(row.contact_id, await talk_of(tx, row)) for row in rows]
    return [(contact_id, talk) for contact_id, talk in found if talk is not None]
