"""Make keys, and bring a database to the newest schema."""

from __future__ import annotations

import asyncio
import base64
import secrets

import click


def new_keys() -> str:
    """A fresh value for SUIYAO_KEYS: one master, one for look-ups, one for seals."""
    return ",".join(
        f"{name}={base64.b64encode(secrets.token_bytes(32)).decode()}"
        for name in ("master-1", "lookup", "seal")
    )


@click.group(invoke_without_command=True)
@click.pass_context
def keys(context: click.Context) -> None:
    """Print a fresh set of keys for SUIYAO_KEYS. Keep it safe: without it nothing personal can be read again."""
    if context.invoked_subcommand is None:
        click.echo(new_keys())


@keys.command()
def rewrap() -> None:
    """Wrap every data key under the newest master, which stands first in SUIYAO_KEYS; then the old one may go.

    Restart every process with the new keys first. Backups made before still need the old master.
    """
    from bot.commands.session import run
    from bot.services.rewrapping import rewrap as rewrap_all

    click.echo(f"{run(lambda app: rewrap_all(app.ctx, 'cli'))} data keys were wrapped anew.")


@click.command()
@click.option("--mark", type=click.Choice(["live", "demo", "rehearsal"]), default="live", show_default=True)
def migrate(mark: str) -> None:
    """Create or upgrade the tables, as the owner (SUIYAO_OWNER_DATABASE_URL), and publish the definitions."""
    from bot.settings import from_environment

    settings = from_environment("migrate")
    prepare(settings.owner_database_url, settings, mark)
    click.echo("The database is up to date.")


def prepare(owner_url: str, settings: object, mark: str) -> None:
    """Migrate, mark, publish. Doing it again changes nothing."""
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from bot.db.migrate import upgrade
    from bot.errors import Misconfigured
    from bot.services.deployment import plain
    from bot.settings import Settings

    assert isinstance(settings, Settings)
    try:
        upgrade(owner_url, settings.runtime_password)
    except (SQLAlchemyError, OSError) as problem:
        raise Misconfigured(f"SUIYAO_OWNER_DATABASE_URL: {plain(problem)}") from None
    except CommandError as problem:
        raise Misconfigured(f"SUIYAO_OWNER_DATABASE_URL: a newer version was here: {problem}") from None
    asyncio.run(_mark(settings, mark))


async def _mark(settings: object, mark: str) -> None:
    from datetime import UTC, datetime

    from sqlalchemy.exc import SQLAlchemyError

    from bot.app.app import App
    from bot.app.sources import shipped
    from bot.errors import Misconfigured
    from bot.services import book, deployment
    from bot.settings import Settings

    assert isinstance(settings, Settings)
    app = App(settings.model_copy(update={"telegram_token": ""}), None, "")
    try:
        # A rehearsal begins at an instant of its own; until somebody moves it, it stands still.
        virtual = datetime(2026, 1, 1, tzinfo=UTC) if mark == "rehearsal" else None
        await deployment.prepare(app.ctx, mark, virtual)
        # A demonstration rehearses its own last weeks, under the definitions of today.
        since = datetime(2020, 1, 1, tzinfo=UTC) if mark == "demo" else None
        await book.publish(app.ctx, [source for _, source in shipped()], "system", since)
    except (SQLAlchemyError, OSError) as problem:
        raise Misconfigured(f"SUIYAO_DATABASE_URL: {deployment.plain(problem)}") from None
    finally:
        await app.database.close()
