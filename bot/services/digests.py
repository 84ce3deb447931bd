"""Once a day, at the site's hour: one line per participant who needs somebody, worst first. Made once, sent once.

Silence stands in it like a symptom. It carries subject ids and kinds of need: no names, no symptoms, no words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.digests import Digest
from bot.db.sites import Site
from bot.dialogue.turn import Phrase, Value
from bot.services import dealt_with, needs, outbox, restoring, timers
from bot.services.alert_inbox import OUTCOMES
from bot.services.alerts import on_call
from bot.services.context import Tx
from bot.services.dealt_with import Dealt
from bot.services.needs import Need
from bot.services.outbox import Draft, Lane
from schedules.localtime import instant

DIGEST_LIMIT = timedelta(hours=12)  # later than that the next one says it all
DIGEST_LIVES = timedelta(hours=24)
OVERLAP = timedelta(hours=1)  # no decision of staff takes longer from its beginning to its commit
MOST_UNITS = {"telegram": 4096}  # what one message holds, in UTF-16 units; a letter holds any


@dataclass(frozen=True, slots=True)
class Written:
    """A digest as a recipient reads it."""

    subject: str
    body: str


async def plan_all(tx: Tx) -> None:
    """See to it that every site has its next digest waiting: also after an outage, also for a new site."""
    for site in await tx.all(select(Site)):
        await plan_next(tx, site)


async def plan_next(tx: Tx, site: Row[Any]) -> None:
    day = tx.now.astimezone(ZoneInfo(site.zone)).date()
    due_at = instant(day, site.digest_at, site.zone)
    if due_at <= tx.now:
        day += timedelta(days=1)
        due_at = instant(day, site.digest_at, site.zone)
    payload = {"site_id": site.site_id, "day": day.isoformat()}
    key = f"{site.site_id}:{day.isoformat()}"
    await timers.set_timer(tx, "digest", key, None, due_at, due_at + DIGEST_LIMIT, payload)


async def send(tx: Tx, timer: Row[Any]) -> str:
    """Make the day's digest and queue it to each recipient on its own: one bad address stops nobody else."""
    site = (await tx.execute(select(Site).where(Site.site_id == timer.payload["site_id"]))).one()
    day = date.fromisoformat(timer.payload["day"])
    found, dealt = await needs.of_site(tx, site.site_id), await _dealt(tx, site.site_id)
    content = {
        "needs": [one.as_json() for one in found],
        "dealt_with": [one.as_json() for one in dealt],
        "steps": [one.step_id for one in dealt],
    }
    digest_id: int | None = await tx.scalar(
        upsert(Digest)
        .values(site_id=site.site_id, day=day, content=content, made_at=tx.now)
        .on_conflict_do_nothing(index_elements=["site_id", "day"])
        .returning(Digest.digest_id)
    )
    await plan_next(tx, site)
    gap = await restoring.recent(tx)
    if digest_id is None:
        return "made_before"
    recipients = [to for person in await on_call(tx, site.site_id) for to in person.targets]
    for to in recipients:
        written = write(tx, to.language, site, day, found, dealt, gap, MOST_UNITS.get(to.channel))
        draft = Draft(
            purpose="digest",
            lane=Lane.BULK,
            text_id="digest.body",
            text=written.body,
            subject=written.subject,
            pushed=True,
            unique_key=f"digest:{digest_id}:{to.contact_id}",
            lives=DIGEST_LIVES,
        )
        await outbox.put(tx, to, draft)
    return f"sent:{len(recipients)}"


async def _dealt(tx: Tx, site_id: int) -> list[Dealt]:
    """What was closed and stood in no digest yet. What was still being written as the last was made had begun before it."""
    last = await tx.first(
        select(Digest).where(Digest.site_id == site_id).order_by(Digest.made_at.desc()).limit(1)
    )
    if last is None:
        return await dealt_with.since(tx, site_id, tx.now - timedelta(days=1))
    told = last.content.get("steps")
    if told is None:  # made by a version that kept no numbers
        return await dealt_with.since(tx, site_id, last.made_at)
    found = await dealt_with.since(tx, site_id, last.made_at - OVERLAP)
    return [one for one in found if one.step_id not in told]


