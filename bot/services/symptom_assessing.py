"""A check under the rules of now: provisional grades, how they compare with earlier checks, and which rules are met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Executable, insert, select

from bot.db.built import built
from bot.db.symptoms import ProvisionalGrade
from bot.services import known_facts, rule_sets
from bot.services.context import Tx
from bot.services.rule_sets import RuleSet
from bot.symptoms.grading import Grade, grades
from bot.symptoms.questionnaire import Questionnaire
from bot.symptoms.triage import Hit, triage


@dataclass(frozen=True, slots=True)
class Assessed:
    """`earlier`: grades of the checks before, by the terms' names, the newest first."""

    check: Questionnaire
    hits: tuple[Hit, ...]
    grades: tuple[Grade, ...]
    earlier: Mapping[str, tuple[int, ...]]
    rules: RuleSet


async def assess(
    tx: Tx, participant_id: int, about: Mapping[str, Any], answers: Mapping[str, Any]
) -> Assessed:
    check = tx.ctx.book.questionnaire_by_hash(about["definition"])
    rules = await rule_sets.of_participant(tx, participant_id)
    earlier = await _earlier(tx, participant_id, about["report"])
    terms = rules.grading.by_name
    by_term = {terms[name]: found for name, found in earlier.items() if name in terms}
    known = await known_facts.of_participant(tx, participant_id, rules.study.symptom_rules.lab_days)
    hits = triage(rules.triage, rules.grading, check, answers, by_term, known)
    return Assessed(check, hits, grades(rules.grading, check, answers), earlier, rules)


@built
def _graded(participant_id: Any, but: Any) -> Executable:
    return (
        select(ProvisionalGrade.term, ProvisionalGrade.grade)
        .where(ProvisionalGrade.participant_id == participant_id)
        .where(ProvisionalGrade.symptom_report_id != but)
        .order_by(ProvisionalGrade.provisional_grade_id.desc())
    )


async def _earlier(tx: Tx, participant_id: int, report: int) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for row in await tx.all(_graded(participant_id, report)):
        found[row.term] = (*found.get(row.term, ()), row.grade)
    return found


async def keep_grades(tx: Tx, report: int, participant_id: int, assessed: Assessed, as_whom: str) -> None:
    """Write them, unless the study does not count what family answers."""
    if as_whom == "caregiver" and assessed.rules.study.symptom_rules.caregiver == "alerts_only":
        return
    if assessed.grades:
        rows = [_row(tx, report, participant_id, one, assessed) for one in assessed.grades]
        await tx.execute(insert(ProvisionalGrade), rows)


def _row(tx: Tx, report: int, participant_id: int, one: Grade, assessed: Assessed) -> dict[str, Any]:
    earlier = assessed.earlier.get(one.name, ())
    return {
        "symptom_report_id": report,
        "participant_id": participant_id,
        "term": one.name,
        "grade": one.grade,
        "ctcae_version": one.ctcae_version,
        "basis": one.basis,
        "definition": assessed.rules.definition("grading", one.basis),
        "raw": dict(one.raw),
        "before": earlier[0] if earlier else None,
        "baseline": earlier[-1] if earlier else None,
        "recorded_at": tx.now,
    }
