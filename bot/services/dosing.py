"""Record what was said about a dose, and what the study's rules make of it. A correction is a new row beside the old."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Executable, Row, exists, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import aliased

from bot.db.built import built
from bot.db.conversations import Conversation, Question
from bot.db.doses import DoseEvent, DosePrompt, DoseReport
from bot.db.regimens import Hold
from bot.dialogue.notes import DoseDeferred, DoseReported, HoldClaimed
from bot.dialogue.turn import Phrase, Say
from bot.services import excess_doses, planning, prompting, sealing, symptom_plan, timers
from bot.services.alerts import Cause, raise_alert
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.judging import latest, rejudge
from bot.services.not_now import late_decision
from bot.services.people import Who
from bot.services.timeline import Course, load
from schedules.dosing import Lateness, closes_at, late_text
from schedules.regimen import is_held

FOLLOWERS = ("nudge", "followup", "later")


async def reported(tx: Tx, who: Who, note: DoseReported, inbox_id: int | None) -> Done:
    """A dose was taken or not. After "not taken" the study's own words about a late dose follow."""
    assert who.participant_id is not None
    course = await load(tx, who.participant_id)
    dose = await _dose(tx, who.participant_id, int(note.dose_id))
    note = _no_less(note, await latest(tx, dose.dose_id))
    if await _says_nothing_new(tx, dose, note):
        return NOTHING
    await record(tx, course, dose, note, Author.of(who, inbox_id), who)
    await _close_elsewhere(tx, who, dose.dose_id, note)
    if note.status == "taken" or note.claim:
        return NOTHING
    return Done(says=await _late_words(tx, course, dose, who, note))


def _no_less(note: DoseReported, told: Row[Any] | None) -> DoseReported:
    """More that was told stays told: "taken" afterwards says when, not how many. Staff correct what was a mistake."""
    if told is None or told.status != "taken" or note.status != "taken" or told.quantity <= note.quantity:
        return note
    return dataclasses.replace(note, quantity=told.quantity)


async def _says_nothing_new(tx: Tx, dose: Row[Any], note: DoseReported) -> bool:
    """Silence after a tap: the tap itself is on record, and there is neither an hour nor a reason to add."""
    if note.taken_at is not None or note.reason is not None or note.words:
        return False
    told = await latest(tx, dose.dose_id)
    return told is not None and (told.status, told.quantity) == (note.status, note.quantity)


async def record(
    tx: Tx, course: Course, dose: Row[Any], note: DoseReported, author: Author, who: Who | None
) -> int | None:
    """Write the report and the judgement that follows. None when this very message said it before."""
    earlier = await latest(tx, dose.dose_id)
    words = await sealing.seal(tx, who.key_id, "note", note.words) if note.words and who else None
    report_id: int | None = await tx.scalar(
        upsert(DoseReport)
        .values(
            participant_id=course.participant_id,
            dose_id=dose.dose_id,
            drug=dose.drug,
            status=note.status,
            taken_at=note.taken_at,
            precision=note.precision,
            quantity=note.quantity,
            supersedes=earlier.dose_report_id if earlier else None,
            recorded_at=tx.now,
            reason=note.reason,
            note_sealed=words,
            **dataclasses.asdict(author),
        )
        .on_conflict_do_nothing(index_elements=["inbox_id", "dose_id"])
        .returning(DoseReport.dose_report_id)
    )
    if report_id is None:
        return None
    of_participant(
        tx, course.participant_id, author.recorded_by, "dose_reported", dose=dose.dose_id, report=report_id
    )
    await rejudge(tx, course, dose)
    if not note.claim:  # of which when or why is still asked, and may be reminded of
        await _stop_reminding(tx, course, dose)
    told_before = earlier is not None and (earlier.status, earlier.quantity) == ("taken", note.quantity)
    if note.status == "taken" and not (note.quantity > 1 and told_before):
        await excess_doses.look(tx, course, report_id, who, author.inbox_id)
    return report_id


async def _dose(tx: Tx, participant_id: int, dose_id: int) -> Row[Any]:
    """The dose, if it is this participant's: an id from a saved state is believed, one of another person never."""
    return (await tx.execute(_event(dose_id, participant_id))).one()


@built
def _event(dose_id: Any, participant_id: Any) -> Executable:
    return select(DoseEvent).where(DoseEvent.dose_id == dose_id, DoseEvent.participant_id == participant_id)


async def _stop_reminding(tx: Tx, course: Course, dose: Row[Any]) -> None:
    """Nobody is reminded of what is answered; of several doses asked about together, only when all of them are."""
    due_at: datetime = dose.due_at
    near = (due_at - planning.ASKABLE, due_at + planning.ASKABLE)
    about = (course.participant_id, *near, due_at, planning.topic(due_at))
    untold = {row.due_at for row in await tx.all(_untold(*about))}
    if not untold:
        key = planning.prompt_key(course.participant_id, due_at)
        await timers.cancel(tx, course.participant_id, FOLLOWERS, key)
    if due_at not in untold:
        await symptom_plan.follow_dose(tx, course.participant_id)


