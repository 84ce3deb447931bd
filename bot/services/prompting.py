"""A question that nobody asked for: a neutral line on the phone, the question itself on the page, one group of both.

And its end: whatever the channel on which it was answered, every screen shows what was recorded.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from sqlalchemy import Executable, Row, and_, or_, select, update

from bot.db.built import built
from bot.db.conversations import Question
from bot.db.outbox import OutboundMessage
from bot.dialogue.turn import Phrase, Say
from bot.messages import Choice, Press
from bot.services import outbox, sealing
from bot.services.context import Tx
from bot.services.outbox import Draft, Lane, put, target
from bot.services.people import Who, by_contact, contacts_of, reachable

VIEW = "view"  # the answer of the one button that a push carries
JUST_NOW = timedelta(minutes=10)  # within this, the same line again tells nobody anything


async def push(tx: Tx, who: Who, token: str, say: Say, purpose: str, lives: timedelta) -> int:
    """Tell this correspondent on every open contact that a question waits. Returns how many messages were queued."""
    queued = 0
    for contact in await _screens(tx, who):
        draft = _draft(tx, contact, token, say, purpose, lives)
        queued += await put(tx, target(contact), draft) is not None
    return queued


async def _screens(tx: Tx, who: Who) -> list[Who]:
    """Where this person may be written to unasked: consented to, open, and allowed by the site."""
    assert who.participant_id is not None
    able = await reachable(tx, who.participant_id)
    return [contact for contact in able if contact.correspondent_id == who.correspondent_id]


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
    """Remind of an open question: a neutral line again. The page needs none, it still shows the question.

    Nor does a chat where a line about it stands since a moment ago, or is on its way: after an outage a reminder and what
    brings the question up again may be due at once.
    """
    queued = 0
    for contact in await _screens(tx, who):
        if contact.channel != "web" and not await _just_told(tx, contact, token):
            draft = _draft(tx, contact, token, Say((Phrase("push.reminder_again"),)), "nudge", lives)
            queued += await put(tx, target(contact), draft) is not None
    return queued


async def _just_told(tx: Tx, contact: Who, token: str) -> bool:
    return await tx.scalar(_lines(token, contact.contact_id, tx.now - JUST_NOW)) is not None


@built
def _lines(token: Any, contact_id: Any, since: Any) -> Executable:
    arrived = OutboundMessage.state.in_(("sent", "unknown")) & (OutboundMessage.settled_at > since)
    return (
        select(OutboundMessage.message_id)
        .where(OutboundMessage.token == token, OutboundMessage.contact_id == contact_id)
        .where(OutboundMessage.pushed, or_(OutboundMessage.state.in_(("queued", "sending")), arrived))
        .limit(1)
    )


async def show_settled(tx: Tx, who: Who, token: str, settled: str, inbox_id: int | None = None) -> None:
    """The question is answered: its latest message shows what was recorded. The page shows the question's own row."""
    await _redraw(tx, who, token, settled, "push.settled", inbox_id)


async def show_over(tx: Tx, who: Who, token: str, over: str) -> None:
    """Nobody need answer any more: no message must go on asking, least of all to take something."""
    await _redraw(tx, who, token, over, "push.over")


async def _redraw(
    tx: Tx, who: Who, token: str, text: str, push_text: str, inbox_id: int | None = None
) -> None:
    rows = await tx.all(_standing(token, tx.now))
    contacts = {contact.contact_id: contact for contact in await contacts_of(tx, who.correspondent_id or 0)}
    contacts.setdefault(who.contact_id, who)
    for contact in contacts.values():
        if contact.telegram_mode != "full" or contact.state == "blocked":
            continue
        there = [row for row in rows if row.contact_id == contact.contact_id]
        await _redraw_contact(tx, contact, [row for row in there if row.state == "sent"], text, push_text)
        for row in there:
            if row.state != "sent" and text and contact.contact_id != who.contact_id:
                await _tell(tx, contact, row, text, inbox_id or row.inbox_id)
    tx.woken.update(f"page:{contact_id}" for contact_id in contacts)


