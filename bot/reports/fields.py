"""The columns of a report, by names that never change with the language. CSV and JSON show the same ones."""

from __future__ import annotations

from decimal import Decimal

from bot.reports.engagement import COUNTS, Week
from bot.reports.lines import Line
from bot.reports.persons import REASONS

Value = str | int | Decimal | bool | None

LINE_COLUMNS = ("row", "site", "subject_id", "arm", "drug", "cycle", "participants")
TALLY_COLUMNS = (
    "planned",
    "held",
    "in_window",
    "late",
    "early",
    "missed",
    "unanswered",
    "not_asked",
    "open",
    "extra",
    "taken",
)
PERCENT_COLUMNS = ("adherence_pct", "adherence_answered_pct", "on_time_pct", "response_pct")
DOSE_COLUMNS = (
    "rdi_pct",
    "rdi_actual_mg",
    "rdi_actual_days",
    "rdi_planned_mg",
    "rdi_planned_days",
    "rdi_participants",
    "rdi_running",
)
REASON_COLUMNS = tuple(f"reason_{name}" for name in REASONS)
WEEK_COLUMNS = ("week", *COUNTS, "prompt_pct", "nudge_pct", "check_pct")
DRUG_OF_ALL = "all"


def line_fields(line: Line) -> dict[str, Value]:
    """Percentages have two decimals, or are None where there is nothing to divide by."""
    found: dict[str, Value] = {
        "row": line.kind,
        "site": line.site or None,
        "subject_id": line.subject_id or None,
        "arm": line.arm or None,
        "drug": line.drug or DRUG_OF_ALL,
        "cycle": line.cycle,
        "participants": line.participants,
    }
    found |= {name: getattr(line.tally, name) for name in (*TALLY_COLUMNS, *PERCENT_COLUMNS)}
    if line.given is not None:
        given = line.given.intensity
        values = (
            given.rdi_pct,
            plain(given.actual_mg),
            given.actual_days,
            plain(given.planned_mg),
            given.planned_days,
            line.given_of,
            line.given.running,
        )
        found |= dict(zip(DOSE_COLUMNS, values, strict=True))
    return found | {f"reason_{name}": line.reasons.get(name, 0) for name in REASONS}


def week_fields(week: Week) -> dict[str, Value]:
    found: dict[str, Value] = {"row": "week", "participants": week.participants}
    return found | {name: getattr(week, name) for name in WEEK_COLUMNS}


def plain(number: Decimal) -> Decimal:
    """Without trailing zeros and without an exponent: 275, not 275.000 and not 2.8E+2."""
    return Decimal(format(number.normalize(), "f"))
