"""What answers about symptoms lead to: staff told at the answer itself, provisional grades and one report at the end.

Rules decide and are named with everything they cause. A patient reads fixed texts only, and never a grade.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.alerts import Alert
from bot.db.conversations import Conversation, Question
from bot.db.symptoms import ProvisionalGrade, SymptomCheck, SymptomReport
from bot.dialogue.notes import SymptomsAnswered, SymptomsReported, SymptomsWanted
from bot.dialogue.turn import Phrase
from bot.services import alert_life, outbox, prompting, sealing, symptom_lines, timeline, timers
from bot.services.alerts import Cause, raise_alert
from bot.services.auditing import of_participant
from bot.services.context import Tx
from bot.services.done import NOTHING, Done
from bot.services.dosing import Author
from bot.services.outbox import Lane
from bot.services.people import Who
from bot.services.symptom_slots import SCRIPT, TOPIC, begin_told
from bot.symptoms.grading import Grade, grades
from bot.symptoms.questionnaire import Questionnaire
from bot.symptoms.triage import SPOKEN, URGENCIES, Hit, triage

LEFT_AFTER = timedelta(minutes=60)
LEFT_LIVES = timedelta(hours=12)


@dataclasses.dataclass(frozen=True, slots=True)
class Assessed:
    """A check under the rules of now. `earlier`: grades of the checks before, by the terms' names, the newest first."""

    check: Questionnaire
    hits: tuple[Hit, ...]
    grades: tuple[Grade, ...]
    earlier: Mapping[str, tuple[int, ...]]
    grading: str
    triage: str


async def wanted(tx: Tx, who: Who, note: SymptomsWanted, inbox_id: int | None) -> Done:
    return Done(begin=await begin_told(tx, who, note.occasion))


async def answered(tx: Tx, who: Who, note: SymptomsAnswered, inbox_id: int | None) -> Done:
    """Staff hear of an urgent answer before the next question is asked; the person is told what to do."""
    assert who.participant_id is not None
    assessed = await assess(tx, who.participant_id, note.check, note.answers)
    hits = tuple(hit for hit in assessed.hits if hit.urgency in SPOKEN)
    raised = await raise_for(tx, who, note.check, note.answers, assessed, hits, inbox_id)
    for hit in raised:
        await _tell(tx, who, note.check, hit, inbox_id)
    if assessed.check.unanswered(note.answers):
        await _watch(tx, who, note.check)
    return Done("call_first" if any(hit.urgency == "emergency" for hit in raised) else "go_on")


async def reported(tx: Tx, who: Who, note: SymptomsReported, inbox_id: int | None) -> Done:
    """The check is over: its one row, its grades, what stands in the digest, and nobody is asked for this week again."""
    assert who.participant_id is not None
    assessed = await assess(tx, who.participant_id, note.check, note.answers)
    await _write(tx, who, note, assessed, inbox_id)
    hits = tuple(hit for hit in assessed.hits if hit.urgency != "none")
    await raise_for(tx, who, note.check, note.answers, assessed, hits, inbox_id)
    topic = f"{TOPIC}{note.check['report']}"
    await timers.cancel(tx, who.participant_id, ("symptom_close", "symptom_left"), topic)
    if note.complete and note.check["due_on"]:
        talk = await tx.scalar(select(Conversation.conversation_id).where(Conversation.topic == topic))
        await week_answered(tx, who, date.fromisoformat(note.check["due_on"]), talk)
    return NOTHING


async def assess(
    tx: Tx, participant_id: int, about: Mapping[str, Any], answers: Mapping[str, Any]
) -> Assessed:
    check = tx.ctx.book.questionnaire_by_hash(about["definition"])
    grading_hash, grading = tx.ctx.book.grading(tx.now)
    triage_hash, rules = tx.ctx.book.triage(tx.now)
    earlier = await _earlier(tx, participant_id, about["report"])
    by_term = {grading.by_name[name]: grades for name, grades in earlier.items() if name in grading.by_name}
    hits = triage(rules, grading, check, answers, by_term)
    return Assessed(check, hits, grades(grading, check, answers), earlier, grading_hash, triage_hash)


async def _earlier(tx: Tx, participant_id: int, report: int) -> dict[str, tuple[int, ...]]:
    """The grades of each term that other checks have given, the newest first."""
    rows = await tx.all(
        select(ProvisionalGrade.term, ProvisionalGrade.grade)
        .where(ProvisionalGrade.participant_id == participant_id)
        .where(ProvisionalGrade.symptom_report_id != report)
        .order_by(ProvisionalGrade.provisional_grade_id.desc())
    )
    found: dict[str, tuple[int, ...]] = {}
    for row in rows:
        found[row.term] = (*found.get(row.term, ()), row.grade)
    return found


