"""Medicines that nobody is told to take now, although by the clock they still might be: held since, or just taken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, exists, func, literal, select, union_all
from sqlalchemy.orm import aliased

from bot.db.built import built
from bot.db.conversations import Conversation, Question
from bot.db.doses import DoseEvent, DoseReport
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.dosing import Lateness, lateness
from schedules.localtime import elapsed
from schedules.regimen import is_held, next_due

ANY = ""  # of an amount that nobody has explained yet it is not known which medicine it was


async def not_now(tx: Tx, course: Course) -> frozenset[str]:
    """Held at this moment, whenever the dose was due; or an intake lies so near that the next would be one too many."""
    gaps = {
        name: timedelta(hours=drug.extra.min_gap_hours if drug.extra else 0)
        for name, drug in course.study.drugs.items()
    }
    near = await tx.all(_intakes(course.participant_id, tx.now - max(gaps.values())))
    return frozenset(
        name
        for name, gap in gaps.items()
        if is_held(course.timeline, name, tx.now)
        or any(elapsed(row.at, tx.now) < gap for row in near if row.drug in (name, ANY))
    )


@built
def _intakes(participant_id: Any, since: Any) -> Executable:
    """What now counts as taken, and amounts that were asked back and not explained. Of unknown hour: when it was due."""
    newer = aliased(DoseReport)
    at = func.coalesce(DoseReport.taken_at, DoseEvent.due_at, DoseReport.recorded_at)
    corrected = (
        exists(literal(1))
        .where(newer.dose_id == DoseReport.dose_id, newer.dose_report_id > DoseReport.dose_report_id)
        .correlate_except(newer)
    )
    replaced = (
        exists(literal(1))
        .where(newer.participant_id == DoseReport.participant_id)  # by whose index it is found
        .where(newer.supersedes == DoseReport.dose_report_id)
        .correlate_except(newer)
    )
    taken = (
        select(DoseReport.drug.label("drug"), at.label("at"))
        .outerjoin(DoseEvent, DoseEvent.dose_id == DoseReport.dose_id)
        .where(DoseReport.participant_id == participant_id, DoseReport.recorded_at > since)
        .where(DoseReport.status == "taken", at > since, ~corrected, ~replaced)
    )
    unexplained = (
        select(literal(ANY).label("drug"), Question.asked_at.label("at"))
        .join(Conversation, Conversation.conversation_id == Question.conversation_id)
        .where(Question.participant_id == participant_id, Question.state == "open")
        .where(Conversation.script == "amount", Question.asked_at > since)
    )
    return union_all(taken, unexplained)


async def late_decision(tx: Tx, course: Course, drug: str, due_at: datetime) -> Lateness | None:
    """What the study's rule says of this dose now. What is not to be taken now is the site's to decide, never "take".

    None where nothing can be said: "the next on its day, as usual" is not so while the medicine is held.
    """
    following = next_due(course.study, course.timeline, drug, due_at)
    decision = lateness(course.study.drugs[drug], due_at, tx.now, following)
    if decision is Lateness.SKIP and is_held(course.timeline, drug, tx.now):
        return None
    if decision is Lateness.TAKE and (drug in course.claimed_holds or drug in await not_now(tx, course)):
        return Lateness.ASK_SITE
    return decision
