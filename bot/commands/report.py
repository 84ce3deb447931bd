"""Reports for investigators, to standard output: nothing but the report itself, the same bytes wherever it is made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from bot.errors import Misconfigured

if TYPE_CHECKING:
    from bot.services.context import Tx


@click.group()
def report() -> None:
    """Figures about the study as it was on record at an instant."""


@report.command()
@click.option("--study", required=True, help="Study id, such as nct04217967.")
@click.option("--site", help="Code of one site.  [default: all]")
@click.option(
    "--as-of",
    metavar="INSTANT",
    help="UTC, as 2026-11-22T00:00Z: only what was recorded by then.  [default: the last settled second]",
)
@click.option(
    "--format", "kind", type=click.Choice(["csv", "json", "html"]), default="csv", show_default=True
)
@click.option("--language", type=click.Choice(["zh_Hans_CN", "en"]), default="zh_Hans_CN", show_default=True)
@click.option("--bom", is_flag=True, help="CSV only: a mark in front, for spreadsheets of old PCs.")
def compliance(
    study: str, site: str | None, as_of: str | None, kind: str, language: str, *, bom: bool
) -> None:
    """Compliance per participant, drug and cycle, with totals of sites, arms and the study, and what they mean."""
    from bot.commands.session import in_transaction
    from bot.reports import compliance as figures
    from bot.reports import compliance_csv, compliance_html, compliance_json
    from bot.reports.printed import Reader

    instant = _instant(as_of) if as_of is not None else None

    async def work(tx: Tx) -> str:
        found = await figures.compliance(tx, study, site, instant)
        reader = Reader(tx.ctx.wording, language)
        if kind == "csv":
            return compliance_csv.compliance_csv(found, reader, bom=bom)
        return (
            compliance_json.compliance_json(found, reader)
            if kind == "json"
            else compliance_html.page(found, reader)
        )

    # Bytes: the terminal's own encoding and line ends have no say.
    click.echo(in_transaction(work).encode(), nl=False)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (ValueError, OverflowError):  # nothing of the kind, or beyond the calendar in UTC
        pass
    raise Misconfigured("--as-of: an instant with its zone, such as 2026-11-22T00:00Z")


@report.command("pro-ctcae")
@click.option("--study", required=True, help="Study id, such as nct04217967.")
@click.option("--site", help="Code of one site.  [default: all]")
@click.option(
    "--as-of", metavar="INSTANT", help="UTC, as 2026-11-22T00:00Z.  [default: the last settled second]"
)
def pro_ctcae(study: str, site: str | None, as_of: str | None) -> None:
    """PRO-CTCAE scores and composite grades as CSV, one row per participant, day and item.

    For figures about groups: composites are no CTCAE grades, and its terms of use exclude using them for one person's care.
    """
    from bot.commands.session import in_transaction
    from bot.commands.shipped_file import shipped_text
    from bot.reports.questionnaires import pro_ctcae_csv
    from bot.symptoms.pro_ctcae import parse_instrument

    instant = _instant(as_of) if as_of is not None else None
    instrument = parse_instrument(shipped_text("instruments/pro_ctcae.toml"), "pro_ctcae.toml")

    async def work(tx: Tx) -> str:
        return await pro_ctcae_csv(tx, instrument, study, site, instant)

    click.echo(in_transaction(work).encode(), nl=False)


@report.command()
@click.option("--study", required=True, help="Study id, such as nct04217967.")
@click.option("--site", help="Code of one site.  [default: all]")
@click.option(
    "--as-of", metavar="INSTANT", help="UTC, as 2026-11-22T00:00Z.  [default: the last settled second]"
)
def supply(study: str, site: str | None, as_of: str | None) -> None:
    """Capsules handed out, returned, told as taken and counted, as CSV: one row per participant and drug."""
    from bot.commands.session import in_transaction
    from bot.reports.supply import supply_csv

    instant = _instant(as_of) if as_of is not None else None

    async def work(tx: Tx) -> str:
        return await supply_csv(tx, study, site, instant)

    click.echo(in_transaction(work).encode(), nl=False)
