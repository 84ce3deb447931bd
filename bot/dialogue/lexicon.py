"""The words by which people answer, as data: whole answers only, so that nothing is guessed from a part.

A word that is not listed is not understood and is asked about; it is never taken for a near one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml


@dataclass(frozen=True, slots=True)
class IntakeWords:
    """Parts, as `normal` makes them: of a sentence that may be about a dose of the study (dose_words.py)."""

    study: tuple[str, ...] = ()  # its medicines by name
    medicine: tuple[str, ...] = ()  # a medicine at large, its form, or taken as agreed
    other: tuple[str, ...] = ()  # what is no medicine of the study
    more: tuple[str, ...] = ()  # one more than was meant
    fill: tuple[str, ...] = ()  # what changes nothing
    earlier: tuple[str, ...] = ()  # another day than today
    unit: tuple[str, ...] = ()  # what a capsule is counted by
    half: tuple[str, ...] = ()  # a part of one


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Normalised words per answer id and per command; all languages together, since people mix them."""

    answers: Mapping[str, frozenset[str]]
    commands: Mapping[str, frozenset[str]]
    before: tuple[str, ...]  # polite words in front of an answer that change nothing
    after: tuple[str, ...]
    eating: tuple[str, ...]  # parts that a sentence about a dose taken must have
    doubt: tuple[str, ...]  # parts that make such a sentence mean something else
    intake: IntakeWords = field(default_factory=IntakeWords)

    def answer(self, text: str, wanted: Sequence[str]) -> str | None:
        """Which of the answers `wanted` the whole text means, or None."""
        forms = self._forms(text)
        return next((one for one in wanted if forms & self.answers.get(one, frozenset())), None)

    def command(self, text: str) -> str | None:
        """Which command the whole text is, or None. Polite words are not peeled off here."""
        word = normal(text)
        return next((one for one, words in self.commands.items() if word in words), None)

    def tells_of_eating(self, text: str) -> bool:
        """Whether a sentence may say that a dose was taken ("早上八点吃了"), with no doubt in it."""
        folded = unicodedata.normalize("NFKC", text).casefold()
        return any(part in folded for part in self.eating) and not any(part in folded for part in self.doubt)

    def speaks_of_eating(self, text: str) -> bool:
        """Whether a sentence has a word of taking a dose in it, whatever doubt there is."""
        folded = unicodedata.normalize("NFKC", text).casefold()
        return any(part in folded for part in self.eating)

    def _forms(self, text: str) -> set[str]:
        """The text as it stands, and without the polite words at its ends."""
        word = normal(text)
        bare = word
        for part in self.before:
            bare = bare.removeprefix(part)
        for part in self.after:
            bare = bare.removesuffix(part)
        return {word, bare}


def normal(text: str) -> str:
    """Letters and digits only, full width made plain (NFKC), lower case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if unicodedata.category(sign)[0] in "LN")


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    zh: tuple[str, ...]
    en: tuple[str, ...] = ()


class _Intake(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    study: tuple[str, ...] = ()
    medicine: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    fill: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    half: tuple[str, ...] = ()


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    answers: dict[str, _Words]
    commands: dict[str, _Words]
    before: _Words
    after: _Words
    eating: _Words
    doubt: _Words
    intake: _Intake = _Intake()  # editions published before there was one


def parse_lexicon(text: str, name: str) -> Lexicon:
    """Raises ScriptError naming file, key and value."""
    try:
        file = _File.model_validate(read_toml(text, name))
    except ValidationError as error:
        raise faults_of(error, name) from error
    return Lexicon(
        answers={
            answer: _normals(words, name, f"answers.{answer}") for answer, words in file.answers.items()
        },
        commands={
            command: _normals(words, name, f"commands.{command}") for command, words in file.commands.items()
        },
        before=_longest_first(file.before),
        after=_longest_first(file.after),
        eating=_longest_first(file.eating),
        doubt=_longest_first(file.doubt),
        intake=IntakeWords(**{name: tuple(map(normal, parts)) for name, parts in file.intake}),
    )


def _normals(words: _Words, name: str, place: str) -> frozenset[str]:
    empty = [word for word in words.zh + words.en if not normal(word)]
    if empty:
        raise ScriptError([f"{name}: {place}: nothing is left of {empty[0]!r} without its signs"])
    return frozenset(normal(word) for word in words.zh + words.en)


def _longest_first(words: _Words) -> tuple[str, ...]:
    parts: Iterable[str] = (word.casefold() for word in words.zh + words.en)
    return tuple(sorted(parts, key=len, reverse=True))
