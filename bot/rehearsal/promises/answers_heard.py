"""Every answer that needs somebody has an alert of its own, or staff know of it by another one of the same check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.db.alerts import Alert, AlertRepeat
from bot.db.inbox import InboxMessage
from bot.db.symptoms import SymptomReport
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.rehearsal.ledger import Ledger, Worry
from bot.rehearsal.plain import too_close
from bot.services.context import Tx

ANSWERED = timedelta(minutes=2)  # an act that met a fault is handled so much later at most
CHECK_OPEN = timedelta(days=5)  # until a check that was left off is closed
LEFT_OFF = timedelta(hours=1)  # since the last answer: then a check is told as far as it went
OVER = ("over", "already_recorded")  # what became of a tap on a question that a fault had left standing there
WORSE = {"emergency": 0, "urgent": 1, "routine": 2}

# Of a finding (rule, and the term where it is about each): its symptoms.
About = Callable[[str], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Records:
    """`inbox` by external ids, `people` who wrote by number; `alerts` and `repeats` of each participant; `closed`: when each
    check was over, by its number.
    """

    inbox: Mapping[str, Row[Any]]
    people: Mapping[int, int | None]
    alerts: Mapping[int, Sequence[Row[Any]]]
    repeats: Mapping[int, Sequence[Row[Any]]]
    closed: Mapping[int, datetime]
    about: About


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        records = await _records(tx)
    found = Findings()
    for one in evidence.ledgers:
        for worry in [*one.worries, *too_close.worries(one)]:
            found.checked += 1
            look(found, evidence, records, one, worry)
    return found


def look(found: Findings, evidence: Evidence, records: Records, one: Ledger, worry: Worry) -> None:
    """One answer. What staff know in another way than by an alert of its own is listed by that way."""
    at, row = worry.act.acknowledged_at, records.inbox.get(worry.act.external_id)
    if at is None or evidence.lost_in_gap(at):
        return
    alerts = [
        alert
        for alert in records.alerts.get(one.participant_id, ())
        if WORSE[alert.tier] <= WORSE[worry.tier] and worry.kind in ("", alert.kind)
    ]
    if row is not None and any(
        alert.inbox_id == row.inbox_id and worry.act.at <= alert.raised_at <= at + ANSWERED
        for alert in alerts
    ):
        return
    if worry.doubtful and row is not None and row.outcome in OVER:
        way = "tapped on a question that was over, as he was told"
    else:
        way = _otherwise(records, one, worry, at, alerts) if worry.about else ""
    if way:
        found.allowed[way] += 1
    else:
        where = f"{one.subject_id} {worry.what}"
        found.violations.append(Violation(4, f"{worry.tier} answer without an alert", where, at))


def _otherwise(records: Records, one: Ledger, worry: Worry, at: datetime, alerts: Sequence[Row[Any]]) -> str:
    """By which alert of the same check, and about the same symptom, staff know of an answer; empty when by none."""
    same = [
        alert
        for alert in alerts
        if alert.kind == "symptom" and worry.about in records.about(finding(alert.unique_key))
    ]
    later = [alert for alert in same if at <= alert.raised_at <= at + CHECK_OPEN]
    known = any(alert.raised_at < at for alert in same)
    if any(_still_open(records, worry, alert, at) for alert in same):
        return "told with an earlier answer of the same check about the same symptom"
    if any(
        WORSE[row.tier] <= WORSE[worry.tier]
        and worry.about in records.about(row.finding)
        and at <= row.recorded_at <= at + CHECK_OPEN
        for row in records.repeats.get(one.participant_id, ())
    ):
        return "handled before and no worse: counted when its check was over"
    # That alert carries all answers, and the milder one is not counted.
    if known and any(WORSE[alert.tier] < WORSE[worry.tier] for alert in later):
        return "handled before, and overtaken by a worse answer of the same check"
    # What was handled before and looked no worse until the check was left off is told then: the rest is not known.
    if known and any(
        alert.inbox_id is None
        and any(at <= act.at <= alert.raised_at <= act.at + LEFT_OFF + ANSWERED for act in one.acts)
        for alert in later
    ):
        return "handled before, and told when the check was left off"
    return ""


def _still_open(records: Records, worry: Worry, alert: Row[Any], at: datetime) -> bool:
    """Whether the alert came of an earlier answer of the same person in a check that was not over yet."""
    number = alert.unique_key.split(":")[1]
    over = records.closed.get(int(number)) if number.isdecimal() else None
    writer = records.inbox[worry.act.external_id].correspondent_id
    return bool(
        number.isdecimal()
        and at - CHECK_OPEN <= alert.raised_at <= at <= (over or at)
        and (alert.inbox_id is None or records.people.get(alert.inbox_id) == writer)
    )


def finding(unique_key: str) -> str:
    """Rule, and the term where it is about each: what stands behind the number of the check."""
    return unique_key.split(":", 2)[-1]


async def _records(tx: Tx) -> Records:
    inbox = await tx.all(
        select(
            InboxMessage.external_id,
            InboxMessage.inbox_id,
            InboxMessage.outcome,
            InboxMessage.correspondent_id,
        )
    )
    reports = await tx.all(select(SymptomReport.symptom_report_id, SymptomReport.recorded_at))
    return Records(
        {row.external_id: row for row in inbox},
        {row.inbox_id: row.correspondent_id for row in inbox},
        _by_person(await tx.all(select(Alert).order_by(Alert.alert_id))),
        _by_person(await tx.all(select(AlertRepeat))),
        {row.symptom_report_id: row.recorded_at for row in reports},
        _about(tx),
    )


def _about(tx: Tx) -> About:
    (_, triage), (_, grading) = tx.ctx.book.triage(tx.now), tx.ctx.book.grading(tx.now)

    def about(found: str) -> frozenset[str]:
        name, _, term = found.partition(":")
        if term:
            return frozenset({grading.symptom_of.get(term, term)})
        rule = triage.rule(name)
        return rule.symptoms | {grading.symptom_of[one] for one in rule.terms if one in grading.symptom_of}

    return about


def _by_person(rows: Iterable[Row[Any]]) -> dict[int, list[Row[Any]]]:
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.participant_id].append(row)
    return dict(found)
