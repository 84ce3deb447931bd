"""After a backup was restored: see to it that nothing old goes out, and that everybody knows what may be missing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.services.restoring import Quarantine


@click.command()
@click.option("--yes", is_flag=True, help="Apply without asking.")
def restored(yes: bool) -> None:
    """Put a database that was restored from a backup in quarantine. `serve` refuses to start before.

    What was due before now expires, staff get the bounds of the gap, and questions that may have been answered in it are
    asked again as "did you take it?".
    """
    if not yes and not click.confirm("Expire what was due, tell staff, and ask again?"):
        raise SystemExit(1)
    found = asyncio.run(_quarantine())
    click.echo(
        f"Lost may be what was recorded from {found.since:%Y-%m-%dT%H:%M:%SZ} to {found.until:%Y-%m-%dT%H:%M:%SZ}."
    )
    click.echo(
        f"Expired: {found.messages} messages, {found.reminders} reminders. To be asked again: {found.people} people."
    )
    click.echo(
        "Enter the decisions of that time again (--from), and make new invitations. Then start `suiyao serve`."
    )


async def _quarantine() -> Quarantine:
    from bot.app.app import App
    from bot.errors import Misconfigured, Refused
    from bot.services import restoring
    from bot.settings import from_environment

    settings = from_environment().model_copy(update={"telegram_token": ""})
    async with App.open(settings, restored=True) as app:
        try:
            async with app.ctx.begin() as tx:
                return await restoring.quarantine(tx, "cli")
        except Refused as refusal:
            raise Misconfigured(app.ctx.wording.text("en", refusal.message_id, **refusal.values)) from None
