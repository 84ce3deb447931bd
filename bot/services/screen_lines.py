"""The conversation so far, as one device of the page shows it: both sides, whatever channel each line went by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Row, and_, any_, bindparam, func, or_, select

from bot.db.conversations import Question
from bot.db.inbox import InboxMessage
from bot.db.outbox import OutboundMessage
from bot.db.people import Contact
from bot.dialogue.turn import Phrase
from bot.messages import Inbound, Kind
from bot.services import outbox, unsealing
from bot.services.commands import COMMANDS
from bot.services.context import Tx
from bot.services.conversing import COMMAND
from bot.services.packing import unpack
from bot.services.people import Who

SHOWN = 60  # messages of each direction
URGENT = ("danger.emergency", "danger.urgent")  # how the ids of texts begin that say whom to call now
SAID = tuple(kind.value for kind in (Kind.TEXT, Kind.EDITED, Kind.MEDIA, Kind.CHOICE))
REBOUND = "contact.rebound"  # what a telephone is told that its person has left
ARRIVED = ("queued", "sending", "sent", "unknown")  # what stands on a screen, or may


class Kin(IntEnum):
    """Whose line it is; of one instant, in this order."""

    MINE = 0
    RECORD = 1  # what an answered question became
    OURS = 2


@dataclass(frozen=True, slots=True)
class Spoken:
    kin: Kin
    number: int  # of the message it comes from
    text: str
    at: datetime
    label: str  # when, in words
    urgent: bool = False

    @property
    def mine(self) -> bool:
        return self.kin is Kin.MINE

    @property
    def record(self) -> bool:
        return self.kin is Kin.RECORD

    @property
    def key(self) -> str:
        return f"{self.kin.name.lower()}{self.number}"


async def spoken(tx: Tx, who: Who, open_token: str | None) -> tuple[Spoken, ...]:
    """Oldest first. The open question is left out: it stands elsewhere."""
    contacts = await contacts_of(tx, who)
    ours = await _ours(tx, who, contacts, open_token)
    theirs = await _theirs(tx, who, contacts) if who.state != "moved" else []
    wanted = [sealed_id for row in ours for sealed_id in (row.sealed_id, row.settled_sealed)]
    opened = await unsealing.bytes_of(tx, [*wanted, *(row.sealed_id for row in theirs)])
    lines = [line for row in ours for line in _lines(tx, who, row, opened)]
    lines += [_mine(tx, who, row, opened[row.sealed_id]) for row in theirs if row.sealed_id in opened]
    lines = sorted((line for line in lines if line.text), key=lambda line: (line.at, line.kin, line.number))
    return tuple(lines[-SHOWN:])


async def contacts_of(tx: Tx, who: Who) -> list[int]:
    """All addresses of the person behind this one: they share one conversation."""
    if who.correspondent_id is None or who.state == "moved":
        return [who.contact_id]
    rows = await tx.execute(_CONTACTS, {"correspondent_id": who.correspondent_id})
    return list(rows.scalars())


_CONTACTS = select(Contact.contact_id).where(Contact.correspondent_id == bindparam("correspondent_id"))
_ANY_CONTACT = any_(bindparam("contacts", type_=ARRAY(BigInteger)))
_ABOUT = bindparam("participant_id", type_=BigInteger)


def _of_nobody_else(participant_id: Any) -> ColumnElement[bool]:
    """A telephone that was another participant's before shows nothing of him."""
    return or_(_ABOUT.is_(None), participant_id.is_(None), participant_id == _ABOUT)


