"""What was said at the edge of a cycle: kept, told to staff where something does not fit, and asked about further."""

from __future__ import annotations

import dataclasses
from datetime import date

from sqlalchemy import insert

from bot.db.doses import EdgeAnswer
from bot.dialogue.notes import EdgeAnswered
from bot.services import unplanned_doses
from bot.services.alerts import Cause, raise_alert
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.done import NOTHING, Begin, Done
from bot.services.people import Who
from bot.services.timeline import load


async def answered(tx: Tx, who: Who, note: EdgeAnswered, inbox_id: int | None) -> Done:
    """Capsules left over stand in the digest. Who took something is asked which and when, as for every unplanned dose."""
    assert who.participant_id is not None
    kind, cycle = str(note.edge["kind"]), int(str(note.edge["cycle"]))
    number = await tx.scalar(
        insert(EdgeAnswer)
        .values(
            participant_id=who.participant_id,
            kind=kind,
            cycle=cycle,
            due_on=date.fromisoformat(str(note.edge["due_on"])),
            capsules_left=note.answer or None,
            taken=note.taken or None,
            recorded_at=tx.now,
            **dataclasses.asdict(Author.of(who, inbox_id)),
        )
        .returning(EdgeAnswer.edge_answer_id)
    )
    of_participant(tx, who.participant_id, who.actor, "edge_answered", answer=number, kind=kind, cycle=cycle)
    if note.answer == "yes":
        key = f"capsules_left:{who.participant_id}:{cycle}"
        await raise_alert(
            tx,
            Cause(who.participant_id, "capsules_left", "routine", "capsules_left@1", key, inbox_id=inbox_id),
        )
    if note.taken != "yes":
        return NOTHING
    course = await load(tx, who.participant_id)
    return Done(begin=Begin("unplanned", unplanned_doses.slots(tx, course, who)))
