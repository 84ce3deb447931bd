"""Check that nobody changed history."""

from __future__ import annotations

import sys

import click


@click.group()
def audit() -> None:
    """The audit chains."""


@audit.command()
def verify() -> None:
    """Recompute every chain and every daily seal; exit status 1 when one does not hold."""
    from bot.app.app import App
    from bot.commands.session import run
    from bot.services import sealing_day

    async def work(app: App) -> list[str]:
        return await sealing_day.verify_all(app.ctx)

    faults = run(work)
    for fault in faults:
        click.echo(fault)
    click.echo("Every chain holds." if not faults else f"{len(faults)} faults.")
    sys.exit(1 if faults else 0)
