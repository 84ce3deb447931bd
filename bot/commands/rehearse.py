"""Play a whole study before its first patient, with faults on purpose, and count what was promised."""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.rehearsal.outcome import Outcome
    from bot.rehearsal.setting import Setting

FIRST_DAY = date(2026, 11, 2)
CLOCKS_CHANGE = date(2027, 3, 8)  # in Europe and America the clocks change within the next three weeks


@click.command()
@click.option("--study", default="nct04217967", show_default=True)
@click.option("--participants", type=click.IntRange(1, 1000), default=12, show_default=True)
@click.option("--days", type=click.IntRange(1, 800), default=28, show_default=True)
@click.option(
    "--seed", type=int, default=7, show_default=True, help="The same seed gives the same order of events."
)
@click.option("--faults", default="all", show_default=True, help="all, none, or names with commas.")
@click.option(
    "--tz", default="Asia/Shanghai", show_default=True, help="Zone of the sites and of who takes part."
)
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First day. By default one before a clock change, if any.",
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as a page.")
@click.option(
    "--json", "as_json", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as JSON."
)
def rehearse(
    study: str,
    participants: int,
    days: int,
    seed: int,
    faults: str,
    tz: str,
    start: datetime | None,
    html: Path | None,
    as_json: Path | None,
) -> None:
    """Play a study ahead of time: real services and database, virtual people and clock. Exit status 1 for a violation.

    A database of its own is made for it and thrown away. Nothing of the environment is used.
    """
    from bot.errors import Misconfigured
    from bot.rehearsal.faults import chosen
    from bot.rehearsal.report_html import page
    from bot.rehearsal.report_text import lines
    from bot.rehearsal.setting import Setting
    from schedules.localtime import zone_exists

    if not zone_exists(tz):
        raise Misconfigured(f"--tz: no time zone {tz!r}")
    if study != "nct04217967":
        raise Misconfigured(f"--study: the plain second program knows nct04217967, not {study!r}")
    try:
        kinds = chosen(faults)
    except ValueError as problem:
        raise Misconfigured(f"--faults: {problem}") from None
    first = (
        start.date() if start else (CLOCKS_CHANGE if tz.startswith(("Europe/", "America/")) else FIRST_DAY)
    )
    outcome = _run(Setting(study, participants, days, seed, kinds, zone=tz, first_day=first))
    for line in lines(outcome):
        click.echo(line)
    if html is not None:
        html.write_text(page(outcome), encoding="utf-8")
    if as_json is not None:
        as_json.write_text(outcome.as_json(), encoding="utf-8")
    sys.exit(1 if outcome.violations else 0)


def _run(setting: Setting) -> Outcome:
    import asyncio

    from bot.app.app import LOCALES
    from bot.db.keyring import Keyring
    from bot.rehearsal.rehearse import rehearse as play
    from bot.wording import load_wording

    keyring = Keyring({"master-1": secrets.token_bytes(32)}, secrets.token_bytes(32), secrets.token_bytes(32))
    label = f"Rehearsing {setting.participants} people, {setting.days} days"
    with _database() as url, click.progressbar(length=setting.days, label=label, file=sys.stderr) as bar:
        return asyncio.run(play(url, setting, keyring, load_wording(LOCALES), lambda day: bar.update(1)))


@contextmanager
def _database() -> Iterator[str]:
    """An embedded PostgreSQL in a temporary folder, migrated, gone at the end."""
    from bot.db import migrate
    from bot.db.embedded import EmbeddedPostgres
    from bot.setting_forms import asyncpg_url

    folder = Path(tempfile.mkdtemp(prefix="suiyao-rehearsal-"))
    postgres = EmbeddedPostgres(folder, durable=False)
    try:
        postgres.start()
        postgres.create_database("suiyao")
        migrate.upgrade(postgres.url("suiyao"), "rehearsal")
        yield asyncpg_url(postgres.url("suiyao", migrate.RUNTIME, "rehearsal"))
    finally:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
