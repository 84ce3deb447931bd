"""When not to talk on: the study is over for this person, words belong on the page, consent is missing.

Danger words were answered before any of this, when the message was accepted.
"""

from __future__ import annotations

from bot.dialogue.turn import Phrase
from bot.messages import Choice, Inbound, Kind
from bot.services import conversing, danger, linking, outbox, people, talks, timeline
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who


async def closed_to(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> str | None:
    """The word for the record when the message was answered here; None to talk on."""
    answered = danger.stated(danger.heard(tx, inbound)) is not None
    values = {"site_phone": who.site_phone}
    assert who.participant_id is not None
    if await timeline.status(tx, who.participant_id) == "ended":
        return await _close_with(tx, who, "ended", Phrase("reply.ended", values), inbox_id, answered)
    if who.channel == "telegram" and who.telegram_mode != "full" and await people.has_consent(tx, who):
        return await _to_the_page(tx, who, inbox_id, answered)
    if await people.has_consent(tx, who) or await _in_welcome(tx, who):
        return None
    if await _agrees_after_all(tx, who, inbound, inbox_id):
        return "welcome"
    return await _close_with(tx, who, "no_consent", Phrase("reply.no_consent", values), inbox_id, answered)


async def _close_with(tx: Tx, who: Who, outcome: str, phrase: Phrase, inbox_id: int, answered: bool) -> str:
    if not answered:
        await outbox.reply(tx, who, [phrase], inbox_id)
    return outcome


async def _to_the_page(tx: Tx, who: Who, inbox_id: int, answered: bool) -> str:
    """The site lets Telegram carry neutral notices only: words belong on the page."""
    if not answered:
        label = tx.ctx.wording.text(who.language, Phrase("push.open_page"))
        choice = Choice(label, url=f"{tx.ctx.addresses.public_url}/chat")
        await outbox.reply(tx, who, [Phrase("reply.use_page")], inbox_id, choices=(choice,))
    return "use_page"


async def _in_welcome(tx: Tx, who: Who) -> bool:
    row = await talks.latest_open(tx, who)
    talk = await talks.talk_of(tx, row) if row is not None else None
    return talk is not None and talk.script.name == "welcome"


async def _agrees_after_all(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> bool:
    """A refusal is respected and never asked about again; the person may come back to it."""
    if inbound.kind is not Kind.TEXT or tx.ctx.book.lexicon(tx.now).answer(inbound.text, ["agree"]) is None:
        return False
    assert who.participant_id is not None
    begin = await linking.welcome(tx, who, who.participant_id)
    await conversing.begin(tx, who, begin.script, begin.slots, Delivery(inbox_id))
    return True
