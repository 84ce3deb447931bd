"""Capsules handed out, returned, told as taken and counted, per participant and drug: the check on what people tell."""

from __future__ import annotations

import csv
import io
from datetime import datetime

from sqlalchemy import select

from bot.db.people import Participant
from bot.db.sites import Site
from bot.reports.as_of import settled, stamp
from bot.services import supplies, timeline
from bot.services.context import Tx

COLUMNS = (
    *("study", "site", "subject_id", "drug", "dispensed", "returned", "told_as_taken", "should_be_left"),
    *("last_count_on", "counted", "expected_then", "difference", "as_of"),
)


async def supply_csv(tx: Tx, study: str, site: str | None, as_of: datetime | None) -> str:
    """One row per participant and drug of which anything was written down by the instant.

    difference = counted - expected: above 0 more is left than what was told leaves.
    """
    at = await settled(tx, as_of)
    query = (
        select(Participant.participant_id, Participant.subject_id, Site.code)
        .join(Site, Site.site_id == Participant.site_id)
        .where(Participant.study == study)
        .order_by(Participant.subject_id)
    )
    if site is not None:
        query = query.where(Site.code == site)
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    for person in await tx.all(query):
        course = await timeline.load(tx, person.participant_id)
        for drug, stock in (await supplies.stocks(tx, course, at)).items():
            row: dict[str, object] = {
                "study": study,
                "site": person.code,
                "subject_id": person.subject_id,
                "drug": drug,
                "dispensed": stock.dispensed,
                "returned": stock.returned,
                "told_as_taken": stock.taken,
                "should_be_left": stock.left,
                "as_of": stamp(at),
            }
            if stock.counts:
                last = stock.counts[-1]
                row |= {"last_count_on": last.on.isoformat(), "counted": last.counted}
                row |= {"expected_then": last.expected, "difference": last.difference}
            table.writerow(row)
    return out.getvalue()
