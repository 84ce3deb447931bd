"""Publish studies, scripts and rules, so that running processes use them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from bot.commands.session import run


@click.group()
def study() -> None:
    """Publish the definitions of a study."""


@study.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--effective-from", type=click.DateTime(["%Y-%m-%dT%H:%MZ"]), help="UTC; at once when left out."
)
def publish(files: tuple[Path, ...], effective_from: datetime | None) -> None:
    """Publish study FILES, or everything that comes with this version when none is named.

    What runs keeps the version that it began with; what begins later uses the new one.
    """
    from bot.app import App
    from bot.app.sources import shipped
    from bot.services import book

    sources = (
        [book.Source("study", path.stem, path.read_text(encoding="utf-8")) for path in files]
        if files
        else [source for _, source in shipped()]
    )

    async def work(app: App) -> list[str]:
        at = effective_from.replace(tzinfo=UTC) if effective_from else None
        return await book.publish(app.ctx, sources, "cli", at)

    for name in run(work) or ["nothing new"]:
        click.echo(name)
