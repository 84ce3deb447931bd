"""Ask about doses when they are due, remind while they are unanswered, and stop when it is too late to be true.

Every function asks again whether its reason still holds. What was not sent keeps the reason why.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Row, select

from bot.db.built import built
from bot.db.conversations import Conversation, Question
from bot.services import (
    alert_life,
    asked_before,
    asking_anew,
    conversing,
    gaps,
    people,
    planning,
    prompting,
    talks,
)
from bot.services.asking import ask_about, follow_with, open_questions, unanswered, unasked
from bot.services.context import Tx
from bot.services.people import Who
from bot.services.planning import topic
from bot.services.timeline import Course, load
from bot.services.timers import Fire, Postpone
from schedules.dosing import closes_at
from schedules.localtime import in_quiet_hours, next_awake

A_MOMENT = timedelta(seconds=10)
READING = timedelta(minutes=3)  # how long somebody who was asked is taken to be still at it


async def prompt(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """A dose is due: ask about it, and about everything else that is due and was not asked."""
    course = await load(tx, timer.participant_id)
    blocked = held_back(tx, course, timer.expires_at)
    if blocked is not None:
        return blocked
    if await _being_welcomed(tx, course):
        return Postpone(tx.now + A_MOMENT)
    due = await unanswered(tx, course)
    doses = await unasked(tx, course, due)
    again = await asked_before.let_go(tx, course, due) if planning.CATCHING_UP in timer.key else []
    if again:
        return await _ask_again(tx, course, doses, again, timer.due_at)
    if not doses:
        return "nothing_to_ask"
    waiting = await open_questions(tx, course.participant_id, topic(timer.due_at))
    if waiting:
        return await _remind(tx, course, doses, timer.due_at, waiting)
    return await ask_about(tx, course, doses, timer.due_at, "prompt")


async def _ask_again(
    tx: Tx, course: Course, unasked: list[Row[Any]], again: list[Row[Any]], due_at: datetime
) -> str:
    """Reminders go on, and a dose that was asked about before they stopped can still be told of: did you take it?"""
    asked = [dose.dose_id for dose in again]
    await asked_before.close_about(tx, course.participant_id, asked, "question.past")
    # What somebody was telling when his question was closed is on record as far as it went.
    fresh = {dose.dose_id for dose in unasked}
    doses = [dose for dose in await unanswered(tx, course) if dose.dose_id in fresh | set(asked)]
    if not doses:
        return "answered"
    purpose = "prompt" if any(dose.dose_id in fresh for dose in doses) else "followup"
    return await ask_about(tx, course, doses, due_at, purpose, did=asked)


async def _remind(
    tx: Tx, course: Course, doses: list[Row[Any]], due_at: datetime, waiting: list[tuple[Who, str]]
) -> str:
    """Somebody began to tell of these doses before they were due, and stopped half-way: that question still stands.

    Whoever else is to be reminded is asked: a daughter who cannot be written to answers for nobody.
    """
    able = {who.correspondent_id for who in await people.reachable(tx, course.participant_id)}
    limit = max(closes_at(course.study.drugs[dose.drug], dose.due_at) for dose in doses)
    begun = {who.correspondent_id for who, _ in waiting} & able
    for who, token in waiting:
        await prompting.nudge(tx, who, token, limit - tx.now)
    if not begun or able - begun:
        return await ask_about(tx, course, doses, due_at, "prompt", but=begun)
    await follow_with(tx, course, doses, due_at, limit, "prompt")
    return "asked_before"


async def later(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """The person asked to be asked later; or a decision took a question back, and what remains is asked anew."""
    course = await load(tx, timer.participant_id)
    blocked = held_back(tx, course, timer.expires_at)
    if blocked is not None:
        return blocked
    due = await unanswered(tx, course)
    wanted = await asked_before.put_off(tx, timer) & {dose.dose_id for dose in due}
    if not wanted:
        return "answered"
    first = set[int]()
    if asking_anew.of_decision(timer):
        # One decision is one line: with it comes what it has brought besides.
        first = {dose.dose_id for dose in await unasked(tx, course, due)}
        first |= await asked_before.asked_just_now(tx, due)
        wanted |= first
    # What stands open beside it is asked in the same breath, by a question for all.
    wanted |= await asked_before.close_about(tx, course.participant_id, wanted, "question.closed", told=False)
    doses = [dose for dose in due if dose.dose_id in wanted]
    await asked_before.forget_later(tx, course.participant_id, wanted)
    if first:  # under the newest hour: what follows that one follows this question
        return await ask_about(tx, course, doses, doses[-1].due_at, "prompt")
    return await ask_about(tx, course, doses, doses[0].due_at, "later")


async def follow_up(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """The day after: not "please take" but "did you take it?". Not so soon after he was asked: then a day later."""
    course = await load(tx, timer.participant_id)
    blocked = held_back(tx, course, timer.expires_at)
    if blocked is not None:
        return blocked
    due_at = datetime.fromisoformat(timer.payload["due_at"])
    doses = [dose for dose in await unanswered(tx, course) if dose.dose_id in timer.payload["doses"]]
    if doses and await asked_before.asked_lately(tx, doses):
        again = asked_before.tomorrow(tx, doses[-1])
        return Postpone(again) if again < timer.expires_at else "asked_lately"
    await close_topic(tx, course, topic(due_at))
    if not doses:
        return "answered"
    asked = [dose.dose_id for dose in doses]
    await asked_before.forget_later(tx, course.participant_id, asked)
    await asked_before.close_about(tx, course.participant_id, asked, "question.past")
    # What somebody was telling when his question was closed is on record as far as it went.
    doses = [dose for dose in await unanswered(tx, course) if dose.dose_id in asked]
    return await ask_about(tx, course, doses, due_at, "followup") if doses else "answered"


async def nudge(tx: Tx, timer: Row[Any]) -> str:
    """One more neutral line while the question is open. Never in quiet hours: then it is simply left out."""
    course = await load(tx, timer.participant_id)
    if course.status != "active":
        return course.status
    if is_quiet(tx, course):
        return "quiet_hours"
    if await asked_before.comes_at_once(tx, course.participant_id):
        return "asked_at_once"
    sent = 0
    for who, token in await open_questions(tx, course.participant_id, timer.payload["topic"]):
        sent += await prompting.nudge(tx, who, token, timer.expires_at - tx.now)
    return f"nudged:{sent}" if sent else "nothing_open"


async def close(tx: Tx, timer: Row[Any]) -> str:
    """The window is over: the question goes. The dose is unanswered, which is not the same as missed."""
    course = await load(tx, timer.participant_id)
    await close_topic(tx, course, timer.payload["topic"])
    return "closed"


async def close_topic(tx: Tx, course: Course, name: str) -> None:
    """With whomever it was begun, also where nobody may be written to any more."""
    found = await talks.open_about(tx, course.participant_id, name)
    await conversing.end_all(tx, found, "question.past")


async def _being_welcomed(tx: Tx, course: Course) -> bool:
    """Somebody reads the welcome right now: a question must not change under his finger."""
    return await tx.scalar(_welcome(course.participant_id, tx.now - READING)) is not None


@built
def _welcome(participant_id: Any, since: Any) -> Executable:
    return (
        select(Question.token)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == participant_id, Question.state == "open")
        .where(Conversation.script == "welcome", Question.asked_at > since)
        .limit(1)
    )


def held_back(tx: Tx, course: Course, limit: datetime) -> str | Postpone | None:
    if course.status != "active":
        return course.status
    if not is_quiet(tx, course):
        return None
    awake = next_awake(tx.now, course.zone, course.quiet_from, course.quiet_to)
    # A reminder never moves past its own limit: then it is dropped, and the record says why.
    return Postpone(awake) if awake < limit else "quiet_hours"


def is_quiet(tx: Tx, course: Course) -> bool:
    return in_quiet_hours(tx.now, course.zone, course.quiet_from, course.quiet_to)


FIRE: dict[str, Fire] = {
    "prompt": prompt,
    "later": later,
    "followup": follow_up,
    "nudge": nudge,
    "close": close,
    "extend": planning.extend,
    "cycle_due": planning.cycle_due,
    "reask": gaps.reask,
    "escalate": alert_life.escalate,
}
