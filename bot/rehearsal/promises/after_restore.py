"""After a restore nothing of before goes out, staff see the gap, and what it may have swallowed is asked as "did you?"."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.db.deployments import RestoreGap
from bot.db.outbox import OutboundMessage
from bot.db.sites import Site
from bot.db.timers import Timer
from bot.rehearsal.evidence import Evidence, Findings, Gap, Violation
from bot.rehearsal.ledger import Agreed, Ledger
from bot.rehearsal.promises import asked_again
from bot.services.context import Tx

# Whatever tells or remind somebody of something: named here once more, so that nothing is forgotten there.
ASKING = ("prompt", "later", "followup", "nudge", "symptom_nudge", "reask")
_MOMENT = re.compile(r"(\d+)月(\d+)日.*?(\d+):(\d\d)")  # of twelve hours, as it is written to staff

Moment = tuple[int, int, int, int]


async def count(evidence: Evidence) -> Findings:
    found = Findings()
    async with evidence.ctx.begin() as tx:
        for gap in evidence.gaps:
            await _nothing_old(tx, found, evidence, gap)
            await _staff_know(tx, found, evidence, gap)
            await asked_again.count(tx, found, evidence, gap)
            for one in evidence.ledgers:
                for withdrawal in one.unheard:
                    if gap.since <= withdrawal.at <= gap.until:
                        _withdrawn(found, evidence, gap, one, withdrawal)
    return found


async def _nothing_old(tx: Tx, found: Findings, evidence: Evidence, gap: Gap) -> None:
    """What waited when the backup was made has most likely gone out since. What was planned afterwards has not."""
    waited = await tx.all(
        select(OutboundMessage).where(
            OutboundMessage.created_at <= gap.since,
            OutboundMessage.settled_at >= gap.until,
            OutboundMessage.channel != "web",
        )
    )
    due = await tx.all(
        select(Timer)
        .where(Timer.kind.in_(ASKING), Timer.created_at <= gap.since)
        .where(Timer.due_at <= gap.until, Timer.settled_at >= gap.until)
    )
    old = {f"m{row.message_id}" for row in waited}
    appeared = {one.key: one.at for one in evidence.letters if one.at >= gap.until}
    appeared |= {seen.key: seen.at for one in evidence.ledgers for seen in one.seen if seen.at >= gap.until}
    found.checked += len(waited) + len(due)
    found.violations += [
        Violation(9, "sent from before the backup", f"m{row.message_id} {row.purpose}", row.settled_at)
        for row in waited
        if row.state == "sent"
    ]
    found.violations += [
        Violation(9, "arrived from before the backup", key, appeared[key])
        for key in sorted(old & set(appeared))
    ]
    found.violations += [
        Violation(9, "fired although it was due before the restore", f"{row.kind} {row.key}", row.settled_at)
        for row in due
        if row.state == "fired"
    ]


async def _staff_know(tx: Tx, found: Findings, evidence: Evidence, gap: Gap) -> None:
    """The bounds are on record, and the staff of each site that has somebody in the study hold a letter with them."""
    row = await tx.first(select(RestoreGap).where(RestoreGap.until == gap.until))
    acts = [act.acknowledged_at for one in evidence.ledgers for act in one.acts]
    known = [
        at for at in acts if at is not None and at < gap.since
    ]  # what was acknowledged before is not in the gap
    found.checked += 1
    if row is None or not max(known, default=row.since) <= row.since <= gap.since:
        found.violations.append(
            Violation(9, "the bounds of the gap are not on record", "restore_gap", gap.until)
        )
    since = row.since if row is not None else gap.since
    query = select(OutboundMessage.message_id).where(
        OutboundMessage.text_id == "staff.restored.body", OutboundMessage.created_at >= gap.until
    )
    told = {f"m{number}" for number in (await tx.execute(query)).scalars()}
    letters = [one for one in evidence.letters if one.key in told and one.at >= gap.until]
    for site in await tx.all(select(Site)):
        if site.code not in {one.site for one in evidence.ledgers}:
            continue
        found.checked += 1
        own = [one for one in letters if site.code in evidence.staff.get(one.address, ())]
        bounds = [_written(at, site.zone) for at in (since, gap.until)]
        if not own:
            found.violations.append(
                Violation(9, "nobody was told of the gap", f"site {site.code}", gap.until)
            )
        found.violations += [
            Violation(9, f"was told that the gap is {_read(one.text)}, not {bounds}", one.address, one.at)
            for one in own
            if _read(one.text) != bounds
        ]


def _written(at: datetime, zone: str) -> Moment:
    local = at.astimezone(ZoneInfo(zone))
    return local.month, local.day, local.hour % 12, local.minute


def _read(text: str) -> list[Moment]:
    found = [tuple(map(int, one)) for one in _MOMENT.findall(text)]
    return [(month, day, hour % 12, minute) for month, day, hour, minute in found]


def _withdrawn(found: Findings, evidence: Evidence, gap: Gap, one: Ledger, withdrawal: Agreed) -> None:
    """He said no, and the database does not know it: he is written to until he says it again. What staff were told in the gap
    they hold still, and they are asked to look at it once more: without that letter nobody could know.
    """
    found.checked += 1
    again = [step.at for step in one.agreed if not step.yes and step.at > gap.until]
    until = min(again, default=evidence.as_of)
    heard = sum(gap.until < seen.at < until and bool(seen.key) for seen in one.seen)
    letters = [
        letter
        for letter in evidence.letters
        if withdrawal.at <= letter.at <= gap.until and one.subject_id in letter.text
    ]
    said = "and again after it" if again else "and not again so far"
    known = "staff hold the letter" if letters else "no letter arrived before the restore"
    found.allowed[f"withdrawn in the gap, {said}; {known}"] += 1
    found.allowed["messages to somebody whose withdrawal was lost in the gap"] += heard
