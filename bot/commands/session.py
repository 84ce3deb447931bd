"""What commands that use the database have in common: an App for one command, and one clear line when it is refused."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from bot.app.app import App
from bot.errors import Misconfigured, Refused
from bot.services.context import Tx
from bot.settings import Settings, from_environment

T = TypeVar("T")


def run(
    work: Callable[[App], Awaitable[T]], settings: Settings | None = None, *, telegram: bool = False
) -> T:
    """Open the house for one piece of work. Ends with exit status 2 when it is refused or something is missing.

    A command that changes records sends nothing itself. With `telegram` the bot is asked for its name, for a link.
    """

    async def _run() -> T:
        chosen = settings or from_environment()
        quiet = chosen if telegram else chosen.model_copy(update={"telegram_token": ""})
        async with App.open(quiet) as app:
            try:
                return await work(app)
            except Refused as refusal:
                raise Misconfigured(
                    app.ctx.wording.text("en", refusal.message_id, **refusal.values)
                ) from None

    return asyncio.run(_run())


def in_transaction(work: Callable[[Tx], Awaitable[T]], *, telegram: bool = False) -> T:
    async def _work(app: App) -> T:
        async with app.ctx.begin() as tx:
            return await work(tx)

    return run(_work, telegram=telegram)


class _RollBack(Exception):
    pass


def previewed(work: Callable[[Tx], Awaitable[T]], show: Callable[[T], None], *, yes: bool) -> T:
    """Do it, show what it would change, take it back, ask; then do it for good. Nothing is changed without a yes."""

    async def _work(app: App) -> T:
        try:
            async with app.ctx.begin() as tx:
                show(await work(tx))
                raise _RollBack
        except _RollBack:
            pass
        if not yes and not click.confirm("Apply this?"):
            click.echo("Nothing was changed.")
            sys.exit(1)
        async with app.ctx.begin() as tx:
            return await work(tx)

    return run(_work)
