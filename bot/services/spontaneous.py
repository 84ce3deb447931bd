"""Words about a dose that nobody asked about just now: "taken" in the morning, before or long after the question."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, exists, literal, select

from bot.db.doses import DoseEvent, DoseReport
from bot.dialogue.turn import Heard
from bot.services import conversing, reminding, timeline
from bot.services.context import Tx
from bot.services.conversing import Delivery
from bot.services.dose_slots import slots_for
from bot.services.people import Who
from bot.services.timeline import Course
from schedules.localtime import dosing_date

ANSWERS = ("taken", "not_taken", "all_taken", "later", "forgot", "told_to_stop")
SOON = timedelta(hours=12)


async def dose_told(tx: Tx, who: Who, words: str, delivery: Delivery) -> bool:
    """Hear the words as the answer about today's doses. False when they are not about a dose, or none is open."""
    lexicon = tx.ctx.book.lexicon(tx.now)
    if lexicon.answer(words, ANSWERS) is None and not lexicon.tells_of_eating(words):
        return False
    assert who.participant_id is not None
    course = await timeline.load(tx, who.participant_id)
    doses = await reminding.unanswered(tx, course) or await _of_today(tx, course)
    if not doses:
        return False
    slots = await slots_for(tx, course, doses, who, "prompt")
    name = reminding.topic(doses[0].due_at)
    talk, turn = await conversing.open_talk(tx, who, "dose", slots, name)
    assert turn.state is not None
    begun = conversing.begun(talk, turn.state)
    await reminding.remember(tx, doses, talk.conversation_id, slots)
    await conversing.hear(tx, who, begun, Heard("text", words), delivery)
    return True


async def _of_today(tx: Tx, course: Course) -> list[Row[Any]]:
    """Doses of the patient's own day that are not due yet: taking one a little early is told, too."""
    today = dosing_date(tx.now, course.zone, course.study.dosing_day_ends)
    return await tx.all(
        select(DoseEvent)
        .where(DoseEvent.participant_id == course.participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.local_date == today, DoseEvent.due_at > tx.now, DoseEvent.due_at < tx.now + SOON)
        .where(~exists(literal(1)).where(DoseReport.dose_id == DoseEvent.dose_id))
        .order_by(DoseEvent.due_at, DoseEvent.drug)
    )
