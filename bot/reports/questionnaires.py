"""Scores of the licensed questionnaire with their composite grades, one row per item and day. For groups, in reports only."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.db.people import Participant
from bot.db.sites import Site
from bot.db.symptoms import ProResponse
from bot.reports.as_of import settled, stamp
from bot.services.context import Tx
from bot.symptoms.pro_ctcae import Instrument
from bot.symptoms.pro_wording import LETTERS

COLUMNS = (
    "study",
    "site",
    "subject_id",
    "due_on",
    "recorded_at",
    "respondent",
    "complete",
    "item",
    "structure",
    "frequency",
    "severity",
    "interference",
    "presence",
    "composite_grade",
    "definition",
    "as_of",
)


async def pro_ctcae_csv(
    tx: Tx, instrument: Instrument, study: str, site: str | None, as_of: datetime | None
) -> str:
    """What was on record at the instant. Of one participant and day the last whole answer counts, else the last one.

    A score that nobody gave is empty. Composites are those of `suiyao rules composite`: empty where a score is missing,
    0 where the first is 0.
    """
    at = await settled(tx, as_of)
    query = (
        select(ProResponse, Participant.subject_id, Site.code)
        .join(Participant, Participant.participant_id == ProResponse.participant_id)
        .join(Site, Site.site_id == Participant.site_id)
        .where(Participant.study == study, ProResponse.recorded_at <= at)
        .order_by(
            Participant.subject_id, ProResponse.due_on, ProResponse.complete, ProResponse.pro_response_id
        )
    )
    if site is not None:
        query = query.where(Site.code == site)
    counting: dict[tuple[str, Any], Row[Any]] = {}
    for row in await tx.all(query):
        counting[row.subject_id, row.due_on] = row  # whole ones are last in this order
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    table.writeheader()
    for row in counting.values():
        frame = {"study": study, "site": row.code, "subject_id": row.subject_id, "as_of": stamp(at)}
        table.writerows({**frame, **line} for line in _lines(instrument, row))
    return out.getvalue()


def _lines(instrument: Instrument, row: Row[Any]) -> Iterator[dict[str, object]]:
    numbers = sorted({int(key[:-1]) for key in row.scores})
    for number in numbers:
        structure = instrument.structures[number]
        asked = instrument.attributes(structure)
        scores = {
            name: row.scores.get(f"{number}{letter}") for name, letter in zip(asked, LETTERS, strict=False)
        }
        yield {
            "due_on": row.due_on.isoformat(),
            "recorded_at": stamp(row.recorded_at),
            "respondent": row.as_whom,
            "complete": "true" if row.complete else "false",
            "item": number,
            "structure": structure,
            **{name: score for name, score in scores.items() if score is not None},
            "composite_grade": instrument.composite(structure, scores),
            "definition": row.definition,
        }
