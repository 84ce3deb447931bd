"""Templates of the console, their texts, and how times, ages and words of the record are written. Everything is escaped."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.console.static_files import load_static
from bot.wording import Wording

TEMPLATES = Path(__file__).parent / "templates"
AGES = (
    (timedelta(days=2), "days", 86400),
    (timedelta(hours=2), "hours", 3600),
    (timedelta(minutes=1), "minutes", 60),
    (timedelta(0), "now", 1),
)


@cache
def _environment() -> Environment:
    """One for the process: templates are compiled once."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    addresses = {name: f"/console/static/{file.name}" for name, file in load_static().items()}
    environment.globals["static"] = addresses
    return environment


class View:
    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self.static = load_static()

    def render(self, template: str, language: str, values: dict[str, Any]) -> str:
        texts = Texts(self._wording, language)
        frame = {
            "t": texts.text,
            "label": texts.label,
            "ago": texts.ago,
            "day": texts.day,
            "term": texts.term,
            "when": when,
            "clock": clock,
            "lang": language.replace("_", "-"),
            "language": language,
        }
        return _environment().get_template(template).render(frame | values)

    def text(self, language: str, text_id: str, **values: Any) -> str:
        return self._wording.text(language, text_id, **values)


class Texts:
    """The texts of one language, as templates ask for them."""

    def __init__(self, wording: Wording, language: str) -> None:
        self._wording = wording
        self._language = wording.known(language)

    def text(self, text_id: str, **values: Any) -> str:
        return self._wording.text(self._language, text_id, **values)

    def label(self, family: str, word: object) -> str:
        """The text of a word of the record; the word itself where nobody has given it one."""
        text_id = f"{family}.{word}"
        known = self._wording.texts[self._language]
        return known[text_id] if text_id in known and "{" not in known[text_id] else str(word)

    def term(self, name: str) -> str:
        """A symptom by the name that the record has for it."""
        word = name.lower().replace(" ", "_").replace("-", "_").replace("-", "_")
        said = self.label("term", word)
        return name if said == word else said

    def ago(self, at: datetime, now: datetime) -> str:
        """How long since: 5 min, 3 h, 4 days."""
        passed = max(now - at, timedelta(0))
        name, seconds = next((name, seconds) for least, name, seconds in AGES if passed >= least)
        return self.text(f"console.ago.{name}", count=int(passed.total_seconds() // seconds))

    def day(self, on: date) -> str:
        return self._wording.say(self._language, on)


def when(at: datetime, zone: str, now: datetime | None) -> str:
    """11-22 08:05 by the wall clock of that zone; with the year when it is another one."""
    local = at.astimezone(ZoneInfo(zone))
    this_year = now is not None and now.astimezone(ZoneInfo(zone)).year == local.year
    return f"{local:%m-%d %H:%M}" if this_year else f"{local:%Y-%m-%d %H:%M}"


def clock(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"
