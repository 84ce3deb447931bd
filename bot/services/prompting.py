"""A question that nobody asked for: a neutral line on the phone, the question itself on the page, one group of both.

And its end: whatever the channel on which it was answered, every screen shows what was recorded.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, and_, or_, select, update

from bot.db.conversations import Question
from bot.db.outbox import OutboundMessage
from bot.dialogue.turn import Phrase, Say
from bot.messages import Choice, Press
from bot.services import outbox, sealing
from bot.services.context import Tx
from bot.services.outbox import Draft, Lane, put, target
from bot.services.people import Who, by_contact, contacts_of

VIEW = "view"  # the answer of the one button that a push carries


async def push(tx: Tx, who: Who, token: str, say: Say, purpose: str, lives: timedelta) -> int:
    """Tell this correspondent on every open contact that a question waits. Returns how many messages were queued."""
    queued = 0
    for contact in await contacts_of(tx, who.correspondent_id or 0):
        if contact.state == "active" and _allowed(contact):
            draft = _draft(tx, contact, token, say, purpose, lives)
            queued += await put(tx, target(contact), draft) is not None
    return queued


def _allowed(contact: Who) -> bool:
    return contact.channel != "telegram" or contact.telegram_mode != "off"


def _draft(tx: Tx, contact: Who, token: str, say: Say, purpose: str, lives: timedelta) -> Draft:
    text = tx.ctx.wording.text
    if contact.channel == "web":
        # The page cannot push: it shows the question itself as soon as somebody looks.
        words, choices, text_id = outbox.render(tx, contact, say.phrases), (), say.phrases[0].text_id
        return Draft(purpose, _lane(purpose), text_id, words, choices, token=token, lives=lives)
    text_id = "push.reminder_again" if purpose == "nudge" else "push.line"
    if contact.telegram_mode == "notice":
        button = Choice(
            text(contact.language, Phrase("push.open_page")), url=f"{tx.ctx.addresses.public_url}/chat"
        )
    else:
        button = Choice(text(contact.language, Phrase("push.view")), Press(token, VIEW))
    words = text(contact.language, Phrase(text_id))
    return Draft(purpose, _lane(purpose), text_id, words, (button,), pushed=True, token=token, lives=lives)


def _lane(purpose: str) -> Lane:
    """A question about a dose has its hour; a check has the day."""
    return Lane.FORM if purpose == "symptom" else Lane.DOSE


async def nudge(tx: Tx, who: Who, token: str, lives: timedelta) -> int:
    """Remind of an open question: a neutral line again. The page needs none, it still shows the question."""
    queued = 0
    for contact in await contacts_of(tx, who.correspondent_id or 0):
        if contact.state == "active" and contact.channel != "web" and _allowed(contact):
            draft = _draft(tx, contact, token, Say((Phrase("push.reminder_again"),)), "nudge", lives)
            queued += await put(tx, target(contact), draft) is not None
    return queued


async def show_settled(tx: Tx, who: Who, token: str, settled: str) -> None:
    """Edit every sent message that still shows this question. The page shows the question's own row instead."""
    contacts = {contact.contact_id: contact for contact in await contacts_of(tx, who.correspondent_id or 0)}
    contacts.setdefault(who.contact_id, who)
    for row in await _standing(tx, token):
        contact = contacts.get(row.contact_id)
        if contact is None or contact.telegram_mode != "full":
            continue
        if row.state == "sent":
            await _edit(tx, contact, row, settled)
        elif settled and row.contact_id != who.contact_id:
            await _tell(tx, contact, row, settled)
    tx.woken.update(f"page:{contact_id}" for contact_id in contacts)


async def _standing(tx: Tx, token: str) -> list[Row[Any]]:
    """Messages that show a question, and replies that were about to and were taken back in this very moment."""
    shown = and_(OutboundMessage.state == "sent", OutboundMessage.provider_id.is_not(None))
    taken_back = and_(
        OutboundMessage.state == "cancelled", OutboundMessage.settled_at == tx.now, ~OutboundMessage.pushed
    )
    return await tx.all(
        select(OutboundMessage)
        .where(OutboundMessage.token == token, OutboundMessage.edits.is_(None))
        .where(OutboundMessage.channel != "web", or_(shown, taken_back))
        .order_by(OutboundMessage.message_id)
    )


async def _tell(tx: Tx, contact: Who, row: Row[Any], settled: str) -> None:
    """Somebody talks on there, and the next question was answered here before it left: say what came of it."""
    key = f"settle:{row.message_id}"
    await put(tx, target(contact), Draft("settle", Lane.REPLY, "settled", settled, unique_key=key))


async def arrived(tx: Tx, row: Row[Any]) -> None:
    """A message was delivered. If its question was answered while it travelled, it shows what was recorded, too."""
    question = await tx.first(
        select(Question.state, Question.settled_sealed)
        .where(Question.token == row.token)
        .with_for_update(read=True)  # an answer that is being recorded right now is waited for
    )
    contact = await by_contact(tx, row.contact_id)
    if question is not None and question.state != "open" and contact.telegram_mode == "full":
        settled = await sealing.unseal_text(tx, question.settled_sealed)
        await _edit(tx, contact, row, settled)


async def _edit(tx: Tx, contact: Who, row: Row[Any], settled: str) -> None:
    """Replace the question by what was recorded; where nothing is to be told, take its buttons away."""
    content = await sealing.unseal_json(tx, row.sealed_id)
    if not settled and not content.get("choices"):
        return
    text = settled or str(content.get("text", ""))
    key = f"settle:{row.message_id}"
    await put(
        tx,
        target(contact),
        Draft("settle", Lane.REPLY, "settled", text, edits=row.message_id, unique_key=key),
    )


async def answered_elsewhere(tx: Tx, who: Who, token: str, correspondent_id: int, status: str) -> None:
    """Close a question that another person has answered meanwhile, on the screens where it stands."""
    await outbox.cancel_question(tx, token)
    contacts = await contacts_of(tx, correspondent_id)
    if not contacts:
        return
    there = contacts[0]
    text = tx.ctx.wording.text(
        there.language, Phrase("reply.answered_elsewhere", {"what": Phrase(f"choice.{status}")})
    )
    await tx.execute(
        update(Question)
        .where(Question.token == token, Question.state == "open")
        .values(
            state="closed",
            settled_at=tx.now,
            settled_sealed=await sealing.seal(tx, there.key_id, "outbound", text),
        )
    )
    await show_settled(tx, there, token, text)
