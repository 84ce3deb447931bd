"""Rules that look only at what staff have entered, asked when something was entered: nobody waits for the next check.

The patient is told nothing: he said nothing about it.
"""

from __future__ import annotations

from bot.services import known_facts, rule_sets, symptom_alerts
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.symptoms.triage import NOT_SAID, triage


async def consider(tx: Tx, participant_id: int) -> list[str]:
    """Raise an alert for each rule that is met now and was not with these very facts. Returns the rules."""
    rules = await rule_sets.of_participant(tx, participant_id)
    study = rules.study
    known = await known_facts.of_participant(tx, participant_id, study.symptom_rules.lab_days)
    _, check = await rule_sets.check_of(tx, participant_id)
    facts = ",".join(f"{word}={value}" for word, value in sorted(known.items()))
    raised = []
    for hit in triage(rules.triage, rules.grading, check, {}, {}, known):
        if hit.symptoms != (NOT_SAID,) or hit.urgency == "none":
            continue
        cause = Cause(
            participant_id,
            "symptom",
            hit.urgency,
            hit.rule,
            f"known:{participant_id}:{hit.key}:{facts}",
            definition=rules.definition("triage", hit.rule),
            due_at=await symptom_alerts.due_at(tx, participant_id, study.symptom_rules, hit),
        )
        if await raise_alert(tx, cause) is not None:
            raised.append(hit.rule)
    return raised
