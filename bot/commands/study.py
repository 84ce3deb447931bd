"""Publish studies, scripts and rules, so that running processes use them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.services.book import Source


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
    from bot.app.app import App
    from bot.app.sources import shipped
    from bot.commands.session import run
    from bot.services import book

    sources = [_study(path) for path in files] if files else [source for _, source in shipped()]

    async def work(app: App) -> list[str]:
        at = effective_from.replace(tzinfo=UTC) if effective_from else None
        return await book.publish(app.ctx, sources, "cli", at)

    for name in run(work) or ["nothing new"]:
        click.echo(name)


def _study(path: Path) -> Source:
    """A study file under the id that it gives itself, whatever the file is called. Raises Misconfigured."""
    from bot.app.checking import study_faults
    from bot.commands.study_file import LONGEST_FILE
    from bot.errors import Misconfigured
    from bot.services.book import Source
    from schedules.study import parse_study

    try:
        if path.stat().st_size > LONGEST_FILE:
            raise Misconfigured(f"{path}: larger than 1 MiB")
        body = path.read_text(encoding="utf-8")
        study = parse_study(body, str(path))
        if faults := study_faults(study):
            raise Misconfigured("\n".join(faults))
        return Source("study", study.id, body)
    except UnicodeDecodeError:
        raise Misconfigured(f"{path}: is not UTF-8 text") from None
    except OSError as problem:
        raise Misconfigured(f"{path}: {problem.strerror}") from None
    except ValueError as problem:
        raise Misconfigured(str(problem)) from None
