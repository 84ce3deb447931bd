"""What passed between one participant and us, on every channel: exact words, and when they were sent, seen and answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.conversations import Question
from bot.db.inbox import InboxMessage
from bot.db.media import MediaItem
from bot.db.outbox import DeliveryAttempt, OutboundMessage
from bot.errors import Refused
from bot.messages import Inbound
from bot.services import unsealing
from bot.services.access import Session, note_read
from bot.services.context import Tx
from bot.services.packing import unpack

PAGE = 60
# Edits that put the recorded answer in a question's place say nothing new; the question's own line tells when.
UNSHOWN = ("settle",)
SHOWN_MEDIA = {
    "image/jpeg": "picture",
    "image/png": "picture",
    "image/webp": "picture",
    "image/gif": "picture",
    "audio/ogg": "voice",
    "audio/mpeg": "voice",
    "audio/mp4": "voice",
    "audio/amr": "file",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One line. `mine`: from the participant or a caregiver. Without the right to words `text` is empty, the rest stands."""

    key: str
    mine: bool
    at: datetime
    channel: str
    text: str
    choices: tuple[str, ...]
    purpose: str
    text_id: str
    state: str
    settled_at: datetime | None
    shown_at: datetime | None
    answered_at: datetime | None
    trouble: str
    media_item_id: int | None
    media_kind: str  # picture, voice, file, waiting, lost
    relation: str


@dataclass(frozen=True, slots=True)
class File:
    content: bytes
    media_type: str


async def messages(
    tx: Tx, session: Session, participant_id: int, before: datetime | None = None
) -> list[Message]:
    """Newest first, at most PAGE of each direction, older than `before`."""
    sent = await _sent(tx, participant_id, before)
    heard = await _heard(tx, participant_id, before)
    words = session.may("words")
    opened: dict[Any, dict[str, Any]] = {}
    said: dict[Any, bytes] = {}
    if words and (sent or heard):
        opened = await unsealing.contents(tx, [row.sealed_id for row in sent])
        said = await unsealing.bytes_of(tx, [row.sealed_id for row in heard])
        note_read(tx, session, "words", [participant_id])
    labels = _labels(sent, opened)
    lines = [_ours(row, opened.get(row.sealed_id, {})) for row in sent]
    lines += [_theirs(row, said.get(row.sealed_id), labels) for row in heard]
    lines.sort(key=lambda line: (line.at, line.key), reverse=True)
    return lines[:PAGE]


async def _sent(tx: Tx, participant_id: int, before: datetime | None) -> list[Row[Any]]:
    attempts = (
        select(DeliveryAttempt.message_id, DeliveryAttempt.code)
        .ext(distinct_on(DeliveryAttempt.message_id))
        .where(DeliveryAttempt.code.is_not(None))
        .order_by(DeliveryAttempt.message_id, DeliveryAttempt.delivery_attempt_id.desc())
        .subquery()
    )
    query = (
        select(
            OutboundMessage, Question.settled_at.label("answered_at"), Question.answered_by, attempts.c.code
        )
        .outerjoin(Question, Question.token == OutboundMessage.token)
        .outerjoin(attempts, attempts.c.message_id == OutboundMessage.message_id)
        .where(OutboundMessage.participant_id == participant_id, OutboundMessage.purpose.not_in(UNSHOWN))
        .order_by(OutboundMessage.created_at.desc(), OutboundMessage.message_id.desc())
        .limit(PAGE)
    )
    return await tx.all(query if before is None else query.where(OutboundMessage.created_at < before))


async def _heard(tx: Tx, participant_id: int, before: datetime | None) -> list[Row[Any]]:
    query = (
        select(InboxMessage, MediaItem.media_item_id, MediaItem.state.label("media_state"))
        .outerjoin(MediaItem, MediaItem.inbox_id == InboxMessage.inbox_id)
        .where(InboxMessage.participant_id == participant_id)
        .order_by(InboxMessage.received_at.desc(), InboxMessage.inbox_id.desc())
        .limit(PAGE)
    )
    return await tx.all(query if before is None else query.where(InboxMessage.received_at < before))


def _labels(sent: list[Row[Any]], opened: dict[Any, dict[str, Any]]) -> dict[str, str]:
    """What stood on a button, by what pressing it sends."""
    found = {}
    for row in sent:
        for label, data, _ in opened.get(row.sealed_id, {}).get("choices", ()):
            found[data] = label
    return found


def _ours(row: Row[Any], content: dict[str, Any]) -> Message:
    return Message(
        key=f"m{row.message_id:015}",
        mine=False,
        at=row.created_at,
        channel=row.channel,
        text=str(content.get("text", "")),
        choices=tuple(label for label, _, _ in content.get("choices", ())),
        purpose=row.purpose,
        text_id=row.text_id,
        state=row.state,
        settled_at=row.settled_at,
        shown_at=row.shown_at,
        answered_at=row.answered_at if row.answered_by is not None else None,
        trouble=row.code or "",
        media_item_id=None,
        media_kind="",
        relation="",
    )


def _theirs(row: Row[Any], sealed: bytes | None, labels: dict[str, str]) -> Message:
    said = unpack(row, sealed) if sealed is not None else None
    pressed = said.press.data if said is not None and said.press is not None else ""
    return Message(
        key=f"i{row.inbox_id:015}",
        mine=True,
        at=row.received_at,
        channel=row.channel,
        text=said.text if said is not None and row.kind != "start" else "",
        choices=(labels.get(pressed, pressed.partition(":")[2]),) if pressed else (),
        purpose=row.kind,
        text_id="",
        state=row.state,
        settled_at=row.settled_at,
        shown_at=None,
        answered_at=None,
        trouble=(row.outcome or "") if row.state == "parked" else "",
        media_item_id=row.media_item_id,
        media_kind=_kind(said, row.media_state) if row.media_item_id is not None else "",
        relation="",
    )


def _kind(said: Inbound | None, state: str) -> str:
    if state != "kept":
        return state
    media_type = said.media.media_type if said is not None and said.media is not None else ""
    return SHOWN_MEDIA.get(media_type, "file")


async def media(tx: Tx, session: Session, participant_id: int, media_item_id: int) -> File:
    """The bytes of a voice note, picture or file. Raises Refused when it is not here, not kept, or not this person's."""
    row = await tx.first(
        select(MediaItem.kept_sealed, InboxMessage)
        .join(InboxMessage, InboxMessage.inbox_id == MediaItem.inbox_id)
        .where(MediaItem.media_item_id == media_item_id, MediaItem.participant_id == participant_id)
    )
    if row is None or row.kept_sealed is None:
        raise Refused("console.no_such_file")
    found = await unsealing.bytes_of(tx, [row.kept_sealed, row.sealed_id])
    if row.kept_sealed not in found:
        raise Refused("console.no_such_file")
    note_read(tx, session, "words", [participant_id])
    said = unpack(row, found[row.sealed_id]) if row.sealed_id in found else None
    media_type = said.media.media_type if said is not None and said.media is not None else ""
    return File(found[row.kept_sealed], media_type)
