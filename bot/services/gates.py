"""When not to talk on: the study is over for this person, words belong on the page, consent is missing.

Danger words were answered before any of this, when the message was accepted.
"""

from __future__ import annotations

from bot.dialogue.turn import Phrase
from bot.messages import Choice, Inbound, Kind
from bot.services import conversing, danger, linking, outbox, people, sealing, talks, timeline
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who


async def closed_to(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str | None:
    """The word for the record when the message was answered here; None to talk on."""
    assert who.participant_id is not None
    if who.status == "ended":
        return await _after_the_end(tx, who, inbound, inbox_id)
    if await _in_welcome(tx, who):
        return None
    if who.relation != "self" and await people.said_no(tx, who.participant_id):
        return await _close_with(tx, who, "no_consent", "reply.not_recording", inbound, inbox_id)
    if not who.may_hear:
        return await _without_consent(tx, who, inbound, inbox_id)
    if who.channel == "telegram" and who.telegram_mode != "full":
        return await _not_here(tx, who, inbound, inbox_id)
    return None


async def _after_the_end(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """Nothing goes on, but what somebody writes still reaches a person: it may be news that the study has to know."""
    assert who.participant_id is not None
    reason = await timeline.end_reason(tx, who.participant_id)
    known = danger.stated(danger.heard(tx, inbound)) is not None
    if reason != "withdrawal" and inbound.kind in danger.SPOKEN and inbound.text and not known:
        words = await sealing.seal(tx, who.key_id, "note", inbound.text)
        key = f"relay:{inbox_id}:after_end"
        await raise_alert(
            tx,
            Cause(
                who.participant_id,
                "relay",
                "routine",
                "relay_after_end@1",
                key,
                inbox_id=inbox_id,
                words_sealed=words,
            ),
        )
    text_id = "reply.ended.death" if reason == "death" else "reply.ended"
    return await _close_with(tx, who, "ended", text_id, inbound, inbox_id)


async def _without_consent(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """A refusal is respected and never asked about again; the person may come back to it."""
    if await _agrees_after_all(tx, who, inbound, inbox_id):
        return "welcome"
    text_id = "reply.no_telegram" if await people.has_consent(tx, who) else "reply.no_consent"
    return await _close_with(tx, who, "no_consent", text_id, inbound, inbox_id)


async def _not_here(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str:
    """The site lets Telegram carry neutral notices only, or nothing: words belong on the page."""
    if who.telegram_mode == "off":
        return await _close_with(tx, who, "channel_off", "reply.channel_off", inbound, inbox_id)
    label = tx.ctx.wording.text(who.language, Phrase("push.open_page"))
    choice = Choice(label, url=f"{tx.ctx.addresses.public_url}/chat")
    return await _close_with(tx, who, "use_page", "reply.use_page", inbound, inbox_id, choice)


async def _close_with(
    tx: Tx, who: Who, outcome: str, text_id: str, inbound: Inbound, inbox_id: int, *choices: Choice
) -> str:
    if danger.stated(danger.heard(tx, inbound)) is None:  # those were answered when they were accepted
        phrase = Phrase(text_id, {"site_phone": who.site_phone})
        await outbox.reply(tx, who, [phrase], inbox_id, choices=choices)
    return outcome


async def _in_welcome(tx: Tx, who: Who) -> bool:
    return bool(await talks.open_scripts(tx, who, ("welcome",)))


async def _agrees_after_all(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> bool:
    if inbound.kind is not Kind.TEXT or tx.ctx.book.lexicon(tx.now).answer(inbound.text, ["agree"]) is None:
        return False
    assert who.participant_id is not None
    begin = await linking.welcome(tx, who, who.participant_id)
    await conversing.begin(tx, who, begin.script, begin.slots, Delivery(inbox_id))
    return True
