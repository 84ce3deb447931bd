"""Ask about doses when they are due, remind while they are unanswered, and stop when it is too late to be true.

Every function asks again whether its reason still holds. What was not sent keeps the reason why.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Executable, Row, exists, literal, select

from bot.db.built import Listed, built
from bot.db.conversations import Conversation, Question
from bot.db.doses import DoseEvent, DosePrompt, DoseReport
from bot.dialogue.turn import JSON
from bot.services import alert_life, conversing, gaps, people, planning, prompting, talks, telephones, timers
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.dose_slots import slots_for
from bot.services.people import Who
from bot.services.planning import ASKABLE, topic
from bot.services.timeline import Course, load
from bot.services.timers import Fire, Postpone
from schedules.dosing import closes_at, follow_up_at
from schedules.localtime import in_quiet_hours, local, next_awake
from schedules.regimen import is_held

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
    doses = await unasked(tx, course)
    if not doses:
        return "nothing_to_ask"
    waiting = await open_questions(tx, course.participant_id, topic(timer.due_at))
    if waiting:
        return await _remind(tx, course, doses, timer.due_at, waiting)
    return await ask_about(tx, course, doses, timer.due_at, "prompt")


async def _remind(
    tx: Tx, course: Course, doses: list[Row[Any]], due_at: datetime, waiting: list[tuple[Who, str]]
) -> str:
    """Somebody began to tell of these doses before they were due, and stopped half-way: that question still stands."""
    limit = max(closes_at(course.study.drugs[dose.drug], dose.due_at) for dose in doses)
    for who, token in waiting:
        await prompting.nudge(tx, who, token, limit - tx.now)
    await _set_timers(tx, course, doses, due_at, limit, "prompt")
    return "asked_before"


async def later(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """The person asked to be asked later."""
    course = await load(tx, timer.participant_id)
    blocked = held_back(tx, course, timer.expires_at)
    if blocked is not None:
        return blocked
    doses = [dose for dose in await unanswered(tx, course) if dose.dose_id in timer.payload["doses"]]
    return await ask_about(tx, course, doses, doses[0].due_at, "later") if doses else "answered"


async def follow_up(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """The day after: not "please take" but "did you take it?"."""
    course = await load(tx, timer.participant_id)
    blocked = held_back(tx, course, timer.expires_at)
    if blocked is not None:
        return blocked
    due_at = datetime.fromisoformat(timer.payload["due_at"])
    await close_topic(tx, course, topic(due_at))
    doses = [dose for dose in await unanswered(tx, course) if dose.dose_id in timer.payload["doses"]]
    return await ask_about(tx, course, doses, due_at, "followup") if doses else "answered"


async def nudge(tx: Tx, timer: Row[Any]) -> str:
    """One more neutral line while the question is open. Never in quiet hours: then it is simply left out."""
    course = await load(tx, timer.participant_id)
    if course.status != "active":
        return course.status
    if is_quiet(tx, course):
        return "quiet_hours"
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


@built
def _untold(participant_id: Any, now: Any, since: Any) -> Executable:
    return (
        select(DoseEvent)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at <= now, DoseEvent.due_at > since)
        .where(~exists(literal(1)).where(DoseReport.dose_id == DoseEvent.dose_id))
        .order_by(DoseEvent.due_at, DoseEvent.drug)
    )


async def unanswered(tx: Tx, course: Course) -> list[Row[Any]]:
    """Doses that are due, still within their asking window, neither held nor answered; oldest first."""
    rows = await tx.all(_untold(course.participant_id, tx.now, tx.now - ASKABLE))
    return [
        row
        for row in rows
        if closes_at(course.study.drugs[row.drug], row.due_at) > tx.now
        and not is_held(course.timeline, row.drug, row.due_at)
    ]


async def unasked(tx: Tx, course: Course) -> list[Row[Any]]:
    """Of these, those that nobody was asked about since they were due."""
    rows = await unanswered(tx, course)
    # What somebody told of a dose before it was due is no question about it.
    if not rows:
        return []
    asked = {row.dose_id for row in await tx.all(_asked(course.participant_id, tx.now - ASKABLE))}
    return [row for row in rows if row.dose_id not in asked]


@built
def _asked(participant_id: Any, since: Any) -> Executable:
    return (
        select(DosePrompt.dose_id)
        .join(DoseEvent, DoseEvent.dose_id == DosePrompt.dose_id)
        .where(DosePrompt.asked_at >= DoseEvent.due_at)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.due_at > since)
    )


async def ask_about(tx: Tx, course: Course, doses: list[Row[Any]], due_at: datetime, purpose: str) -> str:
    """Begin the dose conversation with everybody who should be asked. One group, however many screens."""
    able = await people.reachable(tx, course.participant_id)
    if not able:
        await unreachable(tx, course)
        return "no_contact"
    limit = max(closes_at(course.study.drugs[dose.drug], dose.due_at) for dose in doses)
    slots = await slots_for(tx, course, doses, able[0], purpose)
    for who in each_correspondent(able):
        delivery = Delivery(pushed=True, purpose=purpose, lives=limit - tx.now)
        conversation_id = await conversing.begin(tx, who, "dose", slots, delivery, topic(due_at))
        await remember(tx, doses, conversation_id, slots)
    await _set_timers(tx, course, doses, due_at, limit, purpose)
    return f"asked:{len(doses)}"


def each_correspondent(able: Iterable[Who]) -> list[Who]:
    first: dict[int | None, Who] = {}
    for who in able:
        first.setdefault(who.correspondent_id, who)
    return list(first.values())


_PROMPTED = Listed(
    DosePrompt,
    ("dose_id", "conversation_id", "mode", "asked_at"),
    lambda rows: rows.on_conflict_do_nothing(),
)


async def remember(tx: Tx, doses: list[Row[Any]], conversation_id: int, slots: dict[str, JSON]) -> None:
    asked = cast("list[dict[str, str]]", slots["doses"])
    modes = {one["dose_id"]: one["mode"] for one in asked}
    rows = [
        {
            "dose_id": dose.dose_id,
            "conversation_id": conversation_id,
            "mode": modes[str(dose.dose_id)],
            "asked_at": tx.now,
        }
        for dose in doses
    ]
    await tx.do(_PROMPTED, rows)


async def _set_timers(
    tx: Tx, course: Course, doses: list[Row[Any]], due_at: datetime, limit: datetime, purpose: str
) -> None:
    """What follows while nobody answers: nudges today, the other question tomorrow, silence at the end."""
    pid, name = course.participant_id, topic(due_at)
    key = planning.prompt_key(pid, due_at)
    rows: list[timers.New] = [("close", key, pid, limit, limit + timedelta(days=3650), {"topic": name})]
    if purpose == "prompt":
        for number, minutes in enumerate(course.study.prompts.nudge_minutes, 1):
            at = tx.now + timedelta(minutes=minutes)
            if at < limit:
                # A nudge is a nudge for an hour: later it would be one more reminder, at no agreed time.
                rows.append(("nudge", f"{key}:{number}", pid, at, at + timedelta(hours=1), {"topic": name}))
        # Whatever was asked about, whenever that was: a question that waited for the morning is followed up too.
        last = max(doses, key=lambda dose: dose.due_at)
        day_after = follow_up_at(last.local_date, last.local_time, last.zone)
        asked = {"due_at": due_at.isoformat(), "doses": [dose.dose_id for dose in doses]}
        if tx.now < day_after < limit:
            rows.append(("followup", key, pid, day_after, limit, asked))
    await timers.set_timers(tx, rows)


async def unreachable(tx: Tx, course: Course) -> None:
    """Nobody can be told. Staff learn it once a week, not at every dose."""
    year, week, _ = local(tx.now, course.zone).isocalendar()
    key = f"unreachable:{course.participant_id}:{year}-{week}"
    await raise_alert(tx, Cause(course.participant_id, "unreachable", "routine", "unreachable@1", key))


@built
def _open_about(participant_id: Any, topic: Any) -> Executable:
    return (
        select(
            Question.token,
            Conversation.contact_id,
            Conversation.participant_id,
            Conversation.correspondent_id,
        )
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == participant_id, Question.state == "open")
        .where(Conversation.topic == topic)
    )


async def open_questions(tx: Tx, participant_id: int, name: str) -> list[tuple[Who, str]]:
    rows = await tx.all(_open_about(participant_id, name))
    return [(await telephones.said_by(tx, row), row.token) for row in rows]


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
