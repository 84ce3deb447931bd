"""What was answered to a licensed questionnaire. Scores go to reports and nowhere else: to no alert and to no patient."""

from __future__ import annotations

import dataclasses
from datetime import date

from sqlalchemy import insert

from bot.db.symptoms import ProResponse
from bot.dialogue.notes import ProReported
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.people import Who


async def reported(tx: Tx, who: Who, note: ProReported, inbox_id: int | None) -> Done:
    """One row of scores, under the hash of the wording that was shown. Nothing follows from them."""
    assert who.participant_id is not None
    wording = tx.ctx.book.pro_wording_by_hash(str(note.check["definition"]))
    scores = wording.scores(note.answers)
    if not scores and not note.complete:
        return NOTHING
    author = dataclasses.replace(Author.of(who, inbox_id), as_whom=note.respondent or who.as_whom)
    number = await tx.scalar(
        insert(ProResponse)
        .values(
            participant_id=who.participant_id,
            questionnaire=wording.name,
            definition=str(note.check["definition"]),
            due_on=date.fromisoformat(str(note.check["due_on"])),
            scores=scores,
            complete=note.complete,
            recorded_at=tx.now,
            **dataclasses.asdict(author),
        )
        .returning(ProResponse.pro_response_id)
    )
    of_participant(tx, who.participant_id, who.actor, "questionnaire_answered", response=number)
    return NOTHING
