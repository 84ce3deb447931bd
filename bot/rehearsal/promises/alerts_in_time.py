"""Every emergency or urgent answer has an alert on the wire within seconds, and an end: taken, or told to the last person."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.db.alerts import Alert, AlertRepeat, AlertStep
from bot.db.inbox import InboxMessage
from bot.db.outbox import OutboundMessage
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.rehearsal.ledger import Ledger, Letter, Worry
from bot.services.delivery_failures import REPEAT_AFTER
from bot.services.outbox import Lane
from bot.services.sending import ALERT_PAUSE, LEASE

ON_THE_WIRE = timedelta(seconds=5)
AGAIN = REPEAT_AFTER  # nobody knows whether it arrived: said again after so long (DESIGN, ambiguous sends)
UNKNOWN = LEASE + AGAIN + timedelta(seconds=10)  # a sender was killed: nobody knows it before his lease ends
# What each fault that hit this very alert may cost. A refusal costs nothing: there is somebody else to tell.
MENDED = {
    "killed_before_send": UNKNOWN,
    "killed_after_send": UNKNOWN,
    "too_fast": ALERT_PAUSE,
    "rejected": timedelta(0),
}
ANSWERED = timedelta(minutes=2)  # an act that met a fault is handled so much later at most
CLOCKS = timedelta(hours=3)  # of everybody on call, one after the other, with what faults add
AWAY = {"outage": timedelta(0), "house": timedelta(0), "storm:email": ALERT_PAUSE}  # and the pause after it
CHECK_OPEN = timedelta(days=5)  # until a check that was left off is closed
LEFT_OFF = timedelta(hours=1)  # since the last answer: then a check is told as far as it went
OVER = ("over", "already_recorded")  # what became of a tap on a question that a fault had left standing there
WORSE = {"emergency": 0, "urgent": 1, "routine": 2}
_ALERT = re.compile(r"/console/alerts/(\d+)")


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        alerts = await tx.all(select(Alert).order_by(Alert.alert_id))
        steps = await tx.all(select(AlertStep).order_by(AlertStep.alert_step_id))
        repeats = await tx.all(select(AlertRepeat))
        notices = await tx.all(select(OutboundMessage).where(OutboundMessage.lane == int(Lane.ALERT)))
        over = set(
            (
                await tx.execute(select(InboxMessage.external_id).where(InboxMessage.outcome.in_(OVER)))
            ).scalars()
        )
    found = Findings()
    of_person: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for alert in alerts:
        of_person[alert.participant_id].append(alert)
    for one in evidence.ledgers:
        for worry in one.worries:
            found.checked += 1
            if worry.doubtful and worry.act.external_id in over:
                found.allowed["tapped on a question that was over, as he was told"] += 1
                continue
            held = [row for row in repeats if row.participant_id == one.participant_id and not worry.kind]
            own = [alert for alert in of_person[one.participant_id] if worry.kind in ("", alert.kind)]
            found.violations += _unheard(evidence, one, worry, own, held)
    arrived = first_letters(letter for letter in evidence.letters if not evidence.lost_in_gap(letter.at))
    told = _by_alert(notices)
    for alert in alerts:
        if alert.tier != "routine":
            found.checked += 1
            _on_the_wire(found, evidence, alert, arrived.get(alert.alert_id), told[alert.alert_id])
            _ended(found, evidence, alert, [step for step in steps if step.alert_id == alert.alert_id])
    return found


def _unheard(
    evidence: Evidence, one: Ledger, worry: Worry, alerts: list[Row[Any]], held: list[Row[Any]]
) -> list[Violation]:
    at = worry.act.acknowledged_at
    if at is None or evidence.lost_in_gap(at):
        return []
    heard = any(
        WORSE[alert.tier] <= WORSE[worry.tier] and at - timedelta(hours=1) <= alert.raised_at <= at + ANSWERED
        for alert in alerts
    )
    # What was handled before and is no worse is counted when its check is over, and not told again.
    counted = any(
        WORSE[row.tier] <= WORSE[worry.tier] and at <= row.recorded_at <= at + CHECK_OPEN for row in held
    )
    # Where a worse answer of the same check followed, that alert carries all answers, and the milder one is not counted.
    of_checks = [alert for alert in alerts if alert.kind == "symptom"]
    overtaken = any(alert.raised_at < at for alert in of_checks) and any(
        WORSE[alert.tier] < WORSE[worry.tier] and at <= alert.raised_at <= at + CHECK_OPEN
        for alert in of_checks
    )
    # What was handled before and looked no worse until the check was left off is told then: the rest is not known.
    left_off = any(alert.raised_at < at for alert in of_checks) and any(
        WORSE[alert.tier] <= WORSE[worry.tier]
        and at <= alert.raised_at <= at + CHECK_OPEN
        and any(at <= act.at <= alert.raised_at <= act.at + LEFT_OFF + ANSWERED for act in one.acts)
        for alert in of_checks
    )
    where = f"{one.subject_id} {worry.what}"
    if heard or counted or overtaken or left_off:
        return []
    return [Violation(4, f"{worry.tier} answer without an alert", where, at)]


def first_letters(letters: Iterable[Letter]) -> dict[int, datetime]:
    """When each alert first reached somebody."""
    first: dict[int, datetime] = {}
    for letter in letters:
        for number in _ALERT.findall(letter.text):
            first.setdefault(int(number), letter.at)
    return first


def _by_alert(notices: list[Row[Any]]) -> defaultdict[int, list[Row[Any]]]:
    """Each alert's notices, with their repetitions."""
    of = {
        row.message_id: key[1] for row in notices if (key := (row.unique_key or "").split(":"))[0] == "alert"
    }
    told: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    for row in notices:
        if (number := of.get(row.repeats or row.message_id)) is not None:
            told[int(number)].append(row)
    return told


