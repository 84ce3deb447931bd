"""Comings and goings: an invitation opened, words from somebody unknown, a channel shut or opened again, a group."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import update

from bot.db.conversations import Question
from bot.db.people import Contact
from bot.dialogue.turn import Heard, Phrase
from bot.messages import Inbound, Kind
from bot.services import conversing, danger, linking, outbox, people, staff_chat, talks, wishes
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.delivery_failures import close_contact
from bot.services.obeying import command
from bot.services.people import Who


async def _blocked(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    await close_contact(tx, who.contact_id, who.participant_id)
    return "blocked"


async def _unblocked(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    await reopened(tx, who)
    return "unblocked"


async def reopened(tx: Tx, who: Who) -> Who:
    """Whoever writes from a chat has it open, also where the news of that never came: a restore may have swallowed it."""
    if who.state != "blocked" or (who.participant_id is None and who.staff_id is None):
        return who
    await tx.execute(update(Contact).where(Contact.contact_id == who.contact_id).values(state="active"))
    if who.participant_id is not None:
        await wishes.catch_up(tx, who)
    return replace(who, state="active")


async def _group(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """Nothing personal is ever said in a group; the refusal itself comes once a day at most."""
    key = f"group:{who.contact_id}:{tx.now.date().isoformat()}"
    await outbox.reply(tx, who, [Phrase("reply.group_refused")], inbox_id, unique_key=key)
    return "group"


async def _start(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    if who.state == "moved":
        return await _open_again(tx, who, inbound, inbox_id)
    if who.participant_id is not None and await linking.known_already(tx, who, inbound.text):
        # The start button, or his own used invitation, pressed again by somebody we know.
        await command(tx, who, "menu", Delivery(inbox_id))
        return "command:menu"
    if await staff_chat.link(tx, who, inbound, inbox_id):
        return "staff_linked"
    await _close_open(tx, who)
    slots = {"code": linking.slot(tx, inbound.text)}
    await conversing.begin(tx, who, "link", slots, Delivery(inbox_id))
    return "start"


EVENTS = {
    Kind.BLOCKED: _blocked,
    Kind.UNBLOCKED: _unblocked,
    Kind.GROUP: _group,
    Kind.START: _start,
}


async def moved(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """The person reads and writes on another telephone: this one learns nothing more, unless it is invited anew."""
    nobody = people.of_this_screen(who)
    row = await talks.latest_open(tx, nobody)
    if row is not None and inbound.kind is Kind.TEXT:
        return await stranger(tx, nobody, inbound, inbox_id)
    if danger.stated(danger.heard(tx, inbound)) is None:  # those were answered when they were accepted
        phrase = Phrase("contact.rebound", {"site_phone": who.site_phone})
        await outbox.reply(tx, who, [phrase], inbox_id)
    return "moved"


async def _open_again(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    if await linking.known_already(tx, who, inbound.text):
        return await moved(tx, who, inbound, inbox_id)
    nobody = people.of_this_screen(who)
    await _close_open(tx, nobody)
    slots = {"code": linking.slot(tx, inbound.text)}
    await conversing.begin(tx, nobody, "link", slots, Delivery(inbox_id))
    return "start"


async def stranger(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """Somebody whom no invitation has introduced yet."""
    if danger.stated(danger.heard(tx, inbound)) is not None:
        return "danger"  # answered when it was accepted; a question about digits is not what he needs now
    row = await talks.latest_open(tx, who)
    talk = await talks.talk_of(tx, row) if row is not None else None
    if talk is not None and inbound.kind in (Kind.TEXT, Kind.EDITED, Kind.CHOICE):
        heard = (
            Heard("text", inbound.text)
            if inbound.kind is not Kind.CHOICE
            else Heard("choice", inbound.press.answer if inbound.press else "")
        )
        await conversing.hear(tx, who, talk, heard, Delivery(inbox_id))
        return "linking"
    await outbox.reply(tx, who, [Phrase("reply.not_linked")], inbox_id)
    return "not_linked"


async def _close_open(tx: Tx, who: Who) -> None:
    """A fresh invitation begins anew: an unfinished linking of this address is over."""
    await tx.execute(
        update(Question)
        .where(
            Question.contact_id == who.contact_id, Question.participant_id.is_(None), Question.state == "open"
        )
        .values(state="closed", settled_at=tx.now)
    )
