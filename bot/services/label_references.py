"""Label rows beside what is on record about one participant: newest counts, newest answers. For staff only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from bot.db.symptoms import SymptomReport
from bot.services import known_facts, rule_sets
from bot.services.context import Tx
from bot.services.timeline import Course
from bot.symptoms.condition import Facts
from bot.symptoms.label import LabelRow, matching
from schedules.regimen import arm_in_force

ANSWERS_LAST = timedelta(days=14)  # two weekly checks: what was told before that is history


@dataclass(frozen=True, slots=True)
class References:
    """`drugs`: everything that the arm in force gives, named with every row: none is judged alone."""

    drugs: tuple[str, ...]
    rows: tuple[LabelRow, ...]


async def references(tx: Tx, course: Course) -> References:
    """The rows that speak of a drug of the arm in force, and of a fact that is not too old."""
    arm = arm_in_force(course.timeline, tx.now)
    if arm is None:
        return References((), ())
    drugs = tuple(one.drug for one in course.study.arms[arm].drugs)
    known = await known_facts.of_participant(tx, course.participant_id, course.study.symptom_rules.lab_days)
    latest = await tx.first(
        select(SymptomReport.definition, SymptomReport.answers)
        .where(SymptomReport.participant_id == course.participant_id)
        .where(SymptomReport.recorded_at > tx.now - ANSWERS_LAST)
        .order_by(SymptomReport.symptom_report_id.desc())
        .limit(1)
    )
    rule = course.study.symptom_check
    if latest is not None:
        check, answers = tx.ctx.book.questionnaire_by_hash(latest.definition), latest.answers
    elif rule is not None:
        check, answers = (await rule_sets.check_of(tx, course.participant_id))[1], {}
    else:
        return References(drugs, ())
    facts = Facts(check, check.clean(answers), known=known)
    return References(drugs, matching(tx.ctx.book.label(tx.now)[1], facts, drugs))