_OURS = (
    select(OutboundMessage, Question.settled_sealed, Question.settled_at.label("answered_at"))
    .outerjoin(Question, Question.token == OutboundMessage.token)
    .where(
        OutboundMessage.contact_id == _ANY_CONTACT,
        _of_nobody_else(OutboundMessage.participant_id),
        or_(OutboundMessage.text_id != REBOUND, OutboundMessage.contact_id == bindparam("contact_id")),
        or_(
            OutboundMessage.state.in_(ARRIVED),
            and_(OutboundMessage.state == "cancelled", Question.state == "answered"),
        ),
    )
    .where(OutboundMessage.purpose != "settle", ~OutboundMessage.text_id.startswith("push."))
    .order_by(OutboundMessage.message_id.desc())
    .limit(SHOWN)
)
_THEIRS = (
    select(InboxMessage)
    .where(InboxMessage.contact_id == _ANY_CONTACT, InboxMessage.kind.in_(SAID))
    .where(_of_nobody_else(InboxMessage.participant_id))
    .where(func.coalesce(InboxMessage.outcome, "") != "moved")
    .order_by(InboxMessage.inbox_id.desc())
    .limit(SHOWN)
)


async def _ours(tx: Tx, who: Who, contacts: list[int], open_token: str | None) -> list[Row[Any]]:
    """One row for each message or question; its record is what an answered question became.

    A neutral push is no line: on the page the question itself stands in its place. A question that was answered
    on the other screen before anybody looked here was taken back here, and is still told. A telephone that the
    person left shows only what was said to it since: no word of what was said before.
    """
    first_of: dict[str, Row[Any]] = {}
    left = await _left_at(tx, who) if who.state == "moved" else 0
    values = {"contacts": contacts, "contact_id": who.contact_id, "participant_id": who.participant_id}
    rows = (await tx.execute(_OURS, values)).all()
    for row in reversed([row for row in rows if row.message_id >= left]):
        if row.token is None or row.token != open_token:
            first_of.setdefault(row.token or f"m{row.message_id}", row)
    return list(first_of.values())


async def _left_at(tx: Tx, who: Who) -> int:
    """The message that told this telephone that it was left."""
    since = (
        select(func.max(OutboundMessage.message_id))
        .where(OutboundMessage.contact_id == who.contact_id, OutboundMessage.text_id == REBOUND)
        .where(OutboundMessage.inbox_id.is_(None))
    )
    return await tx.scalar(since) or 0


async def _theirs(tx: Tx, who: Who, contacts: list[int]) -> list[Row[Any]]:
    return list(
        (await tx.execute(_THEIRS, {"contacts": contacts, "participant_id": who.participant_id})).all()
    )


def _lines(tx: Tx, who: Who, row: Row[Any], opened: Mapping[UUID | None, bytes]) -> list[Spoken]:
    content = json.loads(opened.get(row.sealed_id, b"{}"))
    said = _line(tx, who, Kin.OURS, row.message_id, str(content.get("text", "")), row.created_at)
    lines = [replace(said, urgent=row.text_id.startswith(URGENT))]
    if row.settled_sealed in opened:
        settled = opened[row.settled_sealed].decode("utf-8", "replace")
        lines.append(_line(tx, who, Kin.RECORD, row.message_id, settled, row.answered_at))
    return lines


def _mine(tx: Tx, who: Who, row: Row[Any], sealed: bytes) -> Spoken:
    """Words, media and commands. The tap of an answer is told by what the question became."""
    return _line(tx, who, Kin.MINE, row.inbox_id, _words(tx, who, unpack(row, sealed)), row.received_at)


def _words(tx: Tx, who: Who, said: Inbound) -> str:
    if said.press is not None:
        known = said.press.token == COMMAND and said.press.answer in COMMANDS
        return outbox.word(tx, who, Phrase(f"menu.{said.press.answer}")) if known else ""
    kind = said.media.kind if said.media else "other"
    return said.text or outbox.word(tx, who, Phrase(f"page.media.{kind}"))


def _line(tx: Tx, who: Who, kin: Kin, number: int, text: str, at: datetime) -> Spoken:
    zone = ZoneInfo(who.zone)
    label = tx.ctx.wording.say(who.language, at.astimezone(zone), tx.now.astimezone(zone))
    return Spoken(kin, number, text, at.astimezone(zone), label)
