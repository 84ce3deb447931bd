"""Once a day, at the site's hour: one line per participant who needs somebody, worst first. Made once, sent once.

Silence stands in it like a symptom. It carries subject ids and kinds of need: no names, no symptoms, no words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select
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
    content = {"needs": [one.as_json() for one in found], "dealt_with": [one.as_json() for one in dealt]}
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
        written = write(tx, to.language, site, day, found, dealt, gap)
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
    """What was closed since the last digest."""
    last = await tx.scalar(select(func.max(Digest.made_at)).where(Digest.site_id == site_id))
    return await dealt_with.since(tx, site_id, last or tx.now - timedelta(days=1))


def write(
    tx: Tx,
    language: str,
    site: Row[Any],
    day: date,
    found: list[Need],
    dealt: Sequence[Dealt] = (),
    gap: Row[Any] | None = None,
) -> Written:
    """The digest in one language. An empty one says so: a morning without mail would leave people guessing.

    `found`: who needs somebody; `dealt`: what was ended since the last one.
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
    return Written(subject, "\n".join([head, "", *lines, "", link]))


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