def write(
    tx: Tx,
    language: str,
    site: Row[Any],
    day: date,
    found: list[Need],
    dealt: Sequence[Dealt] = (),
    gap: Row[Any] | None = None,
    most: int | None = None,
) -> Written:
    """The digest in one language. An empty one says so: a morning without mail would leave people guessing.

    `found`: who needs somebody; `dealt`: what was ended since the last one. `most`: UTF-16 units that one message holds.
    What does not fit is counted, for half a list would look like a whole one.
    `gap`: the database was restored lately; whoever reads this must know what may be missing.
    """
    text = tx.ctx.wording.text
    head = text(language, Phrase("digest.head", {"site": site.code, "day": day, "count": len(found)}))
    lines = [_line(tx, language, need) for need in found] or [text(language, Phrase("digest.nobody"))]
    if dealt:
        lines += ["", text(language, Phrase("digest.dealt")), *(_ended(tx, language, one) for one in dealt)]
    if gap is not None:
        zone = ZoneInfo(site.zone)
        bounds: dict[str, Value] = {"since": gap.since.astimezone(zone), "until": gap.until.astimezone(zone)}
        lines = [text(language, Phrase("digest.gap", bounds)), "", *lines]
    link = text(language, Phrase("digest.link", {"link": f"{tx.ctx.addresses.public_url}/console"}))
    subject = text(language, Phrase("digest.subject", {"site": site.code, "day": day, "count": len(found)}))
    body = "\n".join([head, "", *lines, "", link])
    if most is not None and len(body.encode("utf-16-le")) // 2 > most:
        counts = _counted(tx, language, found, dealt)
        body = "\n".join([head, "", *lines[: 2 if gap is not None else 0], *counts, "", link])
    return Written(subject, body)


def _counted(tx: Tx, language: str, found: list[Need], dealt: Sequence[Dealt]) -> list[str]:
    """How many in each tier, where the names of all would not fit."""
    text = tx.ctx.wording.text
    counts = Counter(need.tier for need in found)
    tiers = (
        text(language, Phrase("digest.count_line", {"tier": Phrase(f"tier.{tier}"), "count": counts[tier]}))
        for tier in needs.WORST
        if counts[tier]
    )
    return [text(language, Phrase("digest.too_long", {"dealt": len(dealt)})), *tiers]


def _line(tx: Tx, language: str, need: Need) -> str:
    text = tx.ctx.wording.text
    kinds = text(language, Phrase("digest.comma")).join(
        text(language, Phrase(f"need.{kind}")) for kind in need.kinds
    )
    since = need.since.astimezone(ZoneInfo(need.zone))
    values: dict[str, Value] = {
        "subject": need.subject_id,
        "tier": Phrase(f"tier.{need.tier}"),
        "kinds": kinds,
        "since": since,
    }
    return text(language, Phrase("digest.line", values))


def _ended(tx: Tx, language: str, one: Dealt) -> str:
    outcome: Value = Phrase(f"console.outcome.{one.outcome}") if one.outcome in OUTCOMES else one.outcome
    values: dict[str, Value] = {
        "subject": one.subject_id,
        "tier": Phrase(f"tier.{one.tier}"),
        "kind": Phrase(f"need.{one.kind}"),
        "outcome": outcome,
    }
    return tx.ctx.wording.text(language, Phrase("digest.dealt_line", values))


async def preview(tx: Tx, site_code: str, language: str) -> Written:
    """What would be sent now. Nothing is kept and nobody is told."""
    from bot.services.enrolment import site_of

    site: Any = await site_of(tx, site_code)
    day = tx.now.astimezone(ZoneInfo(site.zone)).date()
    gap = await restoring.recent(tx)
    dealt = await _dealt(tx, site.site_id)
    return write(tx, language, site, day, await needs.of_site(tx, site.site_id), dealt, gap)
