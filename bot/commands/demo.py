"""The whole bot on this machine with one invented participant whose dose is due now. Nothing in it is real."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from bot.app.app import App
    from bot.services.context import Tx
    from bot.services.enrolment import Enrolled
    from bot.settings import Settings

FOLDER = Path("var/demo")
ZONE = "Asia/Shanghai"
SITE, PHONE = "DEMO", "13800000000"
AUTHOR = "demo"  # who enrolled the participant of today; the invented ones before were the nurse's


@click.command()
@click.option("--reset", is_flag=True, help="Forget the demonstration's data first.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, show_default=True)
@click.option(
    "--people",
    type=click.IntRange(0, 200),
    default=24,
    show_default=True,
    help="Invented participants, the first time.",
)
@click.option(
    "--days",
    type=click.IntRange(7, 364),
    default=84,
    show_default=True,
    help="How long they have been taking part.",
)
def demo(reset: bool, folder: Path, people: int, days: int) -> None:
    """Show everything on 127.0.0.1: an embedded database, a site with its staff, participants, the page, the console.

    The first time, the last days of the invented participants are rehearsed on a virtual clock with the real engine.
    """
    from bot.commands import serve
    from bot.db.embedded import EmbeddedPostgres
    from bot.settings import from_environment

    given, folder = from_environment(), folder.resolve()
    _refuse_taken_port(given)
    with _alone_in(folder):
        postgres = EmbeddedPostgres(folder / "postgres")
        if reset:
            postgres.stop()
            shutil.rmtree(folder, ignore_errors=True)
            click.echo(f"Forgotten: {folder}")
        folder.mkdir(parents=True, exist_ok=True)
        postgres.start()
        try:
            settings = _settings(given, folder, postgres)
            rows = _prepare(postgres, settings, folder, people, days)
            serve.run(settings, lambda app: _print(app, rows, folder))
        finally:
            postgres.stop()
    click.echo("\nStopped. `make demo` goes on where this ended; `make demo-reset` starts over.")


def _refuse_taken_port(settings: Settings) -> None:
    """Before a database is started for nothing."""
    from bot.errors import Misconfigured

    try:
        socket.create_server((settings.host, settings.port)).close()
    except OSError as problem:
        raise Misconfigured(
            f"{settings.host}:{settings.port}: {os.strerror(problem.errno or 0)}; "
            "SUIYAO_PORT=8090 (for instance) chooses another port"
        ) from None


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """One demonstration to a folder: a second one would stop the first one's database at its end."""
    from bot.errors import Misconfigured

    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Misconfigured(
                f"{folder}: another demonstration runs here; stop it, or choose another --folder"
            ) from None
        yield


def _settings(given: Settings, folder: Path, postgres: Any) -> Settings:
    """What the environment says (a Telegram token, a port), on the demonstration's own database and keys."""
    from bot.setting_forms import parse_keys

    if postgres.sql("SELECT 1 FROM pg_database WHERE datname = 'suiyao'") != "1":
        postgres.create_database("suiyao")
    url = postgres.url("suiyao", "suiyao_runtime", "demonstration")
    own = {"database_url": url, "log_level": "warning", "keys": parse_keys(_keys(folder))}
    return given.model_copy(update=own)


def _keys(folder: Path) -> str:
    from bot.commands.setup import new_keys

    file = folder / "keys"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(new_keys(), encoding="ascii")
    return file.read_text(encoding="ascii")


def _prepare(postgres: Any, settings: Settings, folder: Path, people: int, days: int) -> dict[str, str]:
    from bot.commands.demo_story import fill
    from bot.commands.session import run
    from bot.commands.setup import prepare

    if not _finished(postgres):
        # New, or stopped in the middle of its rehearsal: from the beginning.
        postgres.drop_database("suiyao")
        postgres.create_database("suiyao")
        prepare(postgres.url("suiyao"), settings, "demo")
        # What is rehearsed would begin anew after a crash: it need not be on disk before the next step.
        postgres.sql("ALTER DATABASE suiyao SET synchronous_commit = off")
        run(lambda app: fill(app, folder, people, days), settings)
    else:
        prepare(postgres.url("suiyao"), settings, "demo")
    postgres.sql("ALTER DATABASE suiyao RESET synchronous_commit")
    return run(_people, settings)


