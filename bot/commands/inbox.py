"""What waits for staff, and why something was (not) sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from bot.commands.codes import code, note

if TYPE_CHECKING:
    from bot.services.context import Tx

FORMAT = click.Choice(["text", "json"])


@click.command()
@click.option("--site", "site_code", help="[default: every site]")
@click.option("--all", "everything", is_flag=True, help="Also what is closed.")
@click.option(
    "--words", is_flag=True, help="Show the participants' words. Who reads them is written to the audit."
)
@click.option(
    "--close",
    "closing",
    type=click.IntRange(1, 2**62),
    metavar="ID",
    help="Close one entry; needs --outcome and --note.",
)
@click.option("--outcome", callback=code, help="What was done: called, visited, no_action, ...")
@click.option("--note", callback=note, help="How it ended, kept encrypted; - asks for it.")
@click.option("--format", "output", type=FORMAT, default="text", show_default=True)
def inbox(
    site_code: str | None,
    everything: bool,
    words: bool,
    closing: int | None,
    outcome: str | None,
    note: str,
    output: str,
) -> None:
    """Alerts and relayed messages of the sites, worst first."""
    from bot.commands.session import in_transaction
    from bot.services import alert_life, staff_inbox
    from bot.services.enrolment import site_of

    if closing is not None and not (outcome and note):
        raise click.UsageError("--close needs --outcome and --note")

    async def work(tx: Tx) -> list[dict[str, Any]]:
        if site_code is not None:
            await site_of(tx, site_code)  # a slip of the pen must not look like a quiet day
        if closing is not None:
            await alert_life.close(tx, closing, None, outcome or "", note)
        return await staff_inbox.entries(tx, site_code, everything=everything, words=words, reader="cli")

    rows = in_transaction(work)
    if output == "json":
        click.echo(json.dumps(rows, ensure_ascii=False, default=str))
        return
    for row in rows:
        click.echo(
            f"{row['alert_id']:>6}  {row['tier']:9}  {row['subject_id']:12}  {row['raised_at']:%Y-%m-%d %H:%MZ}  "
            f"{row['kind']:18} {row['rule']:24} {row['state']}"
        )
        if row.get("words"):
            click.echo(f"        {row['words']}")
    click.echo(f"{len(rows)} entries.")


@click.command()
@click.argument("subject")
@click.option("--days", type=click.IntRange(1, 3660), default=7, show_default=True)
def why(subject: str, days: int) -> None:
    """Why was this (not) sent? Timers and messages of SUBJECT with what became of them."""
    from bot.commands.session import in_transaction
    from bot.services import staff_inbox
    from bot.services.enrolment import by_subject

    async def work(tx: Tx) -> list[str]:
        return await staff_inbox.history(tx, await by_subject(tx, subject), days)

    for line in in_transaction(work):
        click.echo(line)