async def raise_for(
    tx: Tx,
    who: Who,
    about: Mapping[str, Any],
    answers: Mapping[str, Any],
    assessed: Assessed,
    hits: tuple[Hit, ...],
    inbox_id: int | None,
) -> list[Hit]:
    """Alerts for what staff do not know yet from this check; of one symptom only the first and what is worse."""
    assert who.participant_id is not None
    told = await _told(tx, about["report"], assessed.hits)
    raised: list[Hit] = []
    for hit in hits:
        if all(URGENCIES.index(hit.urgency) >= told.get(one, len(URGENCIES)) for one in hit.symptoms):
            continue
        if hit.urgency == "routine" and (told or raised):
            continue  # one line of the digest for a check
        lines = symptom_lines.lines(tx, await symptom_lines.language(tx, who), assessed.check, answers)
        cause = Cause(
            who.participant_id,
            "symptom",
            hit.urgency,  # type: ignore[arg-type]  # `none` was left out
            hit.rule,
            f"symptom:{about['report']}:{hit.key}",
            definition=assessed.triage,
            inbox_id=inbox_id,
            words_sealed=await sealing.seal(tx, who.key_id, "note", lines),
        )
        if await raise_alert(tx, cause) is not None:
            raised.append(hit)
            # What was taken in hand as milder is open again: somebody has to look anew.
            await alert_life.reopen_milder(tx, who.participant_id, hit.urgency)
        told |= {one: min(URGENCIES.index(hit.urgency), told.get(one, 9)) for one in hit.symptoms}
    return raised


async def _told(tx: Tx, report: int, hits: tuple[Hit, ...]) -> dict[str, int]:
    """The worst urgency that this check has raised for each symptom, as its place in URGENCIES."""
    rows = await tx.all(
        select(Alert.unique_key, Alert.tier).where(Alert.unique_key.startswith(f"symptom:{report}:"))
    )
    known = {f"symptom:{report}:{hit.key}": hit for hit in hits}
    told: dict[str, int] = {}
    for row in rows:
        for one in known[row.unique_key].symptoms if row.unique_key in known else ():
            told[one] = min(URGENCIES.index(row.tier), told.get(one, len(URGENCIES)))
    return told


async def _tell(tx: Tx, who: Who, about: Mapping[str, Any], hit: Hit, inbox_id: int | None) -> None:
    """The fixed text: for an emergency each time, that the nurse knows once a check. Not what danger words just said."""
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
    rule = (await timeline.load(tx, who.participant_id)).study.symptom_check
    due_at = tx.now + (timedelta(minutes=rule.left_minutes) if rule else LEFT_AFTER)
    topic = f"{TOPIC}{about['report']}"
    await timers.set_timer(
        tx, "symptom_left", topic, who.participant_id, due_at, due_at + LEFT_LIVES, {"topic": topic}
    )


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
    if assessed.grades:
        rows = [grade_row(tx, about["report"], participant_id, one, assessed) for one in assessed.grades]
        await tx.execute(insert(ProvisionalGrade), rows)
    assert participant_id is not None
    of_participant(
        tx, participant_id, who.actor, "symptoms_reported", report=about["report"], complete=note.complete
    )


def grade_row(
    tx: Tx, report: int, participant_id: int | None, one: Grade, assessed: Assessed
) -> dict[str, Any]:
    return {
        "symptom_report_id": report,
        "participant_id": participant_id,
        "term": one.name,
        "grade": one.grade,
        "ctcae_version": one.ctcae_version,
        "basis": one.basis,
        "definition": assessed.grading,
        "raw": dict(one.raw),
        "before": next(iter(assessed.earlier.get(one.name, ())), None),
        "recorded_at": tx.now,
    }


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
        await prompting.answered_elsewhere(tx, who, row.token, row.correspondent_id, "reported")


async def _asked_elsewhere(tx: Tx, who: Who) -> list[Row[Any]]:
    """Another of the participant's people who was asked the same."""
    return await tx.all(
        select(Question.token, Question.correspondent_id)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == who.participant_id, Question.state == "open")
        .where(Conversation.script == SCRIPT, Question.correspondent_id != who.correspondent_id)
    )