def _on_the_wire(
    found: Findings,
    evidence: Evidence,
    alert: Row[Any],
    arrived: datetime | None,
    notices: list[Row[Any]],
) -> None:
    raised: datetime = alert.raised_at
    limit = raised + ON_THE_WIRE
    hit = [struck.kind for row in notices for struck in evidence.hit(f"m{row.message_id}")]
    waits = sum((MENDED.get(kind, AGAIN) for kind in hit), timedelta(0))
    away = {name: evidence.away(name, raised, limit + waits) for name in AWAY}
    back = [end + AWAY[name] for name, end in away.items() if end is not None]
    if back:
        limit = max(back) + ON_THE_WIRE
    if limit > evidence.as_of or (arrived is not None and arrived <= limit):
        return
    where = f"alert {alert.alert_id} {alert.kind} {alert.tier}"
    late = f"{(arrived - raised).total_seconds():.0f} s" if arrived else "never"
    if evidence.gap_within(raised, limit):
        found.allowed["its hour fell into the gap of a restore"] += 1
    elif arrived is not None and arrived <= limit + waits:
        found.allowed[f"kept from its reader by {', '.join(sorted(set(hit)))}"] += 1
    elif (
        arrived is not None
        and arrived <= limit + UNKNOWN + waits
        and evidence.struck_between(raised - UNKNOWN, arrived)
    ):
        found.allowed["its sender was killed or its fate unknown"] += 1
    elif not notices and alert.kind in ("parked", "contact_lost"):
        found.violations.append(Violation(4, "nobody was told", where, raised))
    else:
        found.violations.append(Violation(4, f"on the wire after {late}", where, raised))


def _ended(found: Findings, evidence: Evidence, alert: Row[Any], steps: list[Row[Any]]) -> None:
    away = evidence.away("house", alert.raised_at, alert.raised_at + CLOCKS)
    restored = evidence.gap_within(alert.raised_at, alert.raised_at + CLOCKS)
    limit = max(alert.raised_at, away or alert.raised_at, restored or alert.raised_at) + CLOCKS
    if limit > evidence.as_of:
        return
    taken = any(step.step in ("acknowledged", "acted", "closed") and step.taken_at <= limit for step in steps)
    last = any(step.step == "escalated" and step.outcome == "end_of_list" for step in steps)
    if not (taken or last):
        where = f"alert {alert.alert_id} {alert.kind} {alert.tier}"
        found.violations.append(
            Violation(4, "neither taken nor told to the last person", where, alert.raised_at)
        )
