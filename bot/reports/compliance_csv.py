"""The compliance report as one flat table. `row` says what a line is: cycle, participant, site, arm, study, week, supply,
edition, definition or note. Totals are among the rows: filter by `row` before adding up.
"""

from __future__ import annotations

import csv
import io

from bot.reports.compliance import Compliance
from bot.reports.fields import (
    DOSE_COLUMNS,
    LINE_COLUMNS,
    PERCENT_COLUMNS,
    REASON_COLUMNS,
    TALLY_COLUMNS,
    WEEK_COLUMNS,
    Value,
    line_fields,
    week_fields,
)
from bot.reports.printed import Reader, definitions, identity, notes
from bot.reports.supply import SUPPLY_COLUMNS, supply_fields

IDENTITY_COLUMNS = ("study", "sites", "as_of", "version", "definition", "catalogue")
TEXT_COLUMNS = ("name", "text")
COLUMNS = (
    *LINE_COLUMNS,
    *TALLY_COLUMNS,
    *PERCENT_COLUMNS,
    *DOSE_COLUMNS,
    *REASON_COLUMNS,
    *WEEK_COLUMNS,
    *SUPPLY_COLUMNS,
    *TEXT_COLUMNS,
    *IDENTITY_COLUMNS,
)
BOM = "\ufeff"


def compliance_csv(report: Compliance, reader: Reader, *, bom: bool = False) -> str:
    """Lines end with a line feed. `bom`: a mark in front by which a spreadsheet of an old PC knows UTF-8."""
    out = io.StringIO()
    table = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\n")
    table.writeheader()
    same = identity(report, reader)
    for fields in _rows(report, reader):
        table.writerow(same | {name: _cell(value) for name, value in fields.items()})
    return (BOM if bom else "") + out.getvalue()


def _rows(report: Compliance, reader: Reader) -> list[dict[str, Value]]:
    lines = (*report.cycles, *report.people, *report.sites, *report.arms, *report.study)
    rows: list[dict[str, Value]] = [line_fields(line) for line in lines]
    rows += [week_fields(week) for week in report.weeks]
    rows += [{"row": "supply", **supply_fields(line)} for line in report.supplies]
    rows += [
        {
            "row": "edition",
            "name": edition.hash,
            "text": f"{edition.version}; doses {edition.doses}; judgements {edition.judgements}",
        }
        for edition in report.editions
    ]
    rows += [{"row": "definition", "name": name, "text": text} for name, text in definitions(report, reader)]
    return rows + [{"row": "note", "name": name, "text": text} for name, text in notes(report, reader)]


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
