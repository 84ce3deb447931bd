"""`suiyao plan`: a study's calendar on paper, for checking it before anybody is enrolled.

Reads a study's file and nothing else: no database, no settings, no network; every cycle counts as released.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date, time
from typing import TYPE_CHECKING

import click

from bot.commands.study_file import read_study, stop, wrong

if TYPE_CHECKING:
    from schedules.regimen import PlannedDose
    from schedules.study import Study

COLUMNS = ("arm", "drug", "cycle", "cycle_day", "dose_mg", "local_date", "local_time", "utc")
_MOST_CYCLES = 200  # fifteen years


@click.command(short_help="Print a study's dose calendar as CSV.")
@click.option("--study", "study_name", metavar="ID|FILE", help="Study id, or its TOML file. Required.")
@click.option("--arm", metavar="ARM", help="Arm of the study. Required.")
@click.option("--start", metavar="YYYY-MM-DD", help="Local date of day 1 of cycle 1. Required.")
@click.option("--cycles", metavar="N", default="1", show_default=True, help="Number of cycles.")
@click.option("--tz", "zone", metavar="ZONE", help="IANA time zone.  [default: the study's]")
@click.option("--time", "dose_time", metavar="HH:MM", help="Local dose time.  [default: the study's]")
@click.option(
    "--delay", "delays", metavar="CYCLE:DAYS", multiple=True, help="A later cycle start; repeatable."
)
def plan(
    study_name: str | None,
    arm: str | None,
    start: str | None,
    cycles: str,
    zone: str | None,
    dose_time: str | None,
    delays: tuple[str, ...],
) -> None:
    """Print the doses of an arm as CSV, in the order in which they are due.

    All cycles are treated as released. A delayed cycle moves the later ones with it; a negative number of
    days starts it early and cuts the one before short.

    \b
    suiyao plan --study nct04217967 --arm combination --start 2026-11-02 --cycles 3 \\
                --tz Asia/Shanghai --time 08:00 --delay 2:7
    """
    # pydantic is imported only now, so that `--help` of every command stays quick.
    from schedules.regimen import ideal_timeline, planned_doses

    study = read_study(_given("--study", study_name))
    count = _whole("--cycles", cycles, 1, _MOST_CYCLES)
    timeline = ideal_timeline(
        study,
        _arm(study, _given("--arm", arm)),
        _date(_given("--start", start)),
        count,
        _zone(zone if zone is not None else study.timezone),
        _time(dose_time) if dose_time is not None else study.dose_time,
        _delays(delays, count, study.cycle_days),
    )
    click.echo(_table(timeline.assignments[0].arm, planned_doses(study, timeline)), nl=False)


def _table(arm: str, doses: tuple[PlannedDose, ...]) -> str:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    for dose in doses:
        mg = format(dose.dose_mg.normalize(), "f")
        when = (dose.local_date.isoformat(), f"{dose.local_time:%H:%M}", f"{dose.due_at:%Y-%m-%dT%H:%M:%SZ}")
        table.writerow((arm, dose.drug, dose.cycle, dose.cycle_day, mg, *when))
    return out.getvalue()


def _arm(study: Study, name: str) -> str:
    if name not in study.arms:
        wrong("--arm", name, f"study {study.id} has {', '.join(study.arms)}")
    return name


def _date(text: str) -> date:
    if re.fullmatch(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    wrong("--start", text, "not a date from 2000 to 2099 such as 2026-11-02")


def _time(text: str) -> time:
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        return time.fromisoformat(text)
    wrong("--time", text, "not a time such as 08:00")


def _zone(name: str) -> str:
    from schedules.localtime import zone_exists

    if not zone_exists(name):
        wrong("--tz", name, "not a time zone such as Asia/Shanghai")
    return name


def _delays(given: tuple[str, ...], cycles: int, cycle_days: int) -> dict[int, int]:
    delays: dict[int, int] = {}
    for text in given:
        number, separator, days = text.partition(":")
        if not separator:
            wrong("--delay", text, "not of the form CYCLE:DAYS such as 2:7")
        if cycles == 1:
            wrong("--delay", text, "only cycles 2 and later; --cycles is 1")
        cycle = _whole("--delay", number, 2, cycles, shown=text)
        if cycle in delays:
            wrong("--delay", text, f"cycle {cycle} is delayed twice")
        delays[cycle] = _whole("--delay", days, 1 - cycle_days, 366, shown=text)
    return delays


def _whole(option: str, text: str, least: int, most: int, shown: str | None = None) -> int:
    number = int(text) if re.fullmatch(r"-?[0-9]{1,4}", text) else None
    if number is None or not least <= number <= most:
        wrong(option, shown or text, f'"{text}" is not a whole number from {least} to {most}')
    return number


def _given(option: str, value: str | None) -> str:
    if value is None:
        stop(f"{option}: missing; see `suiyao plan --help`")
    return value
