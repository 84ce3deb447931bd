"""Check everything that can be wrong before a patient notices: definitions, catalogues, settings, and what a study needs."""

from __future__ import annotations

import sys

import click


@click.command()
@click.option(
    "--settings/--no-settings", "with_settings", default=False, help="Also the settings of this environment."
)
@click.option("--live", is_flag=True, help="Also whether this deployment is ready for real participants.")
def check(with_settings: bool, live: bool) -> None:
    """Validate every study, script, rule and catalogue, and say where a fault is.

    With --live also refused: a database of a demonstration with its own keys, rules without an investigator's signature,
    staff without a second factor, plain HTTP, no mail server, no backup of the last two days.
    """
    from bot.app.checking import faults

    found = faults()
    if with_settings or live:
        found += _settings_faults()
    if live and not found:
        found += _live_faults()
    for fault in found:
        click.echo(fault, err=True)
    click.echo("Everything is in order." if not found else f"{len(found)} faults.")
    sys.exit(1 if found else 0)


def _settings_faults() -> list[str]:
    from bot.errors import Misconfigured
    from bot.settings import from_environment

    try:
        from_environment("serve")
    except Misconfigured as problem:
        return [str(problem)]
    return []


def _live_faults() -> list[str]:
    from bot.app.app import App
    from bot.app.readiness import live_faults
    from bot.commands.session import run
    from bot.settings import from_environment, machine_now

    settings = from_environment("serve")

    async def work(app: App) -> list[str]:
        return await live_faults(app, settings, machine_now())

    return run(work, settings.model_copy(update={"telegram_token": ""}))
