"""Capsules handed out, returned, told as taken and counted, per participant and drug: the check on what people tell."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from bot.reports import ledger as ledgers
from bot.reports.as_of import settled, stamp
from bot.reports.ledger import Ledger, Scope
from bot.services.context import Tx
from bot.services.supplies import stocks_of
from bot.services.timeline import timeline_of
from schedules.supplies import Stock

SUPPLY_COLUMNS = (
    *("dispensed", "returned", "told_as_taken", "should_be_left"),
    *("last_count_on", "counted", "expected_then", "difference"),
)
COLUMNS = ("study", "site", "subject_id", "drug", *SUPPLY_COLUMNS, "as_of")


@dataclass(frozen=True, slots=True)
class SupplyLine:
    site: str
    subject_id: str
    drug: str
    stock: Stock


def of_supplies(ledger: Ledger) -> list[SupplyLine]:
    """One line per participant and drug of which anything was written down. Pure."""
    said = _said(ledger)
    return [
        SupplyLine(row.code, row.subject_id, drug, stock)
        for row in ledger.participants
        if row.participant_id in ledger.supplies
        for drug, stock in stocks_of(
            ledger.supplies[row.participant_id],
            said[row.participant_id],
            timeline_of(ledger.facts[row.participant_id]),
        ).items()
    ]


def _said(ledger: Ledger) -> defaultdict[int, list[Row[Any]]]:
    """The last word about each dose and every intake that no plan had, of each participant with a supply."""
    found: defaultdict[int, list[Row[Any]]] = defaultdict(list)
    last = [own[-1] for own in ledger.reports.values()]
    for row in (*last, *(one for own in ledger.unplanned.values() for one in own)):
        if row.participant_id in ledger.supplies:
            found[row.participant_id].append(row)
    return found


def supply_fields(line: SupplyLine) -> dict[str, str | int | None]:
    """In capsules. difference = counted - expected: above 0 more is left than what was told leaves. None without a count."""
    stock = line.stock
    last = stock.counts[-1] if stock.counts else None
    return {
        "site": line.site,
        "subject_id": line.subject_id,
        "drug": line.drug,
        "dispensed": stock.dispensed,
        "returned": stock.returned,
        "told_as_taken": stock.taken,
        "should_be_left": stock.left,
        "last_count_on": last.on.isoformat() if last else None,
        "counted": last.counted if last else None,
        "expected_then": last.expected if last else None,
        "difference": last.difference if last else None,
    }


async def supply_csv(tx: Tx, study: str, site: str | None, as_of: datetime | None) -> str:
    """The lines of `of_supplies` alone. Raises Refused like the compliance report."""
    at = await settled(tx, as_of)
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    for line in of_supplies(await ledgers.load(tx, Scope(study, site, at))):
        table.writerow({"study": study, **supply_fields(line), "as_of": stamp(at)})
    return out.getvalue()
