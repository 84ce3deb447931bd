"""Which doses wait for an answer, whom to ask about them, and what follows while nobody answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, Executable, Row, and_, exists, literal, select
from sqlalchemy.orm import aliased

from bot.db.built import Listed, built
from bot.db.conversations import Conversation, Question
from bot.db.doses import DoseEvent, DosePrompt, DoseReport
from bot.dialogue.turn import JSON
from bot.services import conversing, people, planning, telephones, timers
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.dose_slots import slots_for
from bot.services.people import Who
from bot.services.planning import ASKABLE, topic
from bot.services.timeline import Course
from schedules.dosing import closes_at, follow_up_at
from schedules.localtime import local
from schedules.regimen import is_held


def told() -> ColumnElement[bool]:
    """Whether the last word about a dose answers it. "Not taken" before its hour does not: it may be taken yet.

    Except by a doctor's word, which stands.
    """
    newer = aliased(DoseReport)
    corrected = (
        exists(literal(1))
        .where(newer.dose_id == DoseReport.dose_id, newer.dose_report_id > DoseReport.dose_report_id)
        .correlate_except(newer)
    )
    early = and_(
        DoseReport.status == "not_taken",
        DoseReport.recorded_at < DoseEvent.due_at,
        DoseReport.reason.is_distinct_from("told_to_stop"),
    )
    return exists(literal(1)).where(DoseReport.dose_id == DoseEvent.dose_id, ~early, ~corrected)


@built
def _untold(participant_id: Any, now: Any, since: Any) -> Executable:
    return (
        select(DoseEvent)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at <= now, DoseEvent.due_at > since)
        .where(~told())
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


async def unasked(tx: Tx, course: Course, rows: list[Row[Any]]) -> list[Row[Any]]:
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


async def ask_about(
    tx: Tx,
    course: Course,
    doses: list[Row[Any]],
    due_at: datetime,
    purpose: str,
    *,
    did: Collection[int] = (),
    but: Collection[int | None] = (),
) -> str:
    """Begin the dose conversation with everybody who should be asked. One group, however many screens.

    `did`: doses of which only "did you take it?" is asked; `but`: correspondents who are asked already.
    """
    found = await people.reachable(tx, course.participant_id)
    able = [who for who in found if who.correspondent_id not in but]
    if not able:
        await unreachable(tx, course)
        return "no_contact"
    limit = max(closes_at(course.study.drugs[dose.drug], dose.due_at) for dose in doses)
    slots = await slots_for(tx, course, doses, able[0], purpose, did)
    for who in each_correspondent(able):
        delivery = Delivery(pushed=True, purpose=purpose, lives=limit - tx.now)
        conversation_id = await conversing.begin(tx, who, "dose", slots, delivery, topic(due_at))
        await remember(tx, doses, conversation_id, slots)
    await follow_with(tx, course, doses, due_at, limit, purpose)
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


async def follow_with(
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
