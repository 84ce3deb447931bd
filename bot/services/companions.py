"""What staff set for one participant beside the study drugs, and what was answered about it."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

from sqlalchemy import Executable, Row, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.built import built
from bot.db.companions import CompanionAnswer, CompanionChoice
from bot.dialogue.notes import CompanionAnswered
from bot.errors import Refused
from bot.services.alerts import Cause, raise_alert
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.locking import lock_participant
from bot.services.people import Who

MEDICINES = ("acyclovir", "aspirin", "tmp_smx")
MATTERS = (*MEDICINES, "contraception", "pregnancy_test")
TELL_STAFF = {"stopped": "companion_stopped", "something_new": "new_medicine"}


async def choices(tx: Tx, participant_id: int) -> dict[str, Row[Any]]:
    """The latest row of each matter."""
    return {row.matter: row for row in await tx.all(_chosen(participant_id))}


@built
def _chosen(participant_id: Any) -> Executable:
    return (
        select(CompanionChoice)
        .ext(distinct_on(CompanionChoice.matter))
        .where(CompanionChoice.participant_id == participant_id)
        .order_by(CompanionChoice.matter, CompanionChoice.companion_choice_id.desc())
    )


async def medicines(tx: Tx, participant_id: int) -> list[str]:
    """Those that are on, in a fixed order."""
    known = await choices(tx, participant_id)
    return [name for name in MEDICINES if name in known and known[name].choice == "on"]


async def traits(tx: Tx, participant_id: int) -> frozenset[str]:
    """The words by which a study's rules ask for whom they are."""
    found = {name for name, row in (await choices(tx, participant_id)).items() if row.choice == "on"}
    return frozenset(found | ({"prophylaxis"} if found & set(MEDICINES) else set()))


async def choose(tx: Tx, participant_id: int, matter: str, choice: str, since: date, author: Author) -> None:
    """Raises Refused for a matter or a choice that there is not. The same again writes nothing."""
    await lock_participant(tx, participant_id)
    if matter not in MATTERS or choice not in ("on", "off"):
        raise Refused("console.companion.choose")
    before = (await choices(tx, participant_id)).get(matter)
    if (before.choice if before else "off") == choice:
        return
    await tx.execute(
        insert(CompanionChoice).values(
            participant_id=participant_id,
            matter=matter,
            choice=choice,
            since=since,
            recorded_at=tx.now,
            **dataclasses.asdict(author),
        )
    )
    of_participant(tx, participant_id, author.recorded_by, f"companion_{choice}", matter=matter)


async def answered(tx: Tx, who: Who, note: CompanionAnswered, inbox_id: int | None) -> Done:
    """Kept; a medicine stopped or something new stands in the digest, for the nurse and the pharmacist."""
    assert who.participant_id is not None
    due_on = date.fromisoformat(str(note.about["due_on"]))
    number = await tx.scalar(
        insert(CompanionAnswer)
        .values(
            participant_id=who.participant_id,
            matter=note.matter,
            due_on=due_on,
            answer=note.answer,
            recorded_at=tx.now,
            **dataclasses.asdict(Author.of(who, inbox_id)),
        )
        .returning(CompanionAnswer.companion_answer_id)
    )
    of_participant(tx, who.participant_id, who.actor, "companion_answered", answer=number, matter=note.matter)
    kind = TELL_STAFF.get(note.answer)
    if kind is not None:
        key = f"{kind}:{who.participant_id}:{note.matter}:{due_on.isoformat()}"
        await raise_alert(tx, Cause(who.participant_id, kind, "routine", f"{kind}@1", key, inbox_id=inbox_id))
    return NOTHING
