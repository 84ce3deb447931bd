"""What staff set for one participant beside the study drugs, and what was answered about it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Executable, Row, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.built import built
from bot.db.companions import CompanionAnswer, CompanionChoice
from bot.dialogue.notes import CompanionAnswered
from bot.errors import Refused
from bot.services import timeline
from bot.services.alerts import Cause, raise_alert
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.locking import lock_participant
from bot.services.people import Who
from schedules.companions import MATTERS, MEDICINES, RHYTHMS
from schedules.localtime import instant, local

LATEST = timedelta(days=92)
TELL_STAFF = {"stopped": "companion_stopped", "something_new": "new_medicine"}


@dataclass(frozen=True, slots=True)
class NewChoice:
    """What staff choose of one matter. `since`: when the medicine was begun, None is today, where the person lives;
    `starts_on`: None is at once."""

    matter: str
    choice: str
    since: date | None = None
    rhythm: str = "weekly"
    starts_on: date | None = None

    def same_as(self, choice: str, rhythm: str) -> bool:
        return choice == self.choice and (choice == "off" or rhythm == self.rhythm)


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


async def choose(tx: Tx, participant_id: int, new: NewChoice, author: Author) -> None:
    """Raises Refused for what there is not, and for a change of the past. The same again writes nothing."""
    await lock_participant(tx, participant_id)
    rhythms = RHYTHMS if new.matter in MEDICINES else ("weekly",)
    if new.matter not in MATTERS or new.choice not in ("on", "off") or new.rhythm not in rhythms:
        raise Refused("console.companion.choose")
    zone = (await timeline.load(tx, participant_id)).zone
    effective_from = _effective_from(tx, zone, new.starts_on)
    before = (await choices(tx, participant_id)).get(new.matter)
    if new.same_as(before.choice if before else "off", before.rhythm if before else "weekly"):
        return
    await tx.execute(
        insert(CompanionChoice).values(
            participant_id=participant_id,
            matter=new.matter,
            choice=new.choice,
            rhythm=new.rhythm,
            effective_from=effective_from,
            since=new.since or local(tx.now, zone).date(),
            recorded_at=tx.now,
            **dataclasses.asdict(author),
        )
    )
    how = {"rhythm": new.rhythm} if new.matter in MEDICINES and new.choice == "on" else {}
    of_participant(
        tx, participant_id, author.recorded_by, f"companion_{new.choice}", matter=new.matter, **how
    )


def _effective_from(tx: Tx, zone: str, on: date | None) -> datetime:
    """The beginning of a day to come, or this moment."""
    today = local(tx.now, zone).date()
    if on is None or on == today:
        return tx.now
    if not today < on <= today + LATEST:
        raise Refused("console.companion.when")
    return instant(on, time(0), zone)


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
