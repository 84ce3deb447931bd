"""Every alert has an end: taken by its clock, or told to one person after the other until the list is really exhausted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.db.alerts import Alert, AlertStep
from bot.db.people import Participant
from bot.db.sites import Site
from bot.rehearsal.evidence import A_MINUTE, Evidence, Findings, Violation
from bot.services import alerts
from bot.services.alert_life import TAKEN
from bot.services.context import Tx

END_OF_LIST = "end_of_list"
AWHILE = A_MINUTE  # what killed and lost transactions may add


@dataclass(frozen=True, slots=True)
class Ladder:
    """Whom a site calls (`staff:7`), one after the other, and how long each of them has."""

    called: tuple[str, ...]
    each: timedelta


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        rows = await pressing(tx)
        steps: defaultdict[int, list[Row[Any]]] = defaultdict(list)
        for step in await tx.all(select(AlertStep).order_by(AlertStep.alert_step_id)):
            steps[step.alert_id].append(step)
        ladders = await _ladders(tx)
        clocks = evidence.ctx.book.study(evidence.study, tx.now)[1].symptom_rules.clocks
    hours = {
        "emergency": timedelta(hours=clocks.emergency_hours),
        "urgent": timedelta(hours=clocks.urgent_hours),
    }
    found = Findings(checked=len(rows))
    for alert in rows:
        look(found, evidence, alert, steps[alert.alert_id], ladders[alert.site_id], hours[alert.tier])
    return found


async def pressing(tx: Tx) -> list[Row[Any]]:
    """Every emergency and urgent alert, with its site."""
    of_person = Participant.participant_id == Alert.participant_id
    query = select(Alert, Participant.site_id).join(Participant, of_person).where(Alert.tier != "routine")
    return await tx.all(query.order_by(Alert.alert_id))


async def _ladders(tx: Tx) -> Mapping[int, Ladder]:
    return {
        site.site_id: Ladder(
            tuple(f"staff:{one.staff_id}" for one in await alerts.on_call(tx, site.site_id)),
            timedelta(minutes=site.escalate_minutes),
        )
        for site in await tx.all(select(Site))
    }


def look(
    found: Findings,
    evidence: Evidence,
    alert: Row[Any],
    steps: Sequence[Row[Any]],
    ladder: Ladder,
    hours: timedelta,
) -> None:
    """`hours`: the clock of the alert's tier. Until the last one's turn, or that clock, somebody may take it."""

    def wrong(what: str) -> None:
        where = f"alert {alert.alert_id} {alert.kind} {alert.tier}"
        found.violations.append(Violation(4, what, where, alert.raised_at))

    raised, turns = alert.raised_at, len(ladder.called)
    taken = min((step.taken_at for step in steps if step.step in TAKEN), default=None)
    last = [step for step in steps if step.step == "escalated" and step.outcome == END_OF_LIST]
    for step in last:
        if not set(ladder.called) <= _called(steps, step.taken_at):
            wrong("the list was given up before its end")
    last_turn = late(evidence, raised, (turns - 1) * ladder.each)
    clock = min(last_turn, late(evidence, raised, hours))
    if clock > evidence.as_of or (taken is not None and taken <= clock):
        return
    if not (last_turn > evidence.as_of or set(ladder.called) <= _called(steps, last_turn)):
        wrong("neither taken nor told to the last person")
        return
    end = late(evidence, raised, turns * ladder.each)
    ends = [one for one in (taken, *(step.taken_at for step in last)) if one is not None]
    if end <= evidence.as_of and not any(one <= end for one in ends):
        wrong("everybody was called, and nothing on record says that it ended so")
    else:
        found.allowed[f"not taken by its clock, and told to the last person: {alert.tier}"] += 1


def _called(steps: Sequence[Row[Any]], until: datetime) -> set[str]:
    """Whose turn it was: of several who were told at first, the first of them."""
    return {
        (step.outcome or "").partition(",")[0]
        for step in steps
        if step.step in ("told", "escalated") and step.taken_at <= until
    }


def late(evidence: Evidence, start: datetime, length: timedelta) -> datetime:
    """`length` after `start`, and as much later as nobody of ours was there, or a restored database knew nothing of it."""
    away = [(since, until) for what, since, until in evidence.spans if what == "house"]
    away += [(gap.since, gap.until) for gap in evidence.gaps]
    end = start + length + AWHILE
    for since, until in sorted(away):
        if since <= end and start < until:
            end += until - max(since, start)
    return end
