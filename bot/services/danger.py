"""Danger words act first: the fixed text goes back and staff are told in the transaction that accepts the message.

Quiet hours, consent and pauses do not bind this. It never judges, and never says that something is harmless.
"""

from __future__ import annotations

import re

from bot.dialogue.notes import DangerConfirmed
from bot.dialogue.turn import Phrase
from bot.messages import Inbound, Kind
from bot.services import alert_life, outbox, people, sealing
from bot.services.alert_life import WORSE
from bot.services.alerts import Cause, raise_alert
from bot.services.author import act
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.outbox import Lane
from bot.services.people import Who
from bot.symptoms.danger import Danger
from bot.symptoms.freetext import read, scan

TEXTS = {"emergency": "danger.emergency", "urgent": "danger.urgent"}
TEXTS_WITHOUT_SITE = {"emergency": "danger.emergency_no_site", "urgent": "danger.urgent_no_site"}
# Nothing but a figure answers the check, which goes on to ask where it was measured: 37.8 is a fever from the armpit
# only. From 38.0 it is one wherever it was measured, and acts at once.
FIGURE = re.compile(r"[\s0-9\uFF10-\uFF19.\uFF0E度℃零一二三四五六七八九十点]+")
SPOKEN = (Kind.TEXT, Kind.EDITED, Kind.MEDIA)  # a picture may carry words under it


def heard(tx: Tx, inbound: Inbound) -> tuple[Danger, ...]:
    """What danger the words speak of, worst first; nothing for taps and invitations."""
    if inbound.kind not in SPOKEN or not inbound.text:
        return ()
    if FIGURE.fullmatch(inbound.text):
        return scan(inbound.text, tx.ctx.book.danger(tx.now)[1])
    return read(inbound.text, tx.ctx.book.words(tx.now)).dangers


def stated(found: tuple[Danger, ...]) -> Danger | None:
    return next((danger for danger in found if danger.certainty == "stated"), None)


def of_amounts(tx: Tx, said: Danger | None) -> bool:
    """Whether it is one dose too many that was told (RF-14)."""
    rules = tx.ctx.book.danger(tx.now)[1].rules
    return said is not None and any(rule.id == said.rule_id and rule.flag == "RF-14" for rule in rules)


def worse_in_doubt(found: tuple[Danger, ...], said: Danger) -> bool:
    """Something urgent was answered, and something worse was said doubtfully: that has still to be asked."""
    return any(one.certainty == "doubtful" and WORSE[one.tier] < WORSE[said.tier] for one in found)


async def respond(tx: Tx, contact_id: int, inbound: Inbound, inbox_id: int) -> None:
    danger = stated(heard(tx, inbound))
    if danger is not None:
        await _act(tx, await people.by_contact(tx, contact_id), danger, inbound.text, inbox_id)


async def confirmed(tx: Tx, who: Who, note: DangerConfirmed, inbox_id: int | None) -> Done:
    """It was said doubtfully, asked back, and it is happening now."""
    found = read(note.words, tx.ctx.book.words(tx.now)).dangers
    if found:
        await _act(tx, who, min(found, key=lambda danger: WORSE[danger.tier]), note.words, inbox_id)
    return NOTHING


async def _act(tx: Tx, who: Who, danger: Danger, words: str, inbox_id: int | None) -> None:
    await answer(tx, who, danger.tier, inbox_id)
    if who.participant_id is None:
        return
    await alert_life.reopen_milder(tx, who.participant_id, danger.tier)
    await raise_alert(
        tx,
        Cause(
            who.participant_id,
            "danger",
            danger.tier,
            f"{danger.rule_id}@{danger.version}",
            f"danger:{act(inbox_id)}",
            definition=tx.ctx.book.words_hash(danger.rule_id, tx.now),
            inbox_id=inbox_id,
            words_sealed=await sealing.seal(tx, who.key_id, "note", words),
        ),
    )


async def answer(tx: Tx, who: Who, tier: str, inbox_id: int | None, of: str = "") -> None:
    """The fixed text of that urgency, once for one message, or once for what it is `of`."""
    text_id = (TEXTS if who.site_phone else TEXTS_WITHOUT_SITE)[tier]
    await outbox.reply(
        tx,
        who,
        [Phrase(text_id, {"site_phone": who.site_phone})],
        inbox_id,
        purpose="emergency",
        lane=Lane.ALERT,
        unique_key=f"danger:{of or act(inbox_id)}",
        repeat_if_unknown=True,
    )
