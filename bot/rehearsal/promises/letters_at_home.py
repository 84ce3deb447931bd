"""What tells of one site's participant goes to that site's staff, and to that participant's phones, and to nobody else.

Asked twice: of the wire, which knows addresses, by the ledgers; and of what was made, whatever its channel, by its contact.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bot.db.alerts import Alert
from bot.db.outbox import OutboundMessage
from bot.db.people import Contact, Participant
from bot.db.sites import Site, StaffSite
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.services import unsealing
from bot.services.context import Tx

_NAME = re.compile(r"[A-Z0-9]+(?:-\d+)?")  # a site's code, or a subject id, which begins with one
_ALERT = re.compile(r"/console/alerts/(\d+)")


@dataclass(frozen=True, slots=True)
class Told:
    """Which site is meant by a code, by a subject id, by the number of an alert."""

    names: Mapping[str, str]
    alerts: Mapping[int, str]

    def sites(self, text: str) -> set[str]:
        named = {self.names[one] for one in _NAME.findall(text) if one in self.names}
        return named | {self.alerts[int(one)] for one in _ALERT.findall(text) if int(one) in self.alerts}


async def count(evidence: Evidence) -> Findings:
    found = Findings()
    async with evidence.ctx.begin() as tx:
        sites = {row.participant_id: row.code for row in await tx.all(_PEOPLE)}
        alerts = await tx.all(select(Alert.alert_id, Alert.participant_id))
        await _as_made(tx, found, sites, {row.alert_id: sites[row.participant_id] for row in alerts})
        whose = select(OutboundMessage.message_id, OutboundMessage.participant_id)
        about = {f"m{row.message_id}": row.participant_id for row in await tx.all(whose)}
    by_ledger = {pid: one.site for pid, one in evidence.by_participant().items()}
    arrived = {
        row.alert_id: by_ledger[row.participant_id] for row in alerts if row.participant_id in by_ledger
    }
    as_arrived(found, evidence, arrived)
    on_phones(found, evidence, about)
    return found


async def _as_made(tx: Tx, found: Findings, sites: Mapping[int, str], alerts: Mapping[int, str]) -> None:
    works: defaultdict[int, set[str]] = defaultdict(set)
    for row in await tx.all(
        select(StaffSite.staff_id, Site.code).join(Site, Site.site_id == StaffSite.site_id)
    ):
        works[row.staff_id].add(row.code)
    subjects = {row.subject_id: sites[row.participant_id] for row in await tx.all(_PEOPLE)}
    codes = {code: code for code in (await tx.execute(select(Site.code))).scalars()}
    told = Told(subjects | codes, alerts)
    rows = await tx.all(_TO_STAFF)
    contents = await unsealing.contents(tx, (row.sealed_id for row in rows))
    for row in rows:
        found.checked += 1
        text = " ".join(_words(contents.get(row.sealed_id)))
        strange = told.sites(text) | ({sites[row.participant_id]} if row.participant_id else set())
        _judge(found, strange, works[row.staff_id], f"staff {row.staff_id} {row.channel} m{row.message_id}")


def _words(content: Any) -> list[str]:
    """Every text in it: words, subject, labels and links of buttons."""
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        content = list(content.values())
    return [word for part in content for word in _words(part)] if isinstance(content, list) else []


def as_arrived(found: Findings, evidence: Evidence, alerts: Mapping[int, str]) -> None:
    """`alerts`: the site of each. What arrived in a gap has numbers that were given again."""
    codes = {code: code for of in evidence.staff.values() for code in of}
    names = codes | {one.subject_id: one.site for one in evidence.ledgers if one.subject_id}
    for letter in evidence.letters:
        found.checked += 1
        told = Told(names, {} if evidence.lost_in_gap(letter.at) else alerts)
        where = f"{letter.address} {letter.key}"
        if letter.address not in evidence.staff:
            found.violations.append(
                Violation(5, "went to somebody who is not of the staff", where, letter.at)
            )
        else:
            _judge(
                found, told.sites(f"{letter.subject}\n{letter.text}"), evidence.staff[letter.address], where
            )


def _judge(found: Findings, told_of: Set[str], works: Set[str], where: str) -> None:
    if strange := sorted(told_of - works):
        found.violations.append(Violation(5, f"tells another site's staff of {', '.join(strange)}", where))


def on_phones(found: Findings, evidence: Evidence, about: Mapping[str, int | None]) -> None:
    for one in evidence.ledgers:
        for seen in one.seen:
            found.checked += 1
            if about.get(seen.key) not in (None, one.participant_id):
                where = f"{one.subject_id} phone {seen.phone} {seen.key}"
                found.violations.append(Violation(5, "tells somebody of another person", where, seen.at))


_PEOPLE = select(Participant.participant_id, Participant.subject_id, Site.code).join(
    Site, Site.site_id == Participant.site_id
)
_TO_STAFF = (
    select(
        OutboundMessage.message_id,
        OutboundMessage.channel,
        OutboundMessage.participant_id,
        OutboundMessage.sealed_id,
        Contact.staff_id,
    )
    .join(Contact, Contact.contact_id == OutboundMessage.contact_id)
    .where(Contact.staff_id.is_not(None))
    .order_by(OutboundMessage.message_id)
)
