"""Ask for the study's symptom check when it is due, remind of it, watch what is left half answered, and close it.

A dose goes first. Silence is visible: a check that was asked is a row, and without a report it was not answered.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.conversations import Conversation, Question
from bot.db.symptoms import SymptomCheck
from bot.services import (
    conversing,
    people,
    prompting,
    reminding,
    rule_signatures,
    symptom_alerts,
    symptom_assessing,
    symptom_slots,
    telephones,
    timers,
)
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.symptom_slots import SCRIPT
from bot.services.talks import open_about
from bot.services.timeline import Course, load
from bot.services.timers import Fire, Postpone
from bot.symptoms.questionnaire import LEFT
from bot.symptoms.triage import SPOKEN

PURPOSE = "symptom"
CALL_FIRST = "call_first"  # the step that waits after an emergency text


async def ask(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """The check of the day, unless a dose is being asked for just now, or somebody is already telling how he is."""
    course = await load(tx, timer.participant_id)
    reason = reminding.held_back(tx, course, timer.expires_at)
    if reason is not None:
        return reason
    rule = course.study.symptom_check
    if rule is None:
        return "no_rule"
    if not await rule_signatures.may_run(tx, course.study.id):
        return "rules_unsigned"
    wait = await _wait(tx, course, timedelta(minutes=rule.after_dose_minutes))
    if wait is not None:
        return Postpone(wait) if wait < timer.expires_at else "too_late"
    able = await people.reachable(tx, course.participant_id)
    if not able:
        await reminding.unreachable(tx, course)
        return "no_contact"
    due_on = date.fromisoformat(timer.payload["due_on"])
    topics = []
    for who in reminding.each_correspondent(able):
        begin = await symptom_slots.begin(tx, who, "weekly", due_on)
        delivery = Delivery(pushed=True, purpose=PURPOSE, lives=timer.expires_at - tx.now)
        talk = await conversing.begin(tx, who, begin.script, begin.slots, delivery, begin.topic)
        await _remember(tx, course.participant_id, due_on, talk)
        topics.append(begin.topic)
    await _set_nudges(tx, course, timer.key, topics, rule.nudge_minutes)
    return "asked"


async def _wait(tx: Tx, course: Course, patience: timedelta) -> datetime | None:
    """Until when the check waits: for a dose that is due and not answered, or for another check that is open."""
    due: list[datetime] = [dose.due_at + patience for dose in await reminding.unanswered(tx, course)]
    fresh = [until for until in due if until > tx.now]
    if fresh:
        return max(fresh)
    busy = await tx.scalar(
        select(Question.token)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == course.participant_id, Question.state == "open")
        .where(Conversation.script == SCRIPT)
        .limit(1)
    )
    return tx.now + patience if busy is not None else None


async def _remember(tx: Tx, participant_id: int, due_on: date, conversation_id: int) -> None:
    await tx.execute(
        upsert(SymptomCheck)
        .values(
            participant_id=participant_id, due_on=due_on, conversation_id=conversation_id, asked_at=tx.now
        )
        .on_conflict_do_nothing(index_elements=["participant_id", "due_on"])
    )


async def _set_nudges(
    tx: Tx, course: Course, key: str, topics: list[str | None], minutes: tuple[int, ...]
) -> None:
    for number, after in enumerate(minutes, 1):
        at = tx.now + timedelta(minutes=after)
        # Past its hour a repetition would be one more message at no agreed time.
        await timers.set_timer(
            tx,
            "symptom_nudge",
            f"{key}:{number}",
            course.participant_id,
            at,
            at + timedelta(hours=1),
            {"topics": topics},
        )


async def nudge(tx: Tx, timer: Row[Any]) -> str:
    """One neutral line more while the check is open. Never in quiet hours: then it is simply left out."""
    course = await load(tx, timer.participant_id)
    if course.status != "active":
        return course.status
    if reminding.is_quiet(tx, course):
        return "quiet_hours"
    sent = 0
    for topic in timer.payload["topics"]:
        talks = await open_about(tx, course.participant_id, topic)
        if any(talk.state.step == CALL_FIRST for _, talk in talks):
            continue  # who was told to call 120 is left in peace
        for who, token in await reminding.open_questions(tx, course.participant_id, topic):
            sent += await prompting.nudge(tx, who, token, timer.expires_at - tx.now)
    return f"nudged:{sent}" if sent else "nothing_open"


async def left(tx: Tx, timer: Row[Any]) -> str:
    """Something was ticked an hour ago, and what follows is still open: what is known goes to staff, the rest as left."""
    told = 0
    for contact_id, talk in await open_about(tx, timer.participant_id, timer.payload["topic"]):
        who = await telephones.in_talk(tx, contact_id, talk.between)
        slots: dict[str, Any] = dict(talk.state.slots)
        about = slots["check"]
        check = tx.ctx.book.questionnaire_by_hash(about["definition"])
        answers = slots["answers"] | dict.fromkeys(check.unanswered(slots["answers"]), LEFT)
        assessed = await symptom_assessing.assess(tx, timer.participant_id, about, answers)
        hits = tuple(hit for hit in assessed.hits if hit.urgency in SPOKEN)
        told += len(await symptom_alerts.raise_for(tx, who, about, answers, assessed, hits, None))
    return f"told_staff:{told}" if told else "nothing_urgent"


async def close(tx: Tx, timer: Row[Any]) -> str:
    """The days are over: what was answered is reported, the rest of the question goes."""
    found = await open_about(tx, timer.participant_id, timer.payload["topic"])
    await conversing.end_all(tx, found, "question.closed")
    return "closed"


FIRE: dict[str, Fire] = {
    "symptom_check": ask,
    "symptom_nudge": nudge,
    "symptom_left": left,
    "symptom_close": close,
}
