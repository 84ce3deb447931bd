"""What answers about symptoms lead to: staff told at the answer itself, provisional grades and one report at the end.

Rules decide and are named with everything they cause. A patient reads fixed texts only, and never a grade.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Executable, Row, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.alerts import Alert
from bot.db.built import built
from bot.db.conversations import Conversation, Question
from bot.db.symptoms import SymptomCheck, SymptomReport
from bot.db.timers import Timer
from bot.dialogue.notes import SymptomsAnswered, SymptomsReported, SymptomsWanted
from bot.dialogue.ticking import ticked
from bot.dialogue.turn import Phrase
from bot.services import outbox, prompting, sealing, talks, telephones, timeline, timers
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.outbox import Lane
from bot.services.people import Who
from bot.services.symptom_alerts import raise_for
from bot.services.symptom_assessing import Assessed, assess, keep_grades
from bot.services.symptom_slots import SCRIPT, TOPIC, begin_told
from bot.services.talks import Talk
from bot.symptoms.questionnaire import LEFT, Questionnaire
from bot.symptoms.triage import SPOKEN, URGENCIES, Hit

LEFT_KIND = "symptom_left"
LEFT_AFTER = timedelta(minutes=60)
LEFT_LIVES = timedelta(days=30)  # however long nothing ran: staff hear of it afterwards


async def wanted(tx: Tx, who: Who, note: SymptomsWanted, inbox_id: int | None) -> Done:
    return Done(begin=await begin_told(tx, who, note.occasion, note.symptoms))


async def answered(tx: Tx, who: Who, note: SymptomsAnswered, inbox_id: int | None) -> Done:
    """Staff hear of an urgent answer before the next question is asked; the person is told what to do.

    What is marked on a screen may still be taken back: it is looked at when it is sent off, or left.
    """
    assert who.participant_id is not None
    if not note.sent:
        await _watch(tx, who, note.check)
        return NOTHING
    assessed = await assess(tx, who.participant_id, note.check, note.answers)
    hits = tuple(hit for hit in assessed.hits if hit.urgency in SPOKEN)
    raised = await raise_for(tx, who, note.check, note.answers, assessed, hits, inbox_id)
    for hit in raised:
        await _tell(tx, who, note.check, hit, inbox_id)
    if assessed.check.unanswered(note.answers):
        await _watch(tx, who, note.check)
    return Done("call_first" if any(hit.urgency == "emergency" for hit in raised) else "go_on")


async def reported(tx: Tx, who: Who, note: SymptomsReported, inbox_id: int | None) -> Done:
    """The check is over: its one row, its grades, what stands in the digest, and nobody is asked for this week again.

    One that was left off, for whatever reason, is looked at as one that is left: an open question is not a mild answer.
    """
    assert who.participant_id is not None
    assessed, answers = await assess(tx, who.participant_id, note.check, note.answers), note.answers
    await _write(tx, who, note, assessed, inbox_id)
    if not note.complete:
        answers = with_left(assessed.check, note.answers)
        assessed = await assess(tx, who.participant_id, note.check, answers)
    hits = tuple(hit for hit in assessed.hits if hit.urgency != "none")
    await raise_for(tx, who, note.check, answers, assessed, hits, inbox_id, over=True)
    topic = f"{TOPIC}{note.check['report']}"
    await timers.cancel(tx, who.participant_id, ("symptom_close",), topic)
    await timers.cancel(tx, who.participant_id, (LEFT_KIND,), f"{topic}:")
    if note.complete and note.check["due_on"]:
        talk = await tx.scalar(select(Conversation.conversation_id).where(Conversation.topic == topic))
        await week_answered(tx, who, date.fromisoformat(note.check["due_on"]), talk)
    return NOTHING


async def left(tx: Tx, who: Who, talk: Talk) -> int:
    """What is known of a check that stands open, the rest as left: how many alerts staff get of it.

    What is marked on the open screen and not sent off is known, too.
    """
    assert who.participant_id is not None
    slots: dict[str, Any] = dict(talk.state.slots)
    about = slots["check"]
    check = tx.ctx.book.questionnaire_by_hash(about["definition"])
    answers = with_left(check, slots["answers"] | ticked(slots))
    assessed = await assess(tx, who.participant_id, about, answers)
    hits = tuple(hit for hit in assessed.hits if hit.urgency in SPOKEN)
    return len(await raise_for(tx, who, about, answers, assessed, hits, None))


def with_left(check: Questionnaire, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The same answers, and that every other question about what was ticked was left open."""
    return {**answers, **dict.fromkeys(check.unanswered(answers), LEFT)}


