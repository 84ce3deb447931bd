"""Symptoms told in words that nobody asked for: passed on to staff, and asked on about if the person wants.

What must not wait was acted on when the message was accepted (danger.py). A grade is never read from words.
"""

from __future__ import annotations

from bot.dialogue.turn import JSON, Phrase
from bot.services import conversing, outbox, rule_sets
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who
from bot.services.symptom_relay import pass_on
from bot.symptoms.freetext import Heard, read


async def told(tx: Tx, who: Who, words: str, delivery: Delivery) -> bool:
    """Whether the words tell of a symptom; then it is passed on, or asked first whose it is."""
    heard = read(words, tx.ctx.book.words(tx.now))
    if not heard.codes:
        return False
    if heard.kin and who.as_whom == "self":
        await _begin(tx, who, words, heard, "sure", delivery)
        return True
    await pass_on(tx, who, words, heard, delivery.inbox_id)
    await ask_on(tx, who, words, heard, delivery)
    return True


async def ask_on(tx: Tx, who: Who, words: str, heard: Heard, delivery: Delivery) -> None:
    """The check's questions about what was told, where it has some."""
    if await _items(tx, who, heard):
        await _begin(tx, who, words, heard, "more", delivery)
    elif heard.urgency == "routine":
        values = {"site_phone": who.site_phone}
        await outbox.reply(tx, who, [Phrase("told.passed_on", values)], delivery.inbox_id)


async def _begin(tx: Tx, who: Who, words: str, heard: Heard, mode: str, delivery: Delivery) -> None:
    items = await _items(tx, who, heard)
    slots: dict[str, JSON] = {
        "mode": mode,
        "items": [{"label": label} for label in items.values()],
        "symptoms": list(items),
        "symptoms_are": "some" if items else "none",
        "words": words,
        "site_phone": who.site_phone,
    }
    await conversing.begin(tx, who, "told", slots, delivery)


async def _items(tx: Tx, who: Who, heard: Heard) -> dict[str, str]:
    """The check's symptoms that ask on about what was told, with their labels, in the check's order."""
    assert who.participant_id is not None
    _, check = await rule_sets.check_of(tx, who.participant_id)
    by_code = tx.ctx.book.words(tx.now).symptoms.check
    wanted = {by_code.get(code) for code in heard.codes}
    return {name: one.label for name, one in check.symptoms.items() if name in wanted}
