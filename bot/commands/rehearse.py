"""Play a whole study before its first patient, with faults on purpose, and count what was promised."""

from __future__ import annotations

import signal
import sys
import time
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
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that play at once; the order of events is the same with any number.",
)
@click.option(
    "--real", is_flag=True, help="`serve` in processes of its own that are killed, over real connections."
)
@click.option(
    "--minutes", type=click.IntRange(1, 20), default=2, show_default=True, help="With --real: how long."
)
@click.option(
    "--log",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("rehearsal-log"),
    show_default=True,
    help="With --real: what happened.",
)
@click.option(
    "--require-all", is_flag=True, help="Exit status 1 also where a kind of event or fault was never played."
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
    workers: int,
    real: bool,
    minutes: int,
    log: Path,
    require_all: bool,
    html: Path | None,
    as_json: Path | None,
) -> None:
    """Play a study ahead of time: real services and database, virtual people and clock. Exit status 1 for a violation.

    A database of its own is made for it and thrown away. Nothing of the environment is used. With --real the first
    morning is played in minutes of this machine, by as many processes as there are workers.
    """
    from bot.rehearsal.report_html import page
    from bot.rehearsal.report_text import lines

    # Told to stop, it ends its processes and its database first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if real:
        outcome = _real(participants, minutes, workers, seed, log)
    else:
        outcome = _exact(_setting(study, participants, days, seed, faults, tz, start), workers)
    for line in lines(outcome):
        click.echo(line)
    if html is not None:
        html.write_text(page(outcome), encoding="utf-8")
    if as_json is not None:
        as_json.write_text(outcome.as_json(), encoding="utf-8")
    sys.exit(1 if outcome.violations or (require_all and outcome.never) else 0)


def _setting(
    study: str, participants: int, days: int, seed: int, faults: str, tz: str, start: datetime | None
) -> Setting:
    from bot.errors import Misconfigured
    from bot.rehearsal.faults import chosen
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
    first = CLOCKS_CHANGE if tz.startswith(("Europe/", "America/")) else FIRST_DAY
    return Setting(
        study, participants, days, seed, kinds, zone=tz, first_day=start.date() if start else first
    )


def _exact(setting: Setting, workers: int) -> Outcome:
    from bot.rehearsal.report_text import violations
    from bot.rehearsal.towns import play, towns

    count, begun = len(towns(setting)), time.monotonic()
    label = f"Rehearsing {setting.participants} people, {setting.days} days"

    def told(over: int, town: Outcome) -> None:
        if not sys.stderr.isatty():  # where no bar is drawn, a line for each town
            played = f"{town.setting['participants']} people, seed {town.setting['seed']}"
            click.echo(f"{over} of {count} towns over ({played}), violations: {town.violations}", err=True)
            for line in violations(town):
                click.echo(line, err=True)

    with click.progressbar(length=setting.days * count, label=label, file=sys.stderr) as bar:
        return play(setting, workers, lambda: time.monotonic() - begun, bar.update, told)


def _real(participants: int, minutes: int, workers: int, seed: int, log: Path) -> Outcome:
    from bot.errors import Misconfigured

    try:
        from bot.rehearsal.real.play import play
    except ImportError as missing:
        raise Misconfigured(f"--real needs {missing.name}: pip install 'suiyao[real]'") from None
    click.echo(f"Rehearsing {participants} people with {workers} processes; the log is in {log}", err=True)
    return play(participants, minutes, workers, seed, log)
