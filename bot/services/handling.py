"""What one message means, and what follows. Nothing that a person does is met with silence."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, Row, select

from bot.db.built import built
from bot.db.outbox import OutboundMessage
from bot.dialogue.commands import command_of
from bot.dialogue.notes import StaffWanted
from bot.dialogue.turn import Heard, Phrase
from bot.messages import Inbound, Kind
from bot.services import (
    arrivals,
    asides,
    commands,
    conversing,
    danger,
    doubts,
    keeping,
    noting,
    outbox,
    own_words,
    people,
    prompting,
    sealing,
    staff_chat,
    talks,
    told_amounts,
)
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.conversing import COMMAND, Delivery
from bot.services.gates import closed_to
from bot.services.obeying import command, offer_menu
from bot.services.outbox import Draft, Lane
from bot.services.people import Who
from bot.services.prompting import VIEW
from bot.services.spontaneous import (
    about_dose,
    dose_told,
    more_told,
    once_more,
    taken_after_all,
    vomited_told,
)


async def handle(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """Returns a word for the record: what the message turned out to be."""
    if inbound.kind in arrivals.EVENTS:
        return await arrivals.EVENTS[inbound.kind](tx, who, inbound, inbox_id)
    who = await arrivals.reopened(tx, who)
    if who.staff_id is not None:
        return await staff_chat.handle(tx, who, inbound, inbox_id)
    if who.state == "moved":
        return await arrivals.moved(tx, who, inbound, inbox_id)
    if who.participant_id is None:
        return await arrivals.stranger(tx, who, inbound, inbox_id)
    if await doubts.pressed_late(tx, who, inbound, inbox_id):
        return "danger_confirmed"
    closed = await closed_to(tx, who, inbound, inbox_id)
    if closed is not None:
        return closed
    if inbound.kind is Kind.MEDIA:
        return await _media(tx, who, inbound, inbox_id)
    if inbound.kind is Kind.CHOICE:
        return await _choice(tx, who, inbound, inbox_id)
    if inbound.kind is Kind.EDITED:
        return await _edited(tx, who, inbound, inbox_id)
    return await _text(tx, who, inbound, inbox_id)


async def park(tx: Tx, who: Who, inbox_id: int) -> None:
    """We could not handle it: say so plainly, and give the message to staff."""
    if who.participant_id is not None:
        key = f"parked:{inbox_id}"
        await raise_alert(
            tx, Cause(who.participant_id, "parked", "urgent", "parked@1", key, inbox_id=inbox_id)
        )
    phrase = Phrase("reply.parked", {"site_phone": who.site_phone})
    await outbox.reply(tx, who, [phrase], inbox_id, unique_key=f"parked:{inbox_id}")


async def _media(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """A voice note, picture or file: kept for staff, never silent. A sticker is a friendly nothing."""
    kind = inbound.media.kind if inbound.media else "other"
    if kind == "sticker":
        await outbox.reply(tx, who, [Phrase("reply.sticker")], inbox_id)
        return "sticker"
    assert who.participant_id is not None
    await keeping.expect(tx, who, inbound, inbox_id)
    key = f"media:{inbox_id}"
    await raise_alert(tx, Cause(who.participant_id, "media", "routine", "media@1", key, inbox_id=inbox_id))
    if danger.stated(danger.heard(tx, inbound)) is None:
        await outbox.reply(tx, who, [Phrase("reply.media", {"site_phone": who.site_phone})], inbox_id)
    return "media"


async def _choice(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    press = inbound.press
    if press is None:
        return await _stale(tx, who, inbox_id)
    if press.token == COMMAND and press.answer in commands.COMMANDS:
        await command(tx, who, press.answer, Delivery(inbox_id))
        return f"command:{press.answer}"
    row = await talks.by_token(tx, who, press.token)
    if row is None:
        return await _stale(tx, who, inbox_id)
    talk = await talks.talk_of(tx, row)
    if row.state != "open" or talk is None:
        if press.answer == "taken" and await taken_after_all(tx, who, row, Delivery(inbox_id)):
            return "dose_told"
        return await _already(tx, who, inbound, row, inbox_id)
    if press.answer == VIEW:
        await _show(tx, who, talk, inbound, inbox_id)
        return "viewed"
    step = talks.asked(talk)
    pressed = await _message_of(tx, who, inbound) if step is not None and step.tick else None
    delivery = Delivery(inbox_id, pressed=pressed)
    return await _heard(tx, who, talk, Heard("choice", press.answer), delivery)


async def _heard(tx: Tx, who: Who, talk: talks.Talk, heard: Heard, delivery: Delivery) -> str:
    """What the open question makes of it; when its conversation is over, an older one is gone back to."""
    turn = await conversing.hear(tx, who, talk, heard, delivery)
    await asides.settled(tx, who, turn, delivery)
    await _back_to_older(tx, who, talk.conversation_id, turn.state is None, delivery.inbox_id)
    return "answered" if turn.understood else "not_understood"


async def _stale(tx: Tx, who: Who, inbox_id: int) -> str:
    await outbox.reply(tx, who, [Phrase("reply.stale")], inbox_id)
    return "stale"


async def _already(tx: Tx, who: Who, inbound: Inbound, row: Row[Any], inbox_id: int) -> str:
    """The first answer counts; a later tap changes nothing and is told so."""
    settled = await sealing.unseal_text(tx, row.settled_sealed)
    if not settled:
        return await _stale(tx, who, inbox_id)
    if row.state == "closed":
        await outbox.put(
            tx, outbox.target(who), Draft("reply", Lane.REPLY, "question.over", settled, inbox_id=inbox_id)
        )
        return "over"
    edits = await _message_of(tx, who, inbound)
    if inbound.press is not None and inbound.press.answer == VIEW and edits is not None:
        draft = Draft("settle", Lane.REPLY, "settled", settled, edits=edits, inbox_id=inbox_id)
        await outbox.put(tx, outbox.target(who), draft)
    elif row.script in ("dose", "correct"):
        await outbox.reply(tx, who, [Phrase("reply.already_recorded", {"what": settled})], inbox_id)
    else:
        await outbox.reply(tx, who, [Phrase("reply.already_answered")], inbox_id)
    return "already_recorded"


async def _message_of(tx: Tx, who: Who, inbound: Inbound) -> int | None:
    """Our message on which a button was pressed."""
    found: int | None = await tx.scalar(_message(who.contact_id, inbound.message_ref))
    return found


@built
def _message(contact_id: Any, provider_id: Any) -> Executable:
    there = select(OutboundMessage.message_id).where(OutboundMessage.contact_id == contact_id)
    return (
        there.where(OutboundMessage.provider_id == provider_id).order_by(OutboundMessage.message_id).limit(1)
    )


async def _show(tx: Tx, who: Who, talk: talks.Talk, inbound: Inbound, inbox_id: int) -> None:
    """查看: the neutral line becomes the question, in place where the channel can edit."""
    await conversing.show(tx, who, talk, await _message_of(tx, who, inbound), inbox_id)


async def _edited(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """Changed words never overwrite what was recorded. About a dose a correction is offered; others go to the nurse."""
    if danger.stated(danger.heard(tx, inbound)) is not None:
        return "danger"
    if about_dose(tx, inbound.text):
        await outbox.reply(tx, who, [Phrase("reply.edited")], inbox_id)
        await command(tx, who, "correct", Delivery(inbox_id))
        return "edited"
    await noting.carry_out(tx, who, StaffWanted(inbound.text, "edited"), inbox_id)
    values = {"site_phone": who.site_phone}
    await outbox.reply(tx, who, [Phrase("reply.edited_relayed", values)], inbox_id)
    return "edited"


async def _text(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    delivery = Delivery(inbox_id)
    found = danger.heard(tx, inbound)
    said = danger.stated(found)
    answered = said is not None and not danger.worse_in_doubt(found, said)
    row = await talks.latest_open(tx, who)
    talk = await talks.talk_of(tx, row) if row is not None else None
    if talk is not None and talks.takes_any_words(talk) and not await prompting.was_read(tx, who, talk.token):
        talk = None  # what was not read has no answer: 谢谢 is not the name of a medicine
    if found and talk is not None and _asks_for_all_words(talk):
        return await _danger_as_answer(tx, who, talk, inbound, inbox_id, answered=answered)
    if answered:  # when it was accepted; the open question stays open
        return await own_words.beside_danger(tx, who, talk, inbound.text, said, delivery)
    if found and (talk is None or talk.script.name != doubts.SCRIPT):
        return await doubts.ask_back(tx, who, inbound.text, delivery)
    another = await doubts.another(tx, who, talk, inbound.text, found, delivery) if found and talk else None
    if another is not None:
        return another
    if talk is not None:
        # The conversation hears first: it knows which of its answers sound like a command.
        beside = await own_words.beside(tx, who, talk, inbound.text, delivery)
        if beside is not None:
            return beside
        return await _heard(tx, who, talk, Heard("text", inbound.text), delivery)
    name = command_of(inbound.text, tx.ctx.book.lexicon(tx.now))
    if name is not None:
        await command(tx, who, name, delivery)
        return f"command:{name}"
    came_up = await vomited_told(tx, who, inbound.text, delivery)
    if came_up is not None:
        return came_up
    amount = await told_amounts.asked_back(tx, who, None, inbound.text, delivery)
    if amount is not None:
        return amount
    if about_dose(tx, inbound.text):
        return await dose_told(tx, who, inbound.text, delivery)
    if once_more(tx, inbound.text):
        return await more_told(tx, who, inbound.text, delivery)
    unasked = await own_words.answer(tx, who, inbound.text, delivery)
    if unasked is not None:
        return unasked
    await offer_menu(tx, who, [Phrase("reply.unknown")], delivery)
    return "unknown"


async def _just_asked(tx: Tx, talk: talks.Talk, inbox_id: int | None) -> bool:
    """Whether this very message led to that question: what one conversation ends with may begin another."""
    query = select(OutboundMessage.message_id).where(
        OutboundMessage.token == talk.token, OutboundMessage.inbox_id == inbox_id
    )
    return await tx.first(query.limit(1)) is not None


def _asks_for_all_words(talk: talks.Talk) -> bool:
    step = talks.asked(talk)
    return step is not None and step.typed is not None and step.typed.despite_danger


async def _danger_as_answer(
    tx: Tx, who: Who, talk: talks.Talk, inbound: Inbound, inbox_id: int, *, answered: bool
) -> str:
    """A temperature, or words for the nurse, in which there is danger: acted on before, and still the answer.

    Doubtful danger is asked back, unless what was written is the number that was asked for.
    """
    step, delivery = talks.asked(talk), Delivery(inbox_id)
    number = step is not None and step.typed is not None and step.typed.as_ == "temperature"
    turn = await conversing.hear(tx, who, talk, Heard("text", inbound.text), delivery)
    if not answered and not (number and turn.understood):
        told = talk.script.name == "nurse" and turn.understood
        return await doubts.ask_back(tx, who, inbound.text, delivery, told=told)
    await _back_to_older(tx, who, talk.conversation_id, turn.state is None, inbox_id)
    return "answered" if turn.understood else "not_understood"


async def _back_to_older(tx: Tx, who: Who, finished: int, ended: bool, inbox_id: int | None) -> None:
    """A conversation is over and an older question is still open: it is asked again, so that nobody loses his place."""
    if not ended:
        return
    who = await people.by_contact(tx, who.contact_id)  # who may have left in this very conversation
    if not await _goes_on(tx, who):
        return
    row = await talks.latest_open(tx, who, other_than=finished)
    talk = await talks.talk_of(tx, row) if row is not None else None
    if talk is not None and not await _just_asked(tx, talk, inbox_id):
        await conversing.ask_again(tx, who, talk, Delivery(inbox_id))


async def _goes_on(tx: Tx, who: Who) -> bool:
    """Not after a pause, a farewell or a withdrawal: nothing that was asked before them is asked again by itself."""
    if who.participant_id is None or who.state == "left":
        return False
    if await talks.open_scripts(tx, who, ("welcome",)):
        return True
    return who.status == "active" and who.may_hear
