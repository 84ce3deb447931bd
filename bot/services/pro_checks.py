"""Ask the study's licensed questionnaire when its day has come. Doses and the symptom check go first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.db.conversations import Conversation, Question
from bot.dialogue.turn import JSON
from bot.services import asking, conversing, people, pro_plan, reminding, timers
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.talks import open_about
from bot.services.timeline import load
from bot.services.timers import Fire, Postpone

CLOSE = "pro_close"
SCRIPT = "pro_ctcae"
TOPIC = "pro:"
WAIT = timedelta(hours=1)


async def ask(tx: Tx, timer: Row[Any]) -> str | Postpone:
    """Not while a dose or a symptom check is being asked about: an hour later then, until its days are over."""
    course = await load(tx, timer.participant_id)
    reason = reminding.held_back(tx, course, timer.expires_at)
    if reason is not None:
        return reason
    rule = course.study.pro_ctcae
    if rule is None:
        return "no_rule"
    if await asking.unanswered(tx, course) or await _busy(tx, course.participant_id):
        later = tx.now + WAIT
        return Postpone(later) if later < timer.expires_at else "too_late"
    able = await people.reachable(tx, course.participant_id)
    if not able:
        return "no_contact"
    key, wording = tx.ctx.book.pro_wording(rule.questionnaire, tx.now)
    due_on = timer.payload["due_on"]
    topic = f"{TOPIC}{timer.participant_id}:{due_on}"
    for who in asking.each_correspondent(able):
        about: dict[str, JSON] = {"name": wording.name, "definition": key, "due_on": due_on, "topic": topic}
        slots: dict[str, JSON] = {
            "check": about,
            "questions": wording.slots(who.language),
            "site_phone": who.site_phone,
        }
        delivery = Delivery(pushed=True, purpose="symptom", lives=timer.expires_at - tx.now)
        await conversing.begin(tx, who, SCRIPT, slots, delivery, topic)
    limit = timer.expires_at + timedelta(days=3650)
    await timers.set_timer(tx, CLOSE, topic, course.participant_id, timer.expires_at, limit, {"topic": topic})
    return "asked"


async def _busy(tx: Tx, participant_id: int) -> bool:
    found = await tx.first(
        select(Question.token)
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == participant_id, Question.state == "open")
        .where(Conversation.script.in_(("symptoms", "dose", "welcome")))
        .limit(1)
    )
    return found is not None


async def close(tx: Tx, timer: Row[Any]) -> str:
    """Its days are over: what was answered is kept, the rest of the question goes."""
    found = await open_about(tx, timer.participant_id, timer.payload["topic"])
    await conversing.end_all(tx, found, "question.closed")
    return "closed"


FIRE: dict[str, Fire] = {pro_plan.KIND: ask, CLOSE: close}
