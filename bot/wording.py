"""Message id + values + language -> the sentence that a person reads.

Every sentence comes from the catalogues; a missing id or value is a bug and raises, it is never papered over.
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from babel.dates import format_date
from babel.messages.pofile import PoFileError, read_po

from bot.dialogue.turn import Phrase
from bot.errors import Misconfigured

LOCALES = Path(__file__).resolve().parents[1] / "locales"  # those that come with this version

FIRST_LANGUAGE = "zh_Hans_CN"
_GOOD_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_MSGID = re.compile(r'^msgid "(.+)"$', re.MULTILINE)

# Hour from which a part of the day has its name. CLDR calls 18:30 下午 and 08:05 上午 and writes half past
# midnight as 12:30; people do not. The last row before or at the hour counts.
PARTS = (
    (0, "midnight"),
    (1, "dawn"),
    (5, "morning"),
    (9, "forenoon"),
    (12, "noon"),
    (13, "afternoon"),
    (18, "evening"),
)


@dataclass(frozen=True, slots=True)
class Wording:
    """All texts by language and id, and a hash per language that names this very edition of them."""

    texts: Mapping[str, Mapping[str, str]]
    hashes: Mapping[str, str]

    def hash(self, language: str) -> str:
        return self.hashes[self.known(language)]

    def language_of(self, text_hash: str | None) -> str:
        """The language of an edition; the first language for one that is not (or no longer) loaded."""
        return next((one for one, known in self.hashes.items() if known == text_hash), FIRST_LANGUAGE)

    def known(self, language: str) -> str:
        return language if language in self.texts else FIRST_LANGUAGE

    def text(
        self, language: str, what: Phrase | str, /, *, now: datetime | None = None, **values: object
    ) -> str:
        """The sentence. With `now` (aware, the reader's zone) moments near it are told by day words, too.

        Raises KeyError for an unknown id or a value that the text needs and does not get.
        """
        phrase = Phrase(what) if isinstance(what, str) else what
        language = self.known(language)
        spoken = {**phrase.values, **values}
        text = self.texts[language][phrase.text_id]
        return text.format_map({name: self.say(language, one, now) for name, one in spoken.items()})

    def say(self, language: str, value: object, now: datetime | None = None) -> str:
        """One value in words: 今天早上8:05, 11月3日（周二）, 早上8:00, a nested text, a plain number."""
        match value:
            case Phrase():
                return self.text(language, value, now=now)
            case datetime():
                return self._moment(language, value, now)
            case date():
                return self._day(language, value)
            case time():
                return self._clock(language, value)
            case bool() | None:
                raise TypeError(f"no words for {value!r}")
            case _:
                return str(value)

    def _moment(self, language: str, moment: datetime, now: datetime | None) -> str:
        if moment.tzinfo is None:
            raise ValueError("a moment without a zone would be told wrongly")
        local = moment.astimezone(now.tzinfo) if now is not None else moment
        apart = (local.date() - now.date()) // timedelta(days=1) if now is not None else None
        near = {0: "today", -1: "yesterday", 1: "tomorrow"}.get(apart if apart is not None else 99, "other")
        values = {"clock": self._clock(language, local.time()), "date": self._day(language, local.date())}
        short = _written(local.date(), self.texts[language]["moment.date_in_words"], language)
        return self.texts[language][f"moment.{near}"].format_map({**values, "short_date": short})

    def _day(self, language: str, day: date) -> str:
        return _written(day, self.texts[language]["moment.date"], language)

    def _clock(self, language: str, clock: time) -> str:
        part = [name for hour, name in PARTS if hour <= clock.hour][-1]
        values = {"hour": clock.hour % 12, "minute": f"{clock.minute:02}"}
        return self.texts[language][f"clock.{part}"].format_map(values)


@lru_cache(maxsize=1024)
def _written(day: date, pattern: str, language: str) -> str:
    """Every line of a page has its day, and most have the same."""
    return str(format_date(day, pattern, language))


def load_wording(folder: Path) -> Wording:
    """Reads all *.po of every language folder. Raises Misconfigured with the file that cannot be read."""
    texts: dict[str, Mapping[str, str]] = {}
    for language in sorted(path.parent.name for path in folder.glob("*/LC_MESSAGES")):
        texts[language] = dict(entry for file in _files(folder, language) for entry in read_catalogue(file))
    if not texts.get(FIRST_LANGUAGE):
        raise Misconfigured(f"no texts in {FIRST_LANGUAGE} under {folder}")
    return Wording(texts, {language: _hash(known) for language, known in texts.items()})


def read_catalogue(file: Path) -> Iterator[tuple[str, str]]:
    """(id, text) of every entry, in the file's order."""
    try:
        with file.open("rb") as stream:
            catalogue = read_po(stream, abort_invalid=True)
    except (PoFileError, OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{file}: cannot be read as a catalogue: {error}") from error
    for message in catalogue:
        if message.id:
            yield str(message.id), str(message.string)


def placeholders(text: str) -> frozenset[str]:
    """The names in braces. Raises ValueError for braces that do not match."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def _files(folder: Path, language: str) -> list[Path]:
    return sorted((folder / language / "LC_MESSAGES").glob("*.po"))


def _hash(texts: Mapping[str, str]) -> str:
    whole = "\0".join(f"{text_id}\0{text}" for text_id, text in sorted(texts.items()))
    return hashlib.sha256(whole.encode()).hexdigest()


def check_catalogues(folder: Path, used: Iterable[str] = (), sources: Iterable[str] = ()) -> list[str]:
    """Every fault of the catalogues, one line each with file and id. Nothing is raised for a wrong text.

    `used`: ids that must be there (a script's `text_ids()`). `sources`: the texts of programs, scripts and
    studies; with them, an id that none of them names, not even by its beginning, is told as unused.
    """
    languages = sorted(path.parent.name for path in folder.glob("*/LC_MESSAGES"))
    try:
        entries = {
            one: [(f, *e) for f in _files(folder, one) for e in read_catalogue(f)] for one in languages
        }
    except Misconfigured as error:
        return [str(error)]
    faults = [fault for one in languages for file in _files(folder, one) for fault in _file_faults(file)]
    texts = {one: {text_id: (file, text) for file, text_id, text in rows} for one, rows in entries.items()}
    faults += [fault for one, rows in entries.items() for fault in _doubles(one, rows)]
    faults += _differences(texts)
    first = texts.get(FIRST_LANGUAGE, {})
    faults += [
        f"{FIRST_LANGUAGE}: {text_id}: used, but there is no such text"
        for text_id in sorted(set(used) - set(first))
    ]
    programs = "\n".join(sources)
    if programs:
        faults += [
            f"{first[one][0]}: {one}: nobody uses it" for one in sorted(first) if not _named(one, programs)
        ]
    return faults


def _file_faults(file: Path) -> list[str]:
    """What is wrong in one file by itself: an id twice, a bad id, an empty text, braces that do not match."""
    ids = _MSGID.findall(file.read_text(encoding="utf-8"))
    faults = [
        f"{file}: {text_id}: stands twice" for text_id in sorted({one for one in ids if ids.count(one) > 1})
    ]
    for text_id, text in read_catalogue(file):
        if not _GOOD_ID.fullmatch(text_id):
            faults.append(f"{file}: {text_id}: an id is dotted lower-case words")
        if not text.strip():
            faults.append(f"{file}: {text_id}: the text is empty")
        try:
            taken = placeholders(text) & {"now", ""}
        except ValueError as error:
            faults.append(f"{file}: {text_id}: {error}")
        else:
            faults += [f"{file}: {text_id}: a value cannot be called {name!r}" for name in sorted(taken)]
    return faults


def _doubles(language: str, rows: list[tuple[Path, str, str]]) -> list[str]:
    homes: dict[str, list[str]] = {}
    for file, text_id, _ in rows:
        homes.setdefault(text_id, []).append(file.name)
    return [
        f"{language}: {one}: stands in {' and '.join(names)}"
        for one, names in homes.items()
        if len(names) > 1
    ]


def _differences(texts: Mapping[str, Mapping[str, tuple[Path, str]]]) -> list[str]:
    """Ids that one language lacks, and texts that ask for other values than the first language's."""
    faults = []
    for text_id in sorted({one for known in texts.values() for one in known}):
        names = {language: _names(known[text_id][1]) for language, known in texts.items() if text_id in known}
        faults += [
            f"{language}: {text_id}: the text is missing" for language in texts if language not in names
        ]
        expected = names.get(FIRST_LANGUAGE)
        for language, found in names.items():
            if expected is not None and found != expected:
                file = texts[language][text_id][0]
                faults.append(f"{file}: {text_id}: values {sorted(found)}, not {sorted(expected)}")
    return faults


def _names(text: str) -> frozenset[str]:
    try:
        return placeholders(text)
    except ValueError:
        return frozenset()


def _named(text_id: str, programs: str) -> bool:
    """Whether programs name the id, or build it: `drug.` followed by a brace or a slot."""
    if text_id in programs:
        return True
    parts = text_id.split(".")
    beginnings = (".".join(parts[:length]) for length in range(1, len(parts)))
    return any(f"{one}.{sign}" in programs for one in beginnings for sign in ("{", "$"))
