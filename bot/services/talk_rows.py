"""The rows of a conversation: its beginning and end, and the questions that are put in it and settled."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from sqlalchemy import CTE, Select, bindparam, insert, select, update

from bot.db.built import OCCASION, Listed, Written
from bot.db.conversations import Conversation, Question
from bot.services.context import Tx
from bot.services.people import Who

TOKEN_BYTES = 12  # 16 characters
_NAMES = (
    "participant_id", "correspondent_id", "contact_id", "script", "definition", "state_sealed", "topic", "started_at",
)  # fmt: skip


def _conversations(given: CTE) -> Select[Any]:
    """Told apart by what is sealed of them."""
    begun = (
        insert(Conversation)
        .from_select(list(_NAMES), select(*(given.c[name] for name in _NAMES)))
        .returning(Conversation.conversation_id, Conversation.state_sealed)
        .cte("begun")
    )
    joined = begun.join(given, given.c.state_sealed == begun.c.state_sealed)
    return select(begun.c.conversation_id, given.c[OCCASION]).select_from(joined)


_BEGUN = Written({name: Conversation.__table__.c[name] for name in _NAMES}, _conversations)


async def begin(tx: Tx, given: tuple[int | None, int | None, int, str, str, uuid.UUID, str | None]) -> int:
    """`given`: participant, correspondent, contact, script, its definition, the sealed state, what it is about."""
    row = await tx.write(_BEGUN, dict(zip(_NAMES, (*given, tx.now), strict=True)))
    assert row is not None
    return int(row.conversation_id)


_OF = update(Conversation).where(Conversation.conversation_id == bindparam("of"))
_LINKED = _OF.values(participant_id=bindparam("participant"), correspondent_id=bindparam("correspondent"))
_ENDED = _OF.values(ended_at=bindparam("now"), outcome="ended")


async def link(tx: Tx, conversation_id: int, between: tuple[int | None, int | None]) -> None:
    row = {"of": conversation_id, "participant": between[0], "correspondent": between[1]}
    await tx.do(_LINKED, [row])


async def end(tx: Tx, conversation_id: int) -> None:
    await tx.do(_ENDED, [{"of": conversation_id, "now": tx.now}])


_QUESTION = Listed(
    Question,
    ("token", "conversation_id", "participant_id", "correspondent_id", "contact_id", "state", "asked_at"),
)


async def ask(tx: Tx, who: Who, conversation_id: int) -> str:
    """The token of a new question. One that is only asked again keeps its own."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    row = {
        "token": token,
        "conversation_id": conversation_id,
        "participant_id": who.participant_id,
        "correspondent_id": who.correspondent_id,
        "contact_id": who.contact_id,
        "state": "open",
        "asked_at": tx.now,
    }
    await tx.do(_QUESTION, [row])
    return token


_SETTLED = (
    update(Question)
    .where(Question.token == bindparam("of"))
    .values(
        state=bindparam("new_state"),
        settled_at=bindparam("now"),
        settled_sealed=bindparam("new_sealed"),
        answered_by=bindparam("inbox"),
    )
)


async def settle(tx: Tx, token: str, state: str, sealed: uuid.UUID | None, inbox_id: int | None) -> None:
    """`state`: answered or closed; `sealed`: what its screens show instead."""
    row = {"of": token, "new_state": state, "new_sealed": sealed, "inbox": inbox_id, "now": tx.now}
    await tx.do(_SETTLED, [row])
