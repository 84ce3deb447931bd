"""What a symptom check is begun with: its rows, whose week it answers, and the number under which it will be reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select

from bot.db.conversations import Conversation, Question
from bot.db.timers import Timer
from bot.dialogue.turn import JSON
from bot.services import rule_sets, timeline, timers
from bot.services.context import Tx
from bot.services.done import Begin
from bot.services.people import Who
from bot.symptoms.questionnaire import YES
from schedules.localtime import local

SCRIPT = "symptoms"
TOPIC = "symptoms:"
STAYS_OPEN = timedelta(hours=96)


async def begin_told(tx: Tx, who: Who, occasion: str, symptoms: Sequence[str] = ()) -> Begin:
    """A check that the person asked for. One that is open is gone on with; the week's, due today, is answered by it.

    With `symptoms` only these are asked about: they count as ticked, no screen is shown, and no week is answered by it.
    """
    assert who.participant_id is not None
    open_topic = await _open_topic(tx, who)
    if open_topic is not None:
        return Begin(SCRIPT, {}, open_topic)
    if symptoms:
        whole = await begin(tx, who, occasion, None)
        ticked: dict[str, JSON] = dict.fromkeys(symptoms, YES)
        return replace(whole, slots={**whole.slots, "screens": [], "answers": ticked, "begun": "yes"})
    return await begin(tx, who, occasion, await due_today(tx, who.participant_id))


async def begin(tx: Tx, who: Who, occasion: str, due_on: date | None) -> Begin:
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    rule = course.study.symptom_check
    key, check = await rule_sets.check_of(tx, who.participant_id)
    report = await _number(tx)
    about: dict[str, JSON] = {
        "report": report,
        "questionnaire": check.name,
        "definition": key,
        "occasion": occasion,
        "due_on": due_on.isoformat() if due_on else "",
    }
    slots: dict[str, JSON] = {
        "check": about,
        "hello": dict(check.hello)[occasion],  # type: ignore[index]  # a plain word here, checked there
        "site_phone": who.site_phone,
        **check.slots(),
    }
    topic = f"{TOPIC}{report}"
    closes = tx.now + (timedelta(hours=rule.close_after_hours) if rule else STAYS_OPEN)
    later = timedelta(days=3650)  # a question is closed whenever somebody comes round to it
    await timers.set_timer(
        tx, "symptom_close", topic, who.participant_id, closes, closes + later, {"topic": topic}
    )
    return Begin(SCRIPT, slots, topic)


_NUMBER = select(func.nextval("symptom_report_symptom_report_id_seq"))


async def _number(tx: Tx) -> int:
    """The number of the report to come, so that an alert on the way can already name it."""
    return int(await tx.scalar(_NUMBER))


async def _open_topic(tx: Tx, who: Who) -> str | None:
    found: str | None = await tx.scalar(
        select(Conversation.topic)
        .join(Question, Question.conversation_id == Conversation.conversation_id)
        .where(Question.participant_id == who.participant_id, Question.state == "open")
        .where(Question.correspondent_id == who.correspondent_id, Conversation.script == SCRIPT)
        .order_by(Question.asked_at.desc())
        .limit(1)
    )
    return found


async def due_today(tx: Tx, participant_id: int) -> date | None:
    """The day of a check that waits to be asked today: whoever reports by himself is not asked the same again.

    One that a pause kept back waits, too: for the end of the pause.
    """
    zone = (await timeline.load(tx, participant_id)).zone
    kept_back = and_(Timer.state == "fired", Timer.outcome == "paused", Timer.expires_at > tx.now)
    rows = await tx.all(
        select(Timer.payload)
        .where(Timer.participant_id == participant_id, Timer.kind == "symptom_check")
        .where(or_(Timer.state == "waiting", kept_back))
    )
    today = local(tx.now, zone).date()
    days: list[Any] = [date.fromisoformat(row.payload["due_on"]) for row in rows]
    return today if today in days else None
