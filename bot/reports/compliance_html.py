"""The compliance report as one page for paper: no script, nothing from elsewhere, nobody's name."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.reports.as_of import stamp
from bot.reports.bar import bar_of
from bot.reports.compliance import Compliance, compliance
from bot.reports.compliance_tables import (
    Table,
    cycle_table,
    edition_table,
    reason_table,
    supply_table,
    tally_table,
    week_table,
)
from bot.reports.printed import Reader, definitions, identity, notes, percentage
from bot.services.context import Tx

TEMPLATES = Path(__file__).parent / "templates"
_environment = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Headline:
    """One of the two figures that must be read together, and what it is."""

    label: str
    value: str
    counts: str


async def compliance_html(
    tx: Tx, study: str, site: str | None = None, as_of: datetime | None = None, language: str = "zh_Hans_CN"
) -> str:
    """The page as this transaction may see it. Raises Refused like `compliance`."""
    report = await compliance(tx, study, site, as_of)
    return await asyncio.to_thread(page, report, Reader(tx.ctx.wording, language))


def page(report: Compliance, reader: Reader) -> str:
    return _environment.get_template("compliance.html").render(
        language=reader.wording.known(reader.language).replace("_", "-"),
        text=reader.text,
        title=_title(report, reader),
        meta=_meta(report, reader),
        notes=[text for _, text in notes(report, reader)],
        headlines=_headlines(report, reader),
        bar=bar_of(report.study[0].tally, reader) if report.study and report.study[0].tally.planned else None,
        tables=_tables(report, reader),
        definitions=[text for _, text in definitions(report, reader)],
        editions=edition_table(report, reader),
        style=(TEMPLATES / "compliance.css").read_text(encoding="utf-8"),
    )


def _title(report: Compliance, reader: Reader) -> str:
    study = report.rules.current
    return reader.text(study.title) if study else report.scope.study


def _meta(report: Compliance, reader: Reader) -> list[tuple[str, str]]:
    same = identity(report, reader)
    edition = {"study": same["study"], "version": same["version"] or "–"}
    return [
        (reader.text("report.meta.as_of"), stamp(report.scope.as_of)),
        (reader.text("report.meta.sites"), report.scope.site or reader.text("report.all_sites")),
        (reader.text("report.meta.participants"), str(report.participants)),
        (reader.text("report.meta.study"), reader.text("report.meta.definition_value", **edition)),
        (reader.text("report.meta.definition"), same["definition"][:16] or "–"),
        (reader.text("report.meta.catalogue"), f"{reader.language} {same['catalogue'][:16]}"),
    ]


def _headlines(report: Compliance, reader: Reader) -> list[Headline]:
    if not report.study:
        return []
    tally = report.study[0].tally
    return [
        Headline(
            reader.text("report.column.adherence"),
            percentage(tally.adherence_pct),
            f"{tally.taken} / ({tally.planned} − {tally.held})",
        ),
        Headline(
            reader.text("report.column.adherence_answered"),
            percentage(tally.adherence_answered_pct),
            f"{tally.taken} / ({tally.taken} + {tally.missed})",
        ),
        Headline(
            reader.text("report.column.response"),
            percentage(tally.response_pct),
            f"{tally.taken + tally.missed} / ({tally.taken + tally.missed} + {tally.unanswered})",
        ),
        Headline(
            reader.text("report.column.on_time"),
            percentage(tally.on_time_pct),
            f"{tally.in_window} / {tally.taken}",
        ),
    ]


def _tables(report: Compliance, reader: Reader) -> Sequence[Table]:
    return (
        tally_table("study", report, reader, report.study),
        tally_table("arm", report, reader, report.arms),
        tally_table("site", report, reader, report.sites),
        tally_table("participant", report, reader, report.people),
        cycle_table(report, reader),
        reason_table(report, reader),
        week_table(report, reader),
        supply_table(report, reader),
    )
