"""Pass on to staff what was told of symptoms in words, with its codes and under the rule that makes its urgency."""

from __future__ import annotations

from bot.dialogue.notes import SymptomsTold
from bot.services import sealing
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.people import Who
from bot.symptoms.freetext import Heard, read


async def confirmed(tx: Tx, who: Who, note: SymptomsTold, inbox_id: int | None) -> Done:
    """It was asked back, and it is the participant's."""
    await pass_on(tx, who, note.words, read(note.words, tx.ctx.book.words(tx.now)), inbox_id)
    return NOTHING


async def pass_on(tx: Tx, who: Who, words: str, heard: Heard, inbox_id: int | None) -> None:
    """One line of the digest, under the rule that makes the urgency; staff read the words and the codes."""
    assert who.participant_id is not None
    rule_id = heard.rule.partition("@")[0]
    note = f"{words}\n[{', '.join(heard.codes)}]"
    await raise_alert(
        tx,
        Cause(
            who.participant_id,
            "relay",
            heard.urgency if heard.urgency != "none" else "routine",
            heard.rule,
            f"relay:{inbox_id}:told",
            definition=tx.ctx.book.words_hash(rule_id, tx.now),
            inbox_id=inbox_id,
            words_sealed=await sealing.seal(tx, who.key_id, "note", note),
        ),
    )
