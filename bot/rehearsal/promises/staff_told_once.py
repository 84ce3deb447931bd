"""Nothing comes to staff twice: of each alert a letter for each time that somebody was called, a digest a day, a gap once.

Who has a chat as well as mail gets it by both.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, select

from bot.db.alerts import AlertStep
from bot.db.outbox import OutboundMessage
from bot.db.people import Contact
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.rehearsal.ledger import Letter
from bot.rehearsal.promises.nothing_twice import MINUTES, OUT

# One that came late, by an evening, and the next; less what a change of the clocks takes.
HALF_A_DAY = timedelta(hours=11)
_ALERT = re.compile(r"/console/alerts/(\d+)")


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        rows = await tx.all(_TO_STAFF)
        steps = await tx.all(select(AlertStep).where(AlertStep.step.in_(("told", "escalated"))))
    return judged(evidence, rows, steps)


def judged(evidence: Evidence, rows: Sequence[Row[Any]], steps: Sequence[Row[Any]]) -> Findings:
    """`rows`: what went out to staff. `steps`: whom the record names as called."""
    by_key = {f"m{row.message_id}": row for row in rows}
    found = Findings(checked=len(rows))
    _called(found, evidence.letters, by_key, steps)
    _a_digest_a_day(found, [row for row in rows if row.purpose == "digest"])
    _of_a_gap(found, [row for row in rows if row.purpose == "notice"])
    _same_words(found, [letter for letter in evidence.letters if letter.key in by_key])
    return found


def _called(
    found: Findings, sent: Sequence[Letter], rows: Mapping[str, Row[Any]], steps: Sequence[Row[Any]]
) -> None:
    """The record names whoever is called, each time. That a letter came twice by one row is counted elsewhere."""
    named = Counter(
        (step.alert_id, staff) for step in steps for staff in (step.outcome or "").split(",") if staff
    )
    letters: defaultdict[tuple[int, str, int], set[str]] = defaultdict(set)
    for letter in sent:
        row = rows.get(letter.key)
        if row is None:
            continue
        for number in _ALERT.findall(letter.text):
            letters[int(number), f"staff:{row.staff_id}", row.contact_id].add(letter.key)
    for (alert_id, staff, _), keys in letters.items():
        if len(keys) > named[alert_id, staff]:
            what = f"{len(keys)} letters of one alert, and called {named[alert_id, staff]} times"
            found.violations.append(Violation(3, what, f"alert {alert_id} {staff}"))


def _a_digest_a_day(found: Findings, rows: list[Row[Any]]) -> None:
    days: defaultdict[int, list[datetime]] = defaultdict(list)
    for row in rows:
        days[row.contact_id].append(row.created_at)
    for contact_id, times in days.items():
        found.violations += [
            Violation(3, "two digests in half a day", f"contact {contact_id}", after)
            for before, after in pairwise(sorted(times))
            if after - before < HALF_A_DAY
        ]


def _of_a_gap(found: Findings, rows: list[Row[Any]]) -> None:
    times = Counter((row.contact_id, row.created_at) for row in rows)
    found.violations += [
        Violation(3, f"told {n} times of one restore", f"contact {contact_id}", at)
        for (contact_id, at), n in times.items()
        if n > 1
    ]


def _same_words(found: Findings, letters: list[Letter]) -> None:
    last: dict[tuple[str, str, str], Letter] = {}
    for letter in letters:
        words = (letter.address, letter.subject, letter.text)
        before = last.get(words)
        last[words] = letter
        if before is not None and letter.at - before.at <= MINUTES and letter.key != before.key:
            found.violations.append(
                Violation(3, "the same letter twice within minutes", letter.address, letter.at)
            )


# Without what is said again because nobody knows whether it arrived: that is marked, and counted on its own.
_TO_STAFF = (
    select(OutboundMessage, Contact.staff_id)
    .join(Contact, Contact.contact_id == OutboundMessage.contact_id)
    .where(Contact.staff_id.is_not(None), OutboundMessage.inbox_id.is_(None))
    .where(OutboundMessage.edits.is_(None), OutboundMessage.repeats.is_(None))
    .where(OutboundMessage.state.in_(OUT))
    .order_by(OutboundMessage.message_id)
)
