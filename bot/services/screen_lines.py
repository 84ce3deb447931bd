"""The conversation so far, as one device of the page shows it: both sides, whatever channel each line went by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, and_, func, or_, select

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
    if who.state == "moved":
        return await _after_moving(tx, who, open_token)
    contacts = await contacts_of(tx, who)
    lines = [*await _ours(tx, who, contacts, open_token), *await _theirs(tx, who, contacts)]
    lines.sort(key=lambda line: (line.at, line.kin, line.number))
    return tuple(lines[-SHOWN:])


async def _after_moving(tx: Tx, who: Who, open_token: str | None) -> tuple[Spoken, ...]:
    """Only what was said to this telephone since the person left it: no word of what was said before."""
    since = (
        select(func.max(OutboundMessage.message_id))
        .where(OutboundMessage.contact_id == who.contact_id, OutboundMessage.text_id == REBOUND)
        .where(OutboundMessage.inbox_id.is_(None))
    )
    left = await tx.scalar(since) or 0
    return tuple(line for line in await _ours(tx, who, [who.contact_id], open_token) if line.number >= left)


async def contacts_of(tx: Tx, who: Who) -> list[int]:
    """All addresses of the person behind this one: they share one conversation."""
    if who.correspondent_id is None or who.state == "moved":
        return [who.contact_id]
    query = select(Contact.contact_id).where(Contact.correspondent_id == who.correspondent_id)
    return list((await tx.execute(query)).scalars())


async def _ours(tx: Tx, who: Who, contacts: list[int], open_token: str | None) -> list[Spoken]:
    """One line for each message or question, and one for what an answered question became.

    A neutral push is no line: on the page the question itself stands in its place. A question that was answered
    on the other screen before anybody looked here was taken back here, and is still told.
    """
    rows = await tx.all(
        select(OutboundMessage, Question.settled_sealed, Question.settled_at.label("answered_at"))
        .outerjoin(Question, Question.token == OutboundMessage.token)
        .where(
            OutboundMessage.contact_id.in_(contacts),
            or_(OutboundMessage.text_id != REBOUND, OutboundMessage.contact_id == who.contact_id),
            or_(
                OutboundMessage.state.in_(ARRIVED),
                and_(OutboundMessage.state == "cancelled", Question.state == "answered"),
            ),
        )
        .where(OutboundMessage.purpose != "settle", ~OutboundMessage.text_id.startswith("push."))
        .order_by(OutboundMessage.message_id.desc())
        .limit(SHOWN)
    )
    first_of: dict[str, Row[Any]] = {}
    for row in reversed(rows):
        if row.token is None or row.token != open_token:
            first_of.setdefault(row.token or f"m{row.message_id}", row)
    kept = list(first_of.values())
    contents = await unsealing.contents(tx, (row.sealed_id for row in kept))
    records = await unsealing.texts(tx, (row.settled_sealed for row in kept))
    return [
        line
        for row in kept
        for line in _lines(tx, who, row, contents.get(row.sealed_id, {}), records.get(row.settled_sealed, ""))
    ]


def _lines(tx: Tx, who: Who, row: Row[Any], content: dict[str, Any], settled: str) -> list[Spoken]:
    said = _line(tx, who, Kin.OURS, row.message_id, str(content.get("text", "")), row.created_at)
    lines = [replace(said, urgent=row.text_id.startswith(URGENT))]
    if settled:
        lines.append(_line(tx, who, Kin.RECORD, row.message_id, settled, row.answered_at))
    return [line for line in lines if line.text]


async def _theirs(tx: Tx, who: Who, contacts: list[int]) -> list[Spoken]:
    """Words, media and commands. The tap of an answer is told by what the question became."""
    rows = await tx.all(
        select(InboxMessage)
        .where(InboxMessage.contact_id.in_(contacts), InboxMessage.kind.in_(SAID))
        .where(func.coalesce(InboxMessage.outcome, "") != "moved")
        .order_by(InboxMessage.inbox_id.desc())
        .limit(SHOWN)
    )
    sealed = await unsealing.bytes_of(tx, (row.sealed_id for row in rows))
    lines = [
        _line(
            tx,
            who,
            Kin.MINE,
            row.inbox_id,
            _words(tx, who, unpack(row, sealed[row.sealed_id])),
            row.received_at,
        )
        for row in rows
        if row.sealed_id in sealed
    ]
    return [line for line in lines if line.text]


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