async def _tell(tx: Tx, who: Who, about: Mapping[str, Any], hit: Hit, inbox_id: int | None) -> None:
    """The fixed text: for an emergency each time, that the nurse knows once a check. Not what danger words just said."""
    if not hit.patient:
        return  # found by what staff entered, not by what was said
    spoken = await tx.scalar(select(Alert.tier).where(Alert.unique_key == f"danger:{inbox_id}"))
    if spoken is not None and URGENCIES.index(spoken) <= URGENCIES.index(hit.urgency):
        return
    emergency = hit.urgency == "emergency"
    text_id = hit.patient if who.site_phone else "danger.emergency_no_site"
    await outbox.reply(
        tx,
        who,
        [Phrase(text_id, {"site_phone": who.site_phone})],
        inbox_id,
        purpose="emergency" if emergency else "reply",
        lane=Lane.ALERT if emergency else Lane.REPLY,
        unique_key=f"symptom:{about['report']}:{hit.key if emergency else hit.urgency}",
        repeat_if_unknown=emergency,
    )


async def _watch(tx: Tx, who: Who, about: Mapping[str, Any]) -> None:
    """Something was ticked and is still to be asked about: if nothing follows, staff hear of what is known."""
    assert who.participant_id is not None
    topic = f"{TOPIC}{about['report']}"
    if await tx.scalar(_watched(who.participant_id, topic)) is not None:
        return
    due_at = tx.now + await left_after(tx, who.participant_id)
    # Whoever went on after an hour and left again is watched anew, under a key of its own.
    key = f"{topic}:{tx.now.isoformat(timespec='seconds')}"
    await timers.set_timer(
        tx, LEFT_KIND, key, who.participant_id, due_at, due_at + LEFT_LIVES, {"topic": topic}
    )


async def left_after(tx: Tx, participant_id: int) -> timedelta:
    """How long what was ticked may stand without the next answer."""
    rule = (await timeline.load(tx, participant_id)).study.symptom_check
    return timedelta(minutes=rule.left_minutes) if rule else LEFT_AFTER


@built
def _watched(participant_id: Any, topic: Any) -> Executable:
    mine = select(Timer.timer_id).where(Timer.participant_id == participant_id, Timer.kind == LEFT_KIND)
    return mine.where(Timer.state == "waiting", Timer.payload["topic"].astext == topic).limit(1)


async def _write(tx: Tx, who: Who, note: SymptomsReported, assessed: Assessed, inbox_id: int | None) -> None:
    about, participant_id = note.check, who.participant_id
    due_on = date.fromisoformat(about["due_on"]) if about["due_on"] else None
    author = dataclasses.replace(Author.of(who, inbox_id), as_whom=note.respondent or who.as_whom)
    talk = await tx.scalar(
        select(Conversation.conversation_id).where(
            Conversation.topic == f"{TOPIC}{about['report']}", Conversation.participant_id == participant_id
        )
    )
    await tx.execute(
        insert(SymptomReport).values(
            symptom_report_id=about["report"],
            participant_id=participant_id,
            conversation_id=talk,
            questionnaire=about["questionnaire"],
            definition=about["definition"],
            occasion=about["occasion"],
            due_on=due_on,
            answers=assessed.check.clean(note.answers),
            complete=note.complete,
            recorded_at=tx.now,
            note_sealed=await sealing.seal(tx, who.key_id, "note", note.words) if note.words else None,
            **dataclasses.asdict(author),
        )
    )
    assert participant_id is not None
    await keep_grades(tx, about["report"], participant_id, assessed, author.as_whom)
    of_participant(
        tx, participant_id, who.actor, "symptoms_reported", report=about["report"], complete=note.complete
    )


async def week_answered(tx: Tx, who: Who, due_on: date, talk: int | None) -> None:
    """Nobody is asked for this week any more. `talk`: the conversation that answered it; None: a call by phone."""
    assert who.participant_id is not None
    key = f"{who.participant_id}:{due_on.isoformat()}"
    await timers.cancel(tx, who.participant_id, ("symptom_check", "symptom_nudge"), key)
    await tx.execute(
        upsert(SymptomCheck)
        .values(participant_id=who.participant_id, due_on=due_on, conversation_id=talk, asked_at=tx.now)
        .on_conflict_do_nothing(index_elements=["participant_id", "due_on"])
    )
    for row in await _asked_elsewhere(tx, who):
        # Whatever another has told of it until now is not undone by the week being answered.
        for contact_id, other in await talks.open_about(tx, who.participant_id, row.topic):
            await left(tx, await telephones.in_talk(tx, contact_id, other.between), other)
        await prompting.answered_elsewhere(tx, who, row.token, row.correspondent_id, "reported")


async def _asked_elsewhere(tx: Tx, who: Who) -> list[Row[Any]]:
    """Another of the participant's people who was asked the same."""
    return await tx.all(
        select(Question.token, Question.correspondent_id, Conversation.topic)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == who.participant_id, Question.state == "open")
        .where(Conversation.script == SCRIPT, Question.correspondent_id != who.correspondent_id)
    )
