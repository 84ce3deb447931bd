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
    asking,
    conversing,
    people,
    prompting,
    reminding,
    rule_signatures,
    symptom_answers,
    symptom_slots,
    telephones,
    timers,
)
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.people import Who
from bot.services.symptom_slots import SCRIPT
from bot.services.talks import open_about, open_scripts
from bot.services.timeline import Course, load
from bot.services.timers import Fire, Postpone

PURPOSE = "symptom"
# How long somebody who began to tell how he is may be at it; after that it is left.
AT_IT = timedelta(hours=3)
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
    due_on = date.fromisoformat(timer.payload["due_on"])
    if await _known(tx, course.participant_id, due_on):
        return "answered"
    able = await people.reachable(tx, course.participant_id)
    wait = await _wait(tx, course, able, timedelta(minutes=rule.after_dose_minutes))
    if wait is not None:
        return Postpone(wait) if wait < timer.expires_at else "too_late"
    if not able:
        await asking.unreachable(tx, course)
        return "no_contact"
    topics = []
    for who in asking.each_correspondent(able):
        # One that was left makes room: what is known of it is reported, and nobody has two of the same.
        await conversing.end_all(tx, await open_scripts(tx, who, (SCRIPT,)), "question.closed")
        begin = await symptom_slots.begin(tx, who, "weekly", due_on)
        delivery = Delivery(pushed=True, purpose=PURPOSE, lives=timer.expires_at - tx.now)
        talk = await conversing.begin(tx, who, begin.script, begin.slots, delivery, begin.topic)
        await _remember(tx, course.participant_id, due_on, talk)
        topics.append(begin.topic)
    await _set_nudges(tx, course, timer.key, topics, rule.nudge_minutes)
    return "asked"


async def _wait(tx: Tx, course: Course, able: list[Who], patience: timedelta) -> datetime | None:
    """Until when the check waits: for a dose that is due and not answered, or for another check that somebody is at."""
    due: list[datetime] = [dose.due_at + patience for dose in await asking.unanswered(tx, course)]
    fresh = [until for until in due if until > tx.now]
    if fresh:
        return max(fresh)
    busy = await tx.scalar(
        select(Question.token)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == course.participant_id, Question.state == "open")
        .where(Conversation.script == SCRIPT, Question.asked_at > tx.now - AT_IT)
        .where(Question.correspondent_id.in_([who.correspondent_id for who in able]))
        .limit(1)
    )
    return tx.now + patience if busy is not None else None


async def _known(tx: Tx, participant_id: int, due_on: date) -> bool:
    """Whether this week was answered meanwhile: told of his own accord in a pause, say."""
    query = select(SymptomCheck.due_on).where(SymptomCheck.participant_id == participant_id)
    return await tx.scalar(query.where(SymptomCheck.due_on == due_on)) is not None


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
        for who, token in await asking.open_questions(tx, course.participant_id, topic):
            sent += await prompting.nudge(tx, who, token, timer.expires_at - tx.now)
    return f"nudged:{sent}" if sent else "nothing_open"


async def left(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """Something was ticked an hour ago, and what follows is still open: what is known goes to staff, the rest as left."""
    told = 0
    patience = await symptom_answers.left_after(tx, timer.participant_id)
    for contact_id, talk in await open_about(tx, timer.participant_id, timer.payload["topic"]):
        asked_at = await tx.scalar(select(Question.asked_at).where(Question.token == talk.token))
        if asked_at + patience > tx.now:  # he went on meanwhile
            return Postpone(asked_at + patience)
        who = await telephones.in_talk(tx, contact_id, talk.between)
        told += await symptom_answers.left(tx, who, talk)
    return f"told_staff:{told}" if told else "nothing_urgent"


async def close(tx: Tx, timer: Row[Any]) -> str:
    """The days are over: what was answered is reported, the rest of the question goes."""
    found = await open_about(tx, timer.participant_id, timer.payload["topic"])
    await conversing.end_all(tx, found, "question.closed")
    return "closed"


FIRE: dict[str, Fire] = {
    "symptom_check": ask,
    "symptom_nudge": nudge,
    symptom_answers.LEFT_KIND: left,
    "symptom_close": close,
}
