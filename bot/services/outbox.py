"""Put words into the outbox, in the transaction that caused them. Nothing is sent here.

Every text comes from the catalogues; what was rendered is kept, sealed, with its id and the catalogue's hash.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import CTE, Select, bindparam, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.built import OCCASION, Written
from bot.db.outbox import OutboundMessage
from bot.dialogue.turn import Phrase
from bot.messages import Choice
from bot.services import sealing, telephones
from bot.services.context import Tx
from bot.services.people import Who


class Lane(IntEnum):
    """Who goes first. A reply must never stand behind a thousand reminders, nor an alert behind replies."""

    ALERT = 0
    REPLY = 1
    DOSE = 2
    FORM = 3
    BULK = 4


BEFORE_LINKING = ("zh_Hans_CN", "en")
REPLY_LIVES = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to be written. `text` is rendered; `text_id` says from what."""

    purpose: str
    lane: Lane
    text_id: str
    text: str
    choices: Sequence[Choice] = ()
    subject: str = ""
    pushed: bool = False  # does not answer the person's own act
    token: str | None = None
    edits: int | None = None  # message_id
    repeats: int | None = None
    inbox_id: int | None = None
    unique_key: str | None = None
    send_after: datetime | None = None
    lives: timedelta = field(default=REPLY_LIVES)
    repeat_if_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Where a message goes; made of a Who or of a staff contact."""

    contact_id: int
    channel: str
    account: str
    key_id: uuid.UUID
    language: str
    participant_id: int | None = None


def target(who: Who) -> Target:
    return Target(who.contact_id, who.channel, who.account, who.key_id, who.language, who.participant_id)


_NAMES = (
    "unique_key", "participant_id", "contact_id", "channel", "account", "lane", "purpose", "pushed", "text_id", "text_hash",
    "sealed_id", "token", "inbox_id", "edits", "repeats", "repeat_if_unknown", "created_at", "send_after", "expires_at",
)  # fmt: skip


def _messages(given: CTE) -> Select[Any]:
    """The messages, and what is sealed of those that were not there before."""
    values = (*(given.c[name] for name in _NAMES), literal("queued"), literal(0))
    kept = (
        upsert(OutboundMessage)
        .from_select([*_NAMES, "state", "attempts"], select(*values))
        .on_conflict_do_nothing(index_elements=["unique_key"])
        .returning(OutboundMessage.message_id, OutboundMessage.sealed_id)
        .cte("kept")
    )
    joined = kept.join(given, given.c.sealed_id == kept.c.sealed_id)
    return (
        select(kept.c.message_id, given.c[OCCASION])
        .select_from(joined)
        .add_cte(sealing.beside_all(select(given).select_from(joined)))
    )


_PUT = Written({**{name: OutboundMessage.__table__.c[name] for name in _NAMES}, **sealing.WORDS}, _messages)


async def put(tx: Tx, to: Target, draft: Draft) -> int | None:
    """Queue a message. None when its unique key says that it was queued before."""
    content: dict[str, Any] = {
        "text": draft.text,
        "subject": draft.subject,
        "choices": [[c.label, c.press.data if c.press else None, c.url] for c in draft.choices],
    }
    await sealing.unlock(tx, to.key_id)
    sealed_id, send_after = uuid.uuid4(), draft.send_after or tx.now
    values = {
        "unique_key": draft.unique_key,
        "participant_id": to.participant_id,
        "contact_id": to.contact_id,
        "channel": to.channel,
        "account": to.account,
        "lane": int(draft.lane),
        "purpose": draft.purpose,
        "pushed": draft.pushed,
        "text_id": draft.text_id,
        "text_hash": tx.ctx.wording.hash(to.language),
        "sealed_id": sealed_id,
        "token": draft.token,
        "inbox_id": draft.inbox_id,
        "edits": draft.edits,
        "repeats": draft.repeats,
        "repeat_if_unknown": draft.repeat_if_unknown,
        "created_at": tx.now,
        "send_after": send_after,
        "expires_at": send_after + draft.lives,
        **sealing.words(tx, to.key_id, sealed_id, "outbound", content),
    }
    tx.woken.add("outbox")
    if to.channel == "web":
        tx.woken.add(f"page:{to.contact_id}")
    row = await tx.write(_PUT, values)
    return None if row is None else int(row.message_id)


async def reply(
    tx: Tx, who: Who, phrases: Sequence[Phrase], inbox_id: int | None, **extra: Any
) -> int | None:
    """Answer the person's own act, on the contact where it happened."""
    there = await telephones.screen(tx, who)
    if there is None:
        return None
    draft = Draft(
        purpose=extra.pop("purpose", "reply"),
        lane=extra.pop("lane", Lane.REPLY),
        text_id=phrases[0].text_id,
        text=render(tx, there, phrases),
        inbox_id=inbox_id,
        **extra,
    )
    return await put(tx, target(there), draft)


def render(tx: Tx, who: Who, phrases: Sequence[Phrase]) -> str:
    return "\n".join(word(tx, who, phrase) for phrase in phrases)


def word(tx: Tx, who: Who, phrase: Phrase) -> str:
    """One text in the person's language; moments near now are told as today or yesterday.

    Of somebody who has not linked yet no language is known: what leads to linking is said in each.
    """
    if (
        who.correspondent_id is None
        and who.staff_id is None
        and phrase.text_id.startswith(("link.", "reply.not_linked"))
    ):
        return "\n".join(tx.ctx.wording.text(language, phrase, now=None) for language in BEFORE_LINKING)
    return tx.ctx.wording.text(who.language, phrase, now=tx.now.astimezone(ZoneInfo(who.zone)))


def lasting(tx: Tx, who: Who, phrase: Phrase) -> str:
    """One text that stays on a screen for days: moments are told by their date, never as today."""
    return tx.ctx.wording.text(who.language, phrase, now=None)


_UNASKED = (
    update(OutboundMessage)
    .where(OutboundMessage.token == bindparam("of"), OutboundMessage.state == "queued")
    .values(state="cancelled", settled_at=bindparam("now"))
)


async def cancel_question(tx: Tx, token: str) -> None:
    """Messages that would still ask a question which is settled: they must not go out any more."""
    await tx.do(_UNASKED, [{"of": token, "now": tx.now}])


async def cancel_contact(tx: Tx, contact_id: int, *, pushed_only: bool = False) -> int:
    statement = (
        update(OutboundMessage)
        .where(OutboundMessage.contact_id == contact_id, OutboundMessage.state == "queued")
        .values(state="cancelled", settled_at=tx.now)
    )
    if pushed_only:
        statement = statement.where(OutboundMessage.pushed)
    return int((await tx.execute(statement)).rowcount)
