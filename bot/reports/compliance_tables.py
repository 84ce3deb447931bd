"""The tables of the printed report: headings in the reader's language, cells as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from bot.reports.as_of import stamp
from bot.reports.compliance import Compliance
from bot.reports.engagement import Week
from bot.reports.lines import Line
from bot.reports.persons import REASONS
from bot.reports.printed import Reader, arm_name, drug_name, percentage
from bot.reports.supply import SUPPLY_COLUMNS, supply_fields
from schedules.adherence import Tally

TALLY_HEADS = (
    "planned",
    "held",
    "in_window",
    "late",
    "missed",
    "unanswered",
    "not_asked",
    "open",
    "extra",
    "adherence",
    "adherence_answered",
    "on_time",
    "response",
)
WEEK_HEADS = (
    "participants",
    "prompted",
    "prompts_answered",
    "prompts_open",
    "prompt_pct",
    "nudged",
    "nudges_answered",
    "nudge_pct",
    "checks_due",
    "checks_asked",
    "checks_answered",
    "checks_open",
    "check_pct",
)
SUPPLY_HEADS = ("site", "subject", "drug", *SUPPLY_COLUMNS)
EDITION_HEADS = ("hash", "version", "effective_from", "doses", "judgements")
HEADS = {
    "study": ("drug", "participants"),
    "arm": ("arm", "drug", "participants"),
    "site": ("site", "drug", "participants"),
    "participant": ("site", "subject", "arm", "drug"),
    "cycle": ("site", "subject", "arm", "cycle", "drug"),
}
KINDS = dict.fromkeys(("arm", "drug", "hash"), "word") | dict.fromkeys(
    ("site", "subject", "version", "effective_from", "last_count_on"), "code"
)


@dataclass(frozen=True, slots=True)
class Head:
    """`kind`: the class of its cells in the style sheet: number (set to the right), code (never broken) or word."""

    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class Table:
    """`strong`: indices of the rows that add up others. `heads` and each row are equally long."""

    kind: str
    title: str
    heads: Sequence[Head]
    rows: Sequence[Sequence[str]]
    strong: frozenset[int] = frozenset()


def tally_table(kind: str, report: Compliance, reader: Reader, lines: Sequence[Line]) -> Table:
    shown = _shown(lines)
    return _table(
        kind,
        reader,
        (*HEADS[kind], *TALLY_HEADS, "rdi"),
        [
            [*_names(kind, report, reader, line), *_figures(line.tally), _rdi(reader, line, kind)]
            for line in shown
        ],
        frozenset(number for number, line in enumerate(shown) if not line.drug),
    )


def cycle_table(report: Compliance, reader: Reader) -> Table:
    rows = [[*_names("cycle", report, reader, line), *_figures(line.tally)] for line in report.cycles]
    return _table("cycle", reader, (*HEADS["cycle"], *TALLY_HEADS), rows)


def reason_table(report: Compliance, reader: Reader) -> Table:
    """Who reported a dose as not taken, and why; totals first."""
    lines = [
        line for line in (*report.study, *report.arms, *report.sites, *report.people) if line.tally.missed
    ]
    rows = [
        [
            reader.text("report.section.study") if line.kind == "study" else _whose(report, reader, line),
            _drug(report, reader, line),
            str(line.tally.missed),
            *(str(line.reasons.get(name, 0)) for name in REASONS),
        ]
        for line in lines
        if line.drug
    ]
    heads = [
        Head("", "word"),
        Head(reader.text("report.column.drug"), "word"),
        Head(reader.text("report.column.missed"), "number"),
        *(Head(reader.text(f"report.reason.{name}"), "number") for name in REASONS),
    ]
    return Table("reason", reader.text("report.section.reason"), heads, rows)


def week_table(report: Compliance, reader: Reader) -> Table:
    rows = [[str(week.week), *(_of_week(week, name) for name in WEEK_HEADS)] for week in report.weeks]
    return _table("week", reader, ("week", *WEEK_HEADS), rows)


def supply_table(report: Compliance, reader: Reader) -> Table:
    rows = []
    for line in report.supplies:
        fields = supply_fields(line)
        figures = ["–" if fields[name] is None else str(fields[name]) for name in SUPPLY_COLUMNS]
        rows.append([line.site, line.subject_id, drug_name(report, reader, line.drug), *figures])
    return _table("supply", reader, SUPPLY_HEADS, rows)


def edition_table(report: Compliance, reader: Reader) -> Table:
    rows = [
        [one.hash, one.version, stamp(one.effective_from), str(one.doses), str(one.judgements)]
        for one in report.editions
    ]
    return _table("edition", reader, EDITION_HEADS, rows)


def _table(
    kind: str,
    reader: Reader,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    strong: frozenset[int] = frozenset(),
) -> Table:
    shown = [Head(reader.text(f"report.column.{name}"), KINDS.get(name, "number")) for name in heads]
    return Table(kind, reader.text(f"report.section.{kind}"), shown, rows, strong)


def _names(kind: str, report: Compliance, reader: Reader, line: Line) -> list[str]:
    values = {
        "site": line.site,
        "subject": line.subject_id,
        "arm": arm_name(report, reader, line.arm),
        "drug": _drug(report, reader, line),
        "cycle": "" if line.cycle is None else str(line.cycle),
        "participants": str(line.participants),
    }
    return [values[name] for name in HEADS[kind]]


def _figures(tally: Tally) -> list[str]:
    late = f"{tally.late}\N{NO-BREAK SPACE}({tally.early})" if tally.early else str(tally.late)
    counts = (tally.missed, tally.unanswered, tally.not_asked, tally.open, tally.extra)
    percents = (tally.adherence_pct, tally.adherence_answered_pct, tally.on_time_pct, tally.response_pct)
    return [
        str(tally.planned),
        str(tally.held),
        str(tally.in_window),
        late,
        *map(str, counts),
        *map(percentage, percents),
    ]


def _rdi(reader: Reader, line: Line, kind: str) -> str:
    if line.given is None:
        return "" if not line.drug else "–"
    shown = percentage(line.given.intensity.rdi_pct)
    return (
        f"{shown} ({reader.text('report.running')})"
        if line.given.running and kind == "participant"
        else shown
    )


def _drug(report: Compliance, reader: Reader, line: Line) -> str:
    return drug_name(report, reader, line.drug) if line.drug else reader.text("report.all_drugs")


def _whose(report: Compliance, reader: Reader, line: Line) -> str:
    return line.subject_id or line.site or arm_name(report, reader, line.arm)


def _shown(lines: Sequence[Line]) -> list[Line]:
    """Without lines of all drugs where the next line has the only drug: they would say the same twice."""
    sizes = [len(list(takewhile(lambda one: one.drug, lines[index + 1 :]))) for index in range(len(lines))]
    return [line for line, drugs in zip(lines, sizes, strict=True) if line.drug or drugs != 1]


def _of_week(week: Week, name: str) -> str:
    return percentage(getattr(week, name)) if name.endswith("_pct") else str(getattr(week, name))
