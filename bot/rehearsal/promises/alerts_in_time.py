"""Every emergency or urgent answer has an alert on the wire within seconds, and an end: taken, or told to the last person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.db.outbox import OutboundMessage
from bot.db.sites import Site
from bot.rehearsal.evidence import Evidence, Findings, Violation, all_of
from bot.rehearsal.faults import AT_COMMIT
from bot.rehearsal.ledger import Letter
from bot.rehearsal.promises import alerts_ended, answers_heard
from bot.services import alerts
from bot.services.context import Tx
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
# What nobody wrote down is done again.
KILLED = frozenset({*AT_COMMIT, "killed_before_send", "killed_after_send"})
AWAY = {"outage": timedelta(0), "storm": ALERT_PAUSE}  # of a channel, and the pause after it


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one alert. `channels`: by which staff of its site are reached; `arrived`: at the first of them."""

    alert: Row[Any]
    channels: frozenset[str]
    notices: list[Row[Any]]
    arrived: datetime | None


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        rows = await alerts_ended.pressing(tx)
        notices = await tx.all(select(OutboundMessage).where(OutboundMessage.lane == int(Lane.ALERT)))
        channels = await _channels(tx)
    found = Findings(checked=len(rows))
    arrived = first_letters(letter for letter in evidence.letters if not evidence.lost_in_gap(letter.at))
    told = _by_alert(notices)
    for alert in rows:
        one = Told(alert, channels[alert.site_id], told[alert.alert_id], arrived.get(alert.alert_id))
        on_the_wire(found, evidence, one)
        on_the_console(found, evidence, one)
    return all_of(await answers_heard.count(evidence), found, await alerts_ended.count(evidence))


async def _channels(tx: Tx) -> Mapping[int, frozenset[str]]:
    """By which channels the staff of each site are reached."""
    return {
        site_id: frozenset(to.channel for one in await alerts.on_call(tx, site_id) for to in one.targets)
        for site_id in (await tx.execute(select(Site.site_id))).scalars().all()
    }


def first_letters(letters: Iterable[Letter]) -> dict[int, datetime]:
    """When each alert first reached somebody."""
    first: dict[int, datetime] = {}
    for letter in letters:
        for number in letter.alerts:
            first.setdefault(number, letter.at)
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


def on_the_wire(found: Findings, evidence: Evidence, told: Told) -> None:
    """Within seconds while any channel of the site's staff is up, else of the first that is up again."""
    alert, arrived = told.alert, told.arrived
    raised: datetime = alert.raised_at
    # Who was told only because it took long, or when his turn came, was no other way at first; who refused waits for nothing.
    at_first = {row.channel for row in told.notices if row.created_at <= raised + ON_THE_WIRE}
    ways = [
        row
        for row in told.notices
        if row.channel in at_first and (arrived is None or row.created_at <= arrived)
    ]
    going = [row for row in ways if row.state != "refused"] or ways
    hit = {
        channel: [
            struck.kind
            for row in going
            if row.channel == channel
            for struck in evidence.hit(f"m{row.message_id}")
        ]
        for channel in {row.channel for row in going}
    }
    lost = {one: sum((MENDED.get(kind, AGAIN) for kind in kinds), timedelta(0)) for one, kinds in hit.items()}
    up = {one: wait for one, wait in lost.items() if _up(evidence, one, raised, timedelta(0)) == raised}
    # Of several channels that were tried the one that lost least; what was away anyhow did not stand for the others.
    waits = min((up or lost).values(), default=timedelta(0))
    limit = min(_up(evidence, one, raised, waits) for one in told.channels) + ON_THE_WIRE
    if limit > evidence.as_of or (arrived is not None and arrived <= limit):
        return
    where = f"alert {alert.alert_id} {alert.kind} {alert.tier}"
    late = f"{(arrived - raised).total_seconds():.0f} s" if arrived else "never"
    if evidence.gap_within(raised, limit):
        found.allowed["its hour fell into the gap of a restore"] += 1
    elif arrived is not None and arrived <= limit + waits:
        kinds = sorted({kind for some in hit.values() for kind in some})
        found.allowed[f"kept from its reader by {', '.join(kinds)}"] += 1
    elif (
        arrived is not None
        and arrived <= limit + UNKNOWN + waits
        and any(one.kind in KILLED and raised - UNKNOWN <= one.at <= arrived for one in evidence.struck)
    ):
        found.allowed["its sender was killed or its fate unknown"] += 1
    elif not told.notices:
        found.violations.append(Violation(4, "nobody was told", where, raised))
    else:
        found.violations.append(Violation(4, f"on the wire after {late}", where, raised))


def _up(evidence: Evidence, channel: str, start: datetime, waits: timedelta) -> datetime:
    """When something may go out by this channel: at once, or when it and our processes are there again."""
    pauses = {"house": timedelta(0)} | {f"{what}:{channel}": pause for what, pause in AWAY.items()}
    while True:
        ends = [
            end + pause
            for what, pause in pauses.items()
            if (end := evidence.away(what, start, start + ON_THE_WIRE + waits)) is not None
        ]
        if max(ends, default=start) <= start:
            return start
        start = max(ends)


def on_the_console(found: Findings, evidence: Evidence, told: Told) -> None:
    """While no channel is up the console has it at once: asked, as that site's page asks, before the clock moved on."""
    raised: datetime = told.alert.raised_at
    if any(evidence.away(f"outage:{one}", raised, raised) in (None, raised) for one in told.channels):
        return
    found.checked += 1
    if evidence.consoles.get((told.alert.site_id, told.alert.alert_id)) == raised:
        found.allowed["on the console at once, while no channel of its staff was up"] += 1
    else:
        where = f"alert {told.alert.alert_id} {told.alert.kind} {told.alert.tier}"
        found.violations.append(Violation(4, "not on the console at once", where, raised))
