"""The compliance report as JSON: names as in the CSV, percentages as numbers, null where there is nothing to divide by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.reports.as_of import stamp
from bot.reports.compliance import Compliance
from bot.reports.fields import Value, line_fields, week_fields
from bot.reports.printed import Reader, definitions, identity, notes
from bot.reports.supply import supply_fields


def compliance_json(report: Compliance, reader: Reader) -> str:
    content: dict[str, Any] = {
        "report": "compliance",
        **identity(report, reader),
        "language": reader.wording.known(reader.language),
        "participants": report.participants,
        "editions": [
            {
                "definition": one.hash,
                "version": one.version,
                "effective_from": stamp(one.effective_from),
                "doses": one.doses,
                "judgements": one.judgements,
            }
            for one in report.editions
        ],
        "definitions": dict(definitions(report, reader)),
        "notes": [{"name": name, "text": text} for name, text in notes(report, reader)],
        "study_totals": [_numbers(line_fields(line)) for line in report.study],
        "arm_totals": [_numbers(line_fields(line)) for line in report.arms],
        "site_totals": [_numbers(line_fields(line)) for line in report.sites],
        "participant_totals": [_numbers(line_fields(line)) for line in report.people],
        "cycles": [_numbers(line_fields(line)) for line in report.cycles],
        "weeks": [_numbers(week_fields(week)) for week in report.weeks],
        "supplies": [supply_fields(line) for line in report.supplies],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _numbers(fields: Mapping[str, Value]) -> dict[str, Any]:
    """Two decimals are exact enough in a float to come back as the same two decimals."""
    return {name: float(one) if isinstance(one, Decimal) else one for name, one in fields.items()}
