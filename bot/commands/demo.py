"""The whole bot on this machine with one invented participant whose dose is due now. Nothing in it is real."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bot.app import App
    from bot.services.context import Tx
    from bot.settings import Settings

FOLDER = Path("var/demo")
ZONE = "Asia/Shanghai"
SITE, PHONE = "DEMO", "13800000000"


@click.command()
@click.option("--reset", is_flag=True, help="Forget the demonstration's data first.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True)
def demo(reset: bool, folder: Path) -> None:
    """Show everything on 127.0.0.1: an embedded database, one site, one participant, the page."""
    from bot.commands import serve
    from bot.db.embedded import EmbeddedPostgres

    folder = folder.resolve()
    postgres = EmbeddedPostgres(folder / "postgres")
    if reset:
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
        click.echo(f"Forgotten: {folder}")
    folder.mkdir(parents=True, exist_ok=True)
    postgres.start()
    try:
        settings = _settings(folder, postgres)
        rows = _prepare(postgres, settings)
        serve.run(settings, lambda app: _print(app, rows, folder))
    finally:
        postgres.stop()
    click.echo("\nStopped. `make demo` goes on where this ended; `make demo-reset` starts over.")


def _settings(folder: Path, postgres: Any) -> Settings:
    """The environment's settings where they are set (a Telegram token, a port), the demonstration's own otherwise."""
    from bot.setting_forms import parse_keys
    from bot.settings import from_environment

    if postgres.sql("SELECT 1 FROM pg_database WHERE datname = 'suiyao'") != "1":
        postgres.create_database("suiyao")
    url = postgres.url("suiyao", "suiyao_runtime", "demonstration")
    given = from_environment().model_copy(update={"database_url": url, "log_level": "warning"})
    return given.model_copy(update={"keys": parse_keys(_keys(folder))})


def _keys(folder: Path) -> str:
    from bot.commands.setup import new_keys

    file = folder / "keys"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(new_keys(), encoding="ascii")
    return file.read_text(encoding="ascii")


def _prepare(postgres: Any, settings: Settings) -> dict[str, str]:
    from bot.commands.session import run
    from bot.commands.setup import prepare

    prepare(postgres.url("suiyao"), settings, "demo")
    return run(_people, settings)


async def _people(app: App) -> dict[str, str]:
    """The site and the participant, once; a fresh invitation at every start."""
    from sqlalchemy import select

    from bot.db.people import Participant
    from bot.services import linking
    from bot.services.enrolment import NewSite, add_site
    from bot.services.locking import lock_participant

    async with app.ctx.begin() as tx:
        found = await tx.first(select(Participant.participant_id, Participant.subject_id))
        if found is None:
            await add_site(tx, NewSite(SITE, "示范医院", ZONE, "zh_Hans_CN", "010-00000000", "full"), "demo")
            subject, code = await _participant(tx)
        else:
            await lock_participant(tx, found.participant_id)
            invited = await linking.invite(tx, found.participant_id, "demo")
            subject, code = found.subject_id, invited.code
    return {"subject": subject, "invitation": code}


async def _participant(tx: Tx) -> tuple[str, str]:
    """Combination arm, day 1 today, due a minute ago; quiet hours moved out of the way of whoever tries it at night."""
    from zoneinfo import ZoneInfo

    from bot.services import timeline, wishes
    from bot.services.dosing import Author
    from bot.services.enrolment import NewParticipant, enrol

    author = Author("demo", "staff")
    local = tx.now.astimezone(ZoneInfo(ZONE))
    due = local - timedelta(minutes=1)
    new = NewParticipant(
        "nct04217967", SITE, "combination", due.date(), _awake(due), "示范", PHONE, "female", local.year - 68
    )
    done = await enrol(tx, new, author)
    course = await timeline.load(tx, done.participant_id)
    quiet = (due + timedelta(hours=12)).time().replace(second=0, microsecond=0)
    until = (due + timedelta(hours=13)).time().replace(second=0, microsecond=0)
    habit = {
        "dose_time": due.time().replace(second=0, microsecond=0),
        "zone": course.zone,
        "quiet_from": quiet,
        "quiet_to": until,
    }
    await wishes.keep_habit(tx, done.participant_id, habit, author)
    return done.subject_id, done.invited.code


def _awake(due: datetime) -> Any:
    return due.time().replace(hour=8, minute=0, second=0, microsecond=0)


def _print(app: App, rows: dict[str, str], folder: Path) -> None:
    url = app.ctx.addresses.public_url
    name = app.ctx.addresses.bot_name
    telegram = (
        f"https://t.me/{name}?start={rows['invitation']}"
        if name
        else "set SUIYAO_TELEGRAM_TOKEN and start again (README, Connecting Telegram)"
    )
    table = [
        ("Participant's page", f"{url}/i/{rows['invitation']}"),
        ("Last four digits", PHONE[-4:]),
        ("Telegram", telegram),
        ("Data", str(folder)),
        ("Stop", "Ctrl-C; `make demo` goes on, `make demo-reset` starts over"),
    ]
    click.echo("")
    for left, right in table:
        click.echo(f"  {left:20} {right}")
    click.echo("")
