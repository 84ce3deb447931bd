"""A study from its TOML file, by its id or its path: no database, no settings, no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from schedules.study import Study

LONGEST_FILE = 1024 * 1024  # bytes; a study's file has a few thousand


def read_study(name: str) -> Study:
    """The shipped study of that id, or the one in that file. Ends the command with one line where there is none."""
    from schedules.study import StudyError, parse_study

    path = _study_path(name)
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST_FILE + 1)
        if len(content) > LONGEST_FILE:
            wrong("--study", name, "the file is larger than 1 MiB")
        return parse_study(content.decode("utf-8"), str(path))
    except OSError as error:
        wrong("--study", name, f"cannot be read ({error.strerror})")
    except UnicodeDecodeError:
        wrong("--study", name, "the file is not UTF-8 text")
    except StudyError as error:
        stop(str(error))


def wrong(option: str, value: str, why: str) -> NoReturn:
    shown = "".join(sign if sign.isprintable() else "?" for sign in value[:80])
    stop(f'{option} "{shown}": {why}')


def stop(message: str) -> NoReturn:
    # Not a click.UsageError: it would add three lines of usage to the one that says what is wrong.
    click.echo(message, err=True)
    raise SystemExit(2)


def _study_path(name: str) -> Path:
    import schedules

    folder = Path(schedules.__file__).parent / "studies"
    known = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    if name in known:
        return known[name]
    if name.endswith(".toml") or "/" in name:
        return Path(name)
    wrong("--study", name, f"neither a study ({', '.join(known)}) nor a .toml file")
