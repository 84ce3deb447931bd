"""Play a conversation in the terminal: the real house on a database of its own, whose clock moves when told."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from bot.app.app import App
    from bot.rehearsal.phones import Phone
    from bot.rehearsal.stage import Stage

ZONE = ZoneInfo("Asia/Shanghai")
HELP = "Type words, or the number of a button. @ 08:00 or +2h moves the clock, an empty line ends."


@click.command()
@click.option("--arm", default="combination", show_default=True)
@click.option("--language", type=click.Choice(["zh_Hans_CN", "en"]), default="zh_Hans_CN", show_default=True)
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-11-02",
    show_default=True,
    help="Day 1 of cycle 1.",
)
def chat(arm: str, language: str, start: datetime) -> None:
    """Be a participant for a while. Nothing is kept."""
    from bot.commands.setup import new_keys, prepare
    from bot.db.embedded import EmbeddedPostgres
    from bot.setting_forms import parse_keys
    from bot.settings import from_environment

    with tempfile.TemporaryDirectory(prefix="suiyao-chat-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres", durable=False)
        postgres.start()
        try:
            postgres.create_database("suiyao")
            own = {
                "database_url": postgres.url("suiyao", "suiyao_runtime", "chat"),
                "keys": parse_keys(new_keys()),
                "telegram_token": "",
                "log_level": "error",
            }
            settings = from_environment().model_copy(update=own)
            prepare(postgres.url("suiyao"), settings, "rehearsal")
            asyncio.run(_chat(settings, arm, language, start))
        finally:
            postgres.stop()


async def _chat(settings: object, arm: str, language: str, start: datetime) -> None:
    from bot.app.app import App
    from bot.messages import Kind
    from bot.rehearsal.stage import Stage
    from bot.settings import Settings

    assert isinstance(settings, Settings)
    async with App.open(settings) as app:
        stage = Stage(app.ctx)
        await stage.jump_to(start.replace(hour=7, minute=50, tzinfo=ZONE))
        phone = stage.phone("you")
        code = await _enrol(app, arm, language, start)
        click.echo(HELP + " The last four digits are 1234.")
        await stage.hear(phone, Kind.START, text=code)
        await _loop(stage, phone)


async def _enrol(app: App, arm: str, language: str, start: datetime) -> str:
    from bot.services.author import Author
    from bot.services.enrolment import NewParticipant, NewSite, add_site, enrol

    async with app.ctx.begin() as tx:
        await add_site(
            tx, NewSite("CHAT", "示范医院", ZONE.key, "zh_Hans_CN", "010-00000000", "full"), "chat"
        )
        new = NewParticipant(
            "nct04217967",
            "CHAT",
            arm,
            start.date(),
            time(8, 0),
            "示范",
            "13900001234",
            "female",
            1956,
            language,
        )
        done = await enrol(tx, new, Author("chat", "staff"))
    return done.invited.code


async def _loop(stage: Stage, phone: Phone) -> None:
    shown = 0
    while True:
        buttons: list[str] = []
        for one in stage.shown[shown:]:
            click.echo(("~ " if one.edited else "< ") + one.text.replace("\n", "\n  "))
            buttons = [choice.label for choice in one.choices] or buttons
        shown = len(stage.shown)
        for number, label in enumerate(buttons, 1):
            click.echo(f"    {number}. {label}")
        now = (await stage.now()).astimezone(ZONE)
        line = await asyncio.to_thread(input, f"{now:%m-%d %H:%M} > ")
        if not line:
            return
        await _do(stage, phone, line.strip(), buttons, now)


async def _do(stage: Stage, phone: Phone, line: str, buttons: list[str], now: datetime) -> None:
    """A move of the clock, a tap, or words."""
    if line.startswith("+") and line[1:-1].isdecimal() and line[-1] in "mhd":
        unit = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[line[-1]]
        await stage.move_to(now + int(line[1:-1]) * unit)
    elif line.startswith("@"):
        hour, _, minute = line[1:].strip().partition(":")
        if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
            click.echo("The clock is moved by @ 08:00 or by +30m, +2h, +1d.")
            return
        at = now.replace(hour=int(hour), minute=int(minute))
        await stage.move_to(at if at > now else at + timedelta(days=1))
    elif line.isdecimal() and 1 <= int(line) <= len(buttons):
        await stage.press(phone, buttons[int(line) - 1])
    else:
        await stage.say(phone, line)