def _finished(postgres: Any) -> bool:
    if postgres.sql("SELECT to_regclass('public.deployment')", "suiyao") == "":
        return False
    mark = postgres.sql("SELECT mark FROM deployment", "suiyao")
    return bool(mark == "demo" and postgres.sql("SELECT count(*) FROM staff_login", "suiyao") != "0")


async def _people(app: App) -> dict[str, str]:
    """The site and the participant, once; a fresh invitation at every start."""
    from sqlalchemy import select

    from bot.db.people import Participant
    from bot.db.regimens import RegimenAssignment
    from bot.services import linking
    from bot.services.locking import lock_participant

    async with app.ctx.begin() as tx:
        found = await tx.first(
            select(Participant.participant_id, Participant.subject_id)
            .join(RegimenAssignment, RegimenAssignment.participant_id == Participant.participant_id)
            .where(RegimenAssignment.recorded_by == AUTHOR)
        )
        if found is None:
            done = await enrol_due_now(tx)
            subject, code = done.subject_id, done.invited.code
        else:
            await lock_participant(tx, found.participant_id)
            invited = await linking.invite(tx, found.participant_id, "demo")
            subject, code = found.subject_id, invited.code
    return {"subject": subject, "invitation": code, "again": "" if found is None else "yes"}


async def open_site(tx: Tx) -> None:
    from bot.services.enrolment import NewSite, add_site

    await add_site(tx, NewSite(SITE, "示范医院", ZONE, "zh_Hans_CN", "010-00000000", "full"), "demo")


async def enrol_due_now(tx: Tx, language: str = "zh_Hans_CN") -> Enrolled:
    """Combination arm, day 1 today, both medicines due a few minutes ago, whatever the hour of the day."""
    from bot.services.author import Author
    from bot.services.enrolment import NewParticipant, enrol

    local = tx.now.astimezone(ZoneInfo(ZONE))
    due = local.replace(minute=local.minute // 5 * 5, second=0, microsecond=0)
    new = NewParticipant(
        study="nct04217967",
        site=SITE,
        arm="combination",
        start=due.date(),
        dose_time=due.time(),
        name="示范",
        phone=PHONE,
        sex="female",
        birth_year=local.year - 68,
        language=language,
        quiet=quiet_hours(due),
    )
    return await enrol(tx, new, Author(AUTHOR, "staff"))


def quiet_hours(due: datetime) -> tuple[time, time]:
    """The usual night, or a nap at noon for whoever tries this late: nothing would be asked in quiet hours."""
    return (time(21, 30), time(7, 0)) if 8 <= due.hour < 20 else (time(12, 30), time(14, 0))


def _print(app: App, rows: dict[str, str], folder: Path) -> None:
    url, name = app.ctx.addresses.public_url, app.ctx.addresses.bot_name
    telegram = (
        f"https://t.me/{name}?start={rows['invitation']}"
        if name
        else "not connected; SUIYAO_TELEGRAM_TOKEN=... make demo (README, Telegram)"
    )
    from bot.commands.demo_story import sign_ins

    table = [
        ("Participant's page", f"{url}/i/{rows['invitation']}"),
        ("Last four digits", f"{PHONE[-4:]}, which the page asks for"),
        *([("Linked before", f"{url}/chat in the same browser goes on")] if rows["again"] else []),
        ("Telegram", telegram),
        ("Console for staff", f"{url}/console"),
        *[("", f"{name}  {password}") for name, password in sign_ins(folder).items()],
        ("Data", str(folder)),
        ("Stop", "Ctrl-C; `make demo` goes on, `make demo-reset` starts over"),
    ]
    lines = [f"  {left:20} {right}" for left, right in table]
    click.echo("\n".join(["", "A demonstration: nothing in it is real.", "", *lines, ""]))
