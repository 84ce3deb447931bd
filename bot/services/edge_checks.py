"""Ask at the edges of a cycle, where it is still true: nobody has released the cycle, and nothing else is being asked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.db.conversations import Conversation, Question
from bot.dialogue.turn import JSON
from bot.services import asking, conversing, edge_plan, people, reminding, timers
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.talks import open_about
from bot.services.timeline import Course, load
from bot.services.timers import Fire, Postpone
from schedules.edges import Edge, EdgeKind, planned_edges

CLOSE = "edge_close"
BUSY = ("symptoms", "dose", "welcome")
TOPIC = "edge:"
WAIT = timedelta(hours=1)
PATIENCE = timedelta(hours=3)  # a check stays open for days; this is about today


async def ask(tx: Tx, timer: Row[Any]) -> str | Postpone:
    course = await load(tx, timer.participant_id)
    reason = reminding.held_back(tx, course, timer.expires_at)
    if reason is not None:
        return reason
    kind, cycle = EdgeKind(timer.payload["kind"]), int(timer.payload["cycle"])
    if kind is EdgeKind.CYCLE_START and _released(course, cycle):
        return "released"
    due_on = date.fromisoformat(timer.payload["due_on"])
    true = _true(course, kind, cycle, due_on)
    if true is None:
        return "no_edge_any_more"
    patient = tx.now < datetime.fromisoformat(timer.payload["due_at"]) + PATIENCE
    if patient and (await asking.unanswered(tx, course) or await busy(tx, course.participant_id)):
        return Postpone(tx.now + WAIT)
    able = await people.reachable(tx, course.participant_id)
    if not able:
        return "no_contact"
    topic = f"{TOPIC}{timer.key}"
    edge: dict[str, JSON] = {
        "kind": kind.value,
        "cycle": str(cycle),
        "due_on": due_on.isoformat(),
        "day": true.about.isoformat(),
    }
    for who in asking.each_correspondent(able):
        delivery = Delivery(pushed=True, purpose="symptom", lives=timer.expires_at - tx.now)
        slots: dict[str, JSON] = {"edge": edge, "site_phone": who.site_phone}
        await conversing.begin(tx, who, kind.value, slots, delivery, topic)
    limit = timer.expires_at + timedelta(days=3650)
    await timers.set_timer(tx, CLOSE, topic, course.participant_id, timer.expires_at, limit, {"topic": topic})
    return "asked"


def _released(course: Course, cycle: int) -> bool:
    return any(one.number >= cycle for one in course.timeline.cycles)


def _true(course: Course, kind: EdgeKind, cycle: int, due_on: date) -> Edge | None:
    """The edge as the plan has it now; None where staff have decided something else meanwhile."""
    edges = planned_edges(course.study, course.timeline)
    return next((one for one in edges if (one.kind, one.cycle, one.due_on) == (kind, cycle, due_on)), None)


async def close_untrue(tx: Tx, participant_id: int) -> None:
    """Staff have decided: what asks about an edge that is none any more goes, before somebody answers it."""
    course = await load(tx, participant_id)
    query = (
        select(Conversation.topic)
        .join(Question, Question.conversation_id == Conversation.conversation_id)
        .where(Question.participant_id == participant_id, Question.state == "open")
        .where(Conversation.topic.startswith(f"{TOPIC}{participant_id}:"))
        .distinct()
    )
    for row in await tx.all(query):
        _, _, kind, cycle, due_on = row.topic.split(":")
        if _true(course, EdgeKind(kind), int(cycle), date.fromisoformat(due_on)) is None:
            found = await open_about(tx, participant_id, row.topic)
            await conversing.end_all(tx, found, "question.closed")


async def busy(tx: Tx, participant_id: int, scripts: tuple[str, ...] = BUSY) -> bool:
    """Somebody is being asked about a dose or a check, or is being welcomed; or one of these."""
    found = await tx.first(
        select(Question.token)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == participant_id, Question.state == "open")
        .where(Conversation.script.in_(scripts))
        .limit(1)
    )
    return found is not None


async def close(tx: Tx, timer: Row[Any]) -> str:
    found = await open_about(tx, timer.participant_id, timer.payload["topic"])
    await conversing.end_all(tx, found, "question.closed")
    return "closed"


FIRE: dict[str, Fire] = {edge_plan.KIND: ask, CLOSE: close}
