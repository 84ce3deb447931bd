"""The compliance report: planned doses and what became of them, per participant, drug and cycle, and in total.

Counting is pure and the same bytes come out for the same records and the same instant, whoever asks and whenever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.reports import ledger as ledgers
from bot.reports.as_of import settled
from bot.reports.definitions import Edition, Rules, editions, rules_of
from bot.reports.engagement import Week, weeks
from bot.reports.ledger import Ledger, Scope
from bot.reports.lines import Line, of_cycles, of_groups, of_people
from bot.reports.persons import Person, person_of
from bot.reports.supply import SupplyLine, of_supplies
from bot.services.context import Tx


@dataclass(frozen=True, slots=True)
class Compliance:
    """A whole report. `title` is a text id; `notes` are text ids with values: what a reader would otherwise ask."""

    scope: Scope
    rules: Rules
    editions: Sequence[Edition]
    participants: int
    cycles: Sequence[Line]
    people: Sequence[Line]
    sites: Sequence[Line]
    arms: Sequence[Line]
    study: Sequence[Line]
    weeks: Sequence[Week]
    supplies: Sequence[SupplyLine]
    notes: Sequence[tuple[str, Mapping[str, str]]]


async def compliance(
    tx: Tx, study: str, site: str | None = None, as_of: datetime | None = None
) -> Compliance:
    """The report as this transaction may see it: in a transaction of some sites, of those sites alone.

    Without `as_of` the last settled instant. Raises Refused for an unknown study or site and for an instant that is
    in the future or still being written. Counting runs beside the event loop.
    """
    scope = Scope(study, site, await settled(tx, as_of))
    return await asyncio.to_thread(count, await ledgers.load(tx, scope))


def count(ledger: Ledger) -> Compliance:
    rules = rules_of(ledger)
    persons = [person_of(ledger, rules, row) for row in ledger.participants]
    return Compliance(
        ledger.scope,
        rules,
        editions(ledger, rules),
        len(persons),
        of_cycles(persons),
        of_people(persons),
        of_groups("site", persons, lambda person: [person.site]),
        of_groups("arm", persons, lambda person: sorted(person.arms)),
        of_groups("study", persons, lambda person: [ledger.scope.study]),
        weeks(ledger, persons),
        of_supplies(ledger),
        _notes(ledger, persons),
    )


def _notes(ledger: Ledger, persons: Sequence[Person]) -> list[tuple[str, Mapping[str, str]]]:
    """What is empty is said, so that nobody takes it for a fault."""
    scope = ledger.scope
    if not ledger.definitions:
        return [("report.note.not_published", {"study": scope.study})]
    if not persons:
        site = {"site": scope.site} if scope.site else {}
        return [("report.note.empty_site" if site else "report.note.nobody", site)]
    notes: list[tuple[str, Mapping[str, str]]] = [
        ("report.note.no_dose", {"subject": person.subject_id}) for person in persons if not person.cells
    ]
    return notes + [
        ("report.note.two_arms", {"subject": person.subject_id, "arms": ", ".join(sorted(person.arms))})
        for person in persons
        if len(person.arms) > 1
    ]