def _told(dose_id: Any) -> ColumnElement[bool]:
    return exists(literal(1)).where(DoseReport.dose_id == dose_id)


@built
def _untold(participant_id: Any, since: Any, until: Any, due_at: Any, topic: Any) -> Executable:
    """Of this hour, or of another and asked about with the doses of this hour."""
    beside = (
        select(DosePrompt.dose_id)
        .join(Conversation, Conversation.conversation_id == DosePrompt.conversation_id)
        .where(DosePrompt.dose_id == DoseEvent.dose_id, Conversation.topic == topic)
        .correlate_except(DosePrompt, Conversation)  # asked for many at once, each has its own topic
        .exists()
    )
    return (
        select(DoseEvent.due_at)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at > since, DoseEvent.due_at < until, ~_told(DoseEvent.dose_id))
        .where(or_(DoseEvent.due_at == due_at, beside))
    )


async def _close_elsewhere(tx: Tx, who: Who, dose_id: int, note: DoseReported) -> None:
    """Wherever else the same is asked it shows that it is recorded: with somebody else, or with the same person, who
    told it by a correction. A question of his own that also asks about another drug stays open for that."""
    for row in await tx.all(_asked_elsewhere(dose_id, who.correspondent_id)):
        await prompting.answered_elsewhere(tx, who, row.token, row.correspondent_id, note.status)


@built
def _asked_elsewhere(dose_id: Any, correspondent_id: Any) -> Executable:
    of_another = aliased(DosePrompt)
    untold = exists(literal(1)).where(
        of_another.conversation_id == Question.conversation_id, ~_told(of_another.dose_id)
    )
    return (
        select(Question.token, Question.correspondent_id)
        .join(DosePrompt, DosePrompt.conversation_id == Question.conversation_id)
        .where(DosePrompt.dose_id == dose_id, Question.state == "open")
        .where(or_(Question.correspondent_id != correspondent_id, ~untold))
    )


async def _late_words(
    tx: Tx, course: Course, dose: Row[Any], who: Who, note: DoseReported
) -> tuple[Say, ...]:
    """The study's fixed text for a dose that was not taken and is still asked about. Before it is due nothing is late.

    None after "told to stop" and "felt ill": a person who knows why looks at it first. Whoever has no medicine is never
    told that it can still be taken.
    """
    drug = course.study.drugs[dose.drug]
    if note.reason in ("told_to_stop", "ill") or not dose.due_at <= tx.now < closes_at(drug, dose.due_at):
        return ()
    decision = await late_decision(tx, course, dose.drug, dose.due_at)
    if decision is None or (decision is Lateness.TAKE and note.reason == "no_medicine"):
        return ()
    text_id = late_text(drug, decision)
    return (Say((Phrase(text_id, {"site_phone": who.site_phone}),)),) if text_id else ()


async def deferred(tx: Tx, who: Who, note: DoseDeferred, inbox_id: int | None) -> Done:
    """Ask again a little later, once for all that was put off at the same moment."""
    assert who.participant_id is not None
    course = await load(tx, who.participant_id)
    dose = await _dose(tx, who.participant_id, int(note.dose_id))
    at = tx.now + timedelta(minutes=course.study.prompts.later_minutes)
    limit = closes_at(course.study.drugs[dose.drug], dose.due_at)
    key = f"{planning.prompt_key(who.participant_id, dose.due_at)}:{dose.dose_id}:{_stamp(tx.now)}"
    await timers.set_timer(tx, "later", key, who.participant_id, at, limit, {"doses": [dose.dose_id]})
    return NOTHING


def _stamp(now: datetime) -> str:
    return now.isoformat(timespec="seconds")


async def hold_claimed(tx: Tx, who: Who, note: HoldClaimed, inbox_id: int | None) -> Done:
    """Told to stop: a claim that the site confirms or not. Until then prompts of this drug are questions.

    Where the site has stopped it already there is nothing to confirm.
    """
    assert who.participant_id is not None
    if is_held((await load(tx, who.participant_id)).timeline, note.drug, tx.now):
        return NOTHING
    hold_id = await tx.scalar(
        insert(Hold)
        .values(
            participant_id=who.participant_id,
            drug=note.drug,
            effective_from=tx.now,
            confirmed=False,
            recorded_at=tx.now,
            reason="told_to_stop",
            **dataclasses.asdict(Author.of(who, inbox_id)),
        )
        .returning(Hold.hold_id)
    )
    of_participant(tx, who.participant_id, who.actor, "hold_claimed", hold=hold_id, drug=note.drug)
    cause = Cause(
        who.participant_id,
        "hold_claimed",
        "urgent",
        "hold_claimed@1",
        f"hold:{hold_id}",
        inbox_id=inbox_id,
        hold_id=hold_id,
    )
    await raise_alert(tx, cause)
    return NOTHING
