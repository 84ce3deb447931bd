"""Check everything that can be wrong before a patient notices: definitions, catalogues, settings."""

from __future__ import annotations

import sys

import click


@click.command()
@click.option(
    "--settings/--no-settings", "with_settings", default=False, help="Also the settings of this environment."
)
def check(with_settings: bool) -> None:
    """Validate every study, script, rule and catalogue, and say where a fault is."""
    from bot.app.checking import faults

    found = faults()
    if with_settings:
        from bot.errors import Misconfigured
        from bot.settings import from_environment

        try:
            from_environment("serve")
        except Misconfigured as problem:
            found.append(str(problem))
    for fault in found:
        click.echo(fault, err=True)
    click.echo("Everything is in order." if not found else f"{len(found)} faults.")
    sys.exit(1 if found else 0)
