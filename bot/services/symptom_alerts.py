"""Alerts for what a check has found: once per finding, with the time by which somebody looks.

What was handled and is no worse is counted instead of told again. Never held back: an emergency, what is new or worse,
what has changed, and what nobody has taken in hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Executable, Row, insert, select

from bot.db.alerts import Alert, AlertRepeat
from bot.db.built import built
from bot.db.doses import DoseEvent
from bot.db.symptoms import SymptomReport
from bot.services import alert_life, sealing, symptom_lines
from bot.services.alerts import Cause, raise_alert
from bot.services.context import Tx
from bot.services.people import Who
from bot.services.symptom_assessing import Assessed
from bot.symptoms.repeats import no_worse
from bot.symptoms.triage import URGENCIES, Hit
from schedules.check_rules import SymptomRules


async def raise_for(
    tx: Tx,
    who: Who,
    about: Mapping[str, Any],
    answers: Mapping[str, Any],
    assessed: Assessed,
    hits: tuple[Hit, ...],
    inbox_id: int | None,
    *,
    over: bool = False,
) -> list[Hit]:
    """Alerts for what staff do not know yet from this check; of one symptom only the first and what is worse.

    `over`: the check is; what was held back is then written down.
    """
    told = await _told(tx, about["report"], assessed.hits)
    raised: list[Hit] = []
    for hit in hits:
        if all(URGENCIES.index(hit.urgency) >= told.get(one, len(URGENCIES)) for one in hit.symptoms):
            continue
        handled = await _handled(tx, who, about["report"], assessed, answers, hit)
        if handled is not None:
            await _held_back(tx, who, about["report"], assessed, hit, handled, over)
        elif hit.urgency == "routine" and (told or raised):
            continue  # one line of the digest for a check
        elif await _raise(tx, who, about, answers, assessed, hit, inbox_id):
            raised.append(hit)
        told |= {one: min(URGENCIES.index(hit.urgency), told.get(one, 9)) for one in hit.symptoms}
    return raised


async def _raise(
    tx: Tx,
    who: Who,
    about: Mapping[str, Any],
    answers: Mapping[str, Any],
    assessed: Assessed,
    hit: Hit,
    inbox_id: int | None,
) -> bool:
    assert who.participant_id is not None
    lines = symptom_lines.lines(tx, await symptom_lines.language(tx, who), assessed.check, answers)
    cause = Cause(
        who.participant_id,
        "symptom",
        hit.urgency,  # type: ignore[arg-type]  # `none` was left out
        hit.rule,
        f"symptom:{about['report']}:{hit.key}",
        definition=assessed.rules.definition("triage", hit.rule),
        inbox_id=inbox_id,
        words_sealed=await sealing.seal(tx, who.key_id, "note", lines),
        due_at=await due_at(tx, who.participant_id, assessed.rules.study.symptom_rules, hit),
    )
    if await raise_alert(tx, cause) is None:
        return False
    # What was taken in hand as milder is open again: somebody has to look anew.
    await alert_life.reopen_milder(tx, who.participant_id, hit.urgency)
    return True


async def due_at(tx: Tx, participant_id: int, rules: SymptomRules, hit: Hit) -> datetime:
    """By when somebody looks: the tier's clock, or so long before the next dose of the rule's drug. Never in the past."""
    hours = {
        "emergency": rules.clocks.emergency_hours,
        "urgent": rules.clocks.urgent_hours,
    }.get(hit.urgency, rules.clocks.routine_hours)
    latest = tx.now + timedelta(hours=hours)
    if hit.seen_before is None:
        return latest
    drug, before = hit.seen_before
    dose = await tx.scalar(
        select(DoseEvent.due_at)
        .where(DoseEvent.participant_id == participant_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.drug == drug, DoseEvent.due_at > tx.now)
        .order_by(DoseEvent.due_at)
        .limit(1)
    )
    return latest if dose is None else max(tx.now, min(latest, dose - timedelta(hours=before)))


@built
def _raised(prefix: Any) -> Executable:
    return select(Alert.unique_key, Alert.tier).where(Alert.unique_key.startswith(prefix))


async def _told(tx: Tx, report: int, hits: tuple[Hit, ...]) -> dict[str, int]:
    """The worst urgency that this check has raised for each symptom, as its place in URGENCIES."""
    rows = await tx.all(_raised(f"symptom:{report}:"))
    known = {f"symptom:{report}:{hit.key}": hit for hit in hits}
    told: dict[str, int] = {}
    for row in rows:
        for one in known[row.unique_key].symptoms if row.unique_key in known else ():
            told[one] = min(URGENCIES.index(row.tier), told.get(one, len(URGENCIES)))
    return told


async def _handled(
    tx: Tx, who: Who, report: int, assessed: Assessed, answers: Mapping[str, Any], hit: Hit
) -> Row[Any] | None:
    """The alert by which the same finding was handled lately, if what is found now is no worse than it was then."""
    days = window(assessed.rules.study.symptom_rules, hit)
    if not hit.held_back or not days:
        return None
    last = await tx.first(
        select(Alert)
        .where(Alert.participant_id == who.participant_id, Alert.kind == "symptom", Alert.rule == hit.rule)
        .where(Alert.unique_key.endswith(f":{hit.key}", autoescape=True))
        .where(~Alert.unique_key.startswith(f"symptom:{report}:"))
        .order_by(Alert.alert_id.desc())
        .limit(1)
    )
    then = None if last is None else await _report(tx, last.unique_key)
    if last is None or then is None:
        return None
    standing = await alert_life.standing(tx, last.alert_id)
    # Whoever took it in hand before the check was over may not have seen all of its answers.
    seen = (
        standing is not None and standing.step in alert_life.TAKEN and standing.taken_at >= then.recorded_at
    )
    if not seen or standing is None or standing.taken_at < tx.now - timedelta(days=days):
        return None
    check = assessed.check
    return last if no_worse(check, hit.symptoms, check.clean(answers), check.clean(then.answers)) else None


def window(rules: SymptomRules, hit: Hit) -> int:
    """Days; 0 holds nothing back."""
    days = {"urgent": rules.repeats.urgent_days, "routine": rules.repeats.routine_days}
    return days.get(hit.urgency, 0)


async def _report(tx: Tx, key: str) -> Row[Any] | None:
    """The report that an alert's key names."""
    number = key.split(":")[1]
    if not number.isdigit():
        return None
    return await tx.first(select(SymptomReport).where(SymptomReport.symptom_report_id == int(number)))


async def _held_back(
    tx: Tx, who: Who, report: int, assessed: Assessed, hit: Hit, handled: Row[Any], over: bool
) -> None:
    if not over:
        return
    await tx.execute(
        insert(AlertRepeat).values(
            participant_id=who.participant_id,
            symptom_report_id=report,
            alert_id=handled.alert_id,
            rule=hit.rule,
            finding=hit.key,
            tier=hit.urgency,
            window_days=window(assessed.rules.study.symptom_rules, hit),
            definition=assessed.rules.definition("triage", hit.rule),
            recorded_at=tx.now,
        )
    )