@built
def _standing(token: Any, now: Any) -> Executable:
    """Messages that show a question, and replies that were about to and were taken back in this very moment."""
    shown = and_(OutboundMessage.state == "sent", OutboundMessage.provider_id.is_not(None))
    taken_back = and_(
        OutboundMessage.state == "cancelled", OutboundMessage.settled_at == now, ~OutboundMessage.pushed
    )
    return (
        select(OutboundMessage)
        .where(OutboundMessage.token == token, OutboundMessage.edits.is_(None))
        .where(OutboundMessage.channel != "web", or_(shown, taken_back))
        .order_by(OutboundMessage.message_id)
    )


async def _tell(tx: Tx, contact: Who, row: Row[Any], settled: str, inbox_id: int | None) -> None:
    """Somebody talks on there, and the next question was answered here before it left: say what came of it.

    `inbox_id`: the act which this answers: what settled the question, or else what the reply that was taken back answered.
    """
    key = f"settle:{row.message_id}"
    draft = Draft("settle", Lane.REPLY, "settled", settled, unique_key=key, inbox_id=inbox_id)
    await put(tx, target(contact), draft)


@built
def _asked(token: Any) -> Executable:
    """An answer that is being recorded right now is waited for."""
    asked = select(Question.state, Question.settled_sealed).where(Question.token == token)
    return asked.with_for_update(read=True)


async def arrived(tx: Tx, row: Row[Any]) -> None:
    """A message was delivered. If its question was answered while it travelled, it shows what was recorded, too."""
    question = await tx.first(_asked(row.token))
    if question is None or question.state == "open":
        return
    contact = await by_contact(tx, row.contact_id)
    if contact.telegram_mode == "full":
        settled = await sealing.unseal_text(tx, question.settled_sealed)
        push_text = "push.settled" if question.state == "answered" else "push.over"
        await _redraw_contact(tx, contact, [row], settled, push_text)


async def _redraw_contact(tx: Tx, contact: Who, rows: list[Row[Any]], settled: str, push_text: str) -> None:
    """Of several messages that asked the same, only the latest tells what became of it; the others lose their buttons."""
    opened = await _opened(tx, rows)
    asking = [row for row in rows if not row.pushed or row.message_id in opened] or rows
    for row in rows:
        content = await sealing.unseal_json(tx, opened.get(row.message_id, row.sealed_id))
        if row is asking[-1] and settled:
            text = settled
        elif row.pushed and row.message_id not in opened:
            text = outbox.word(tx, contact, Phrase(push_text))
        else:
            text = str(content.get("text", ""))
        if content.get("choices") or text != content.get("text"):
            key = f"settle:{row.message_id}"
            draft = Draft("settle", Lane.REPLY, "settled", text, edits=row.message_id, unique_key=key)
            await put(tx, target(contact), draft)


async def _opened(tx: Tx, rows: list[Row[Any]]) -> dict[int, uuid.UUID]:
    """Which neutral lines were tapped and show their question now: message -> what it shows."""
    if not rows:
        return {}
    edits = await tx.all(
        select(OutboundMessage.edits, OutboundMessage.sealed_id)
        .where(OutboundMessage.edits.in_([row.message_id for row in rows]))
        .where(OutboundMessage.purpose == "question", OutboundMessage.state != "cancelled")
        .order_by(OutboundMessage.message_id)
    )
    return {row.edits: row.sealed_id for row in edits}


async def was_read(tx: Tx, who: Who, token: str | None) -> bool:
    """Whether he may have seen the question itself: the page shows it, a messenger only announces it until he looks."""
    return who.channel != "telegram" or await tx.scalar(_shown(token)) is not None


@built
def _shown(token: Any) -> Executable:
    mine = select(OutboundMessage.message_id).where(OutboundMessage.token == token)
    return mine.where(~OutboundMessage.pushed, OutboundMessage.state != "cancelled").limit(1)


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
