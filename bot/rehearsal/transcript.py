"""Conversations as plain text that a nurse can read, and back.

    # What this shows.                      key: value   (the header: arm, start, time, now, telegram, ...)
    @ 2026-11-02 08:00                      the clock moves, stopping wherever something is due
    @! 2026-11-02 14:00                     nothing of ours ran until then
    > words     > [button]     > (voice)    what the first phone does; 2> the second
    > [button] twice   > [button] late      two quick taps; a tap on a button that is gone by now (again: the same once more)
    $ hold --drug ixazomib                  a decision of the staff, as on the command line
    % blocked                               what happens to the network (unclear, refused, too fast, gap, telegram off)
What follows is written by the rehearsal: `<` a message with its buttons, `<~` one that replaces an older, `..` the time of
what comes next, `=` a fact that was recorded, `!` an alert to staff.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from bot.messages import Choice
from bot.rehearsal.phones import Shown
from bot.rehearsal.scene import CHANNELS, Scene

CLOCK = "%Y-%m-%d %H:%M"
_DOES = re.compile(r"(?P<phone>[2-9]?)(?P<sign>[>$%]|@!?) ?(?P<words>.*)", re.DOTALL)
_FOLLOWS = re.compile(r"[2-9]?<|\.\. |[=!] |  ")


class TranscriptError(ValueError):
    """A transcript is not as this module's text says. Names the line."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of what is done: by which phone, of which kind (> @ @! $ %), in which words."""

    phone: str
    sign: str
    words: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """`head`: the header as written; `script`: steps, and between them what is only for the reader."""

    scene: Scene
    head: tuple[str, ...]
    script: tuple[Step | str, ...]


def parse(text: str) -> Transcript:
    """Raises TranscriptError. What followed when it was last played is left out."""
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if _DOES.match(line)), len(lines))
    script: list[Step | str] = []
    for number, line in enumerate(lines[end:], end + 1):
        if found := _DOES.fullmatch(line):
            script.append(Step(found["phone"] or "1", found["sign"], _unescaped(found["words"])))
        elif line.startswith("#") or not (line.strip() or line.startswith("  ")):
            script.append(line)  # an empty line that is indented stands within a message
        elif not _FOLLOWS.match(line):
            raise TranscriptError(f"line {number}: {line!r} is nothing that a transcript has")
    return Transcript(_scene(lines[:end]), tuple(lines[:end]), tuple(script))


def _unescaped(words: str) -> str:
    r"""`\n` stands for a new line in somebody's words, and `\u0000` for a sign that cannot be seen."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), words.replace("\\n", "\n"))


def _scene(head: Sequence[str]) -> Scene:
    given = dict(line.split(": ", 1) for line in head if ": " in line and not line.startswith("#"))
    phones = {"1": given.pop("channel", "telegram")}
    phones |= {key[-1]: given.pop(key) for key in sorted(given) if key.startswith("phone ")}
    if unknown := set(phones.values()) - set(CHANNELS):
        raise TranscriptError(f"header: no channel {sorted(unknown)}; there are {sorted(CHANNELS)}")
    try:
        read = {key: _HEADER[key](value) for key, value in given.items()}
        return Scene(**read, phones=phones)
    except (KeyError, TypeError, ValueError) as problem:
        raise TranscriptError(f"header: {problem}") from None


def moment(text: str) -> datetime:
    return datetime.strptime(text, CLOCK)  # noqa: DTZ007 - a wall clock; the scene has the zone


_HEADER: dict[str, Callable[[str], Any]] = {
    "arm": str,
    "start": date.fromisoformat,
    "time": time.fromisoformat,
    "now": moment,
    "telegram": str,
    "language": str,
    "zone": str,
    "questionnaire": lambda items: tuple(map(int, items.split())),
    "staff": lambda roles: tuple(roles.split()),
    "linked": {"yes": True, "no": False}.__getitem__,
}


def written(step: Step) -> str:
    phone = "" if step.phone == "1" else step.phone
    words = step.words.replace("\n", "\\n")
    words = "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in words)
    return f"{phone}{step.sign} {words}".rstrip()


def message(shown: Shown) -> str:
    """A message as it stands in a transcript: its lines indented, its buttons last."""
    phone = "" if shown.phone == "1" else shown.phone
    lines = [*shown.text.split("\n"), *([buttons(shown.choices)] if shown.choices else [])]
    return f"{phone}<{'~' if shown.edited else ''} " + "\n  ".join(lines)


def buttons(choices: Sequence[Choice]) -> str:
    return " ".join(f"[{one.label}]" if one.press else f"[{one.label} -> {one.url}]" for one in choices)
