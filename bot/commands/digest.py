"""The daily digest, before anybody gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.services.context import Tx
    from bot.services.digests import Written


@click.command()
@click.option(
    "--preview", is_flag=True, required=True, help="Show what would be sent now; nothing is sent or kept."
)
@click.option("--site", "site_code", required=True)
@click.option("--language", type=click.Choice(["zh_Hans_CN", "en"]), default="zh_Hans_CN", show_default=True)
def digest(preview: bool, site_code: str, language: str) -> None:
    """Show the digest of a site."""
    from bot.commands.session import in_transaction
    from bot.services import digests

    async def work(tx: Tx) -> Written:
        return await digests.preview(tx, site_code, language)

    written = in_transaction(work)
    click.echo(written.subject)
    click.echo("")
    click.echo(written.body)
