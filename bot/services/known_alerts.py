"""Rules that look at what staff have entered, asked when something was entered: nobody waits for the next check.

What was answered in the last days counts with it (fever yesterday, low neutrophils today). The patient is told nothing here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.db.symptoms import SymptomReport
from bot.services import alert_life, known_facts, rule_sets, symptom_alerts
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.rule_sets import RuleSet
from bot.symptoms.condition import tests_of
from bot.symptoms.triage import Hit, triage

STILL_TRUE = timedelta(
    days=3
)  # our setting: so long an answered symptom counts beside a new laboratory value


async def consider(tx: Tx, participant_id: int) -> list[str]:
    """Raise an alert for each rule that is met now and was not with these very facts. Returns the rules."""
    rules = await rule_sets.of_participant(tx, participant_id)
    known = await known_facts.of_participant(tx, participant_id, rules.study.symptom_rules.lab_days)
    days = await known_facts.measured_on(tx, participant_id)
    raised = []
    for hit in await _hits(tx, participant_id, rules, known):
        if hit.urgency == "none":
            continue
        looked_at = sorted(_looked_at(rules, hit) & known.keys())
        facts = ",".join(f"{word}={known[word]}@{days.get(word, '')}" for word in looked_at)
        cause = Cause(
            participant_id,
            "symptom",
            hit.urgency,
            hit.rule,
            f"known:{participant_id}:{hit.key}:{facts}",
            definition=rules.definition("triage", hit.rule),
            due_at=await symptom_alerts.due_at(tx, participant_id, rules.study.symptom_rules, hit),
        )
        if await raise_alert(tx, cause) is not None:
            await alert_life.reopen_milder(tx, participant_id, hit.urgency)
            raised.append(hit.rule)
    return raised


async def _hits(tx: Tx, participant_id: int, rules: RuleSet, known: dict[str, float | str]) -> list[Hit]:
    """Those that what was entered has made: a rule met by the answers alone was told when they were given."""
    latest = await tx.first(
        select(SymptomReport.definition, SymptomReport.answers)
        .where(SymptomReport.participant_id == participant_id)
        .where(SymptomReport.recorded_at > tx.now - STILL_TRUE)
        .order_by(SymptomReport.symptom_report_id.desc())
        .limit(1)
    )
    _, check = await rule_sets.check_of(tx, participant_id)
    answers: dict[str, Any] = {}
    if latest is not None:
        check, answers = tx.ctx.book.questionnaire_by_hash(latest.definition), dict(latest.answers)
    with_it = triage(rules.triage, rules.grading, check, answers, {}, known)
    without = {hit.key for hit in triage(rules.triage, rules.grading, check, answers, {}, {})}
    return [hit for hit in with_it if hit.key not in without]


def _looked_at(rules: RuleSet, hit: Hit) -> set[str]:
    rule = rules.triage.rule(hit.key.partition(":")[0])
    return {test.key for test in tests_of(rule.when) if test.subject == "known"}
