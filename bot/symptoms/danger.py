"""Danger words as data: what they are, how urgent, which red flag they stand for. Parsed from TOML, checked here.

A rule never says what is wrong with a person; it says that a person must look, and how soon.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue.numerals import pairs, plain
from bot.symptoms.pattern import Pattern, merged, parse_pattern, word_index

Tier = Literal["emergency", "urgent"]
Certainty = Literal["stated", "doubtful"]
TIERS: tuple[Tier, ...] = ("emergency", "urgent")


class DangerError(ValueError):
    """A danger file has faults. One line each: file, key, value and what is wrong."""


@dataclass(frozen=True, slots=True)
class Danger:
    """One rule that a message met. `matched` is the patient's words in plain form: personal data, not for logs.

    `doubtful`: denied, past, supposed, asked, or about somebody else; the patient is asked back.
    """

    rule_id: str
    version: int
    tier: Tier
    certainty: Certainty
    matched: str


@dataclass(frozen=True, slots=True)
class DangerRule:
    """`flag`: red flag RF-1..RF-17. `event`: having been over does not make it harmless (a faint, an overdose)."""

    id: str
    version: int
    tier: Tier
    flag: str
    staff_text: str
    source: str
    event: bool
    patterns: tuple[Pattern, ...]
    innocent: tuple[str, ...]
    unless: tuple[str, ...]
    doubt: tuple[str, ...]
    words: frozenset[str]
    """All words of the patterns: a text with none of them meets the rule by a reading alone, if the rule is `bare`."""
    bare: bool


@dataclass(frozen=True, slots=True)
class DangerLexicon:
    """All rules, emergencies first, and the words to be found (see pattern.word_index)."""

    version: str
    rules: tuple[DangerRule, ...]
    index: Mapping[str, tuple[str, ...]]
    simplify: Mapping[int, str]

    def rule(self, rule_id: str) -> DangerRule:
        """The rule a Danger names. Raises KeyError for an id of another version of the file."""
        return {rule.id: rule for rule in self.rules}[rule_id]


_Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
_Strict = ConfigDict(extra="forbid", frozen=True)


class _RuleText(BaseModel):
    model_config = _Strict
    version: Annotated[int, Field(ge=1)]
    zh: _Words
    en: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    innocent: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    unless: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    doubt: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    event: bool = False


_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
_Flag = Annotated[str, Field(pattern=r"^RF-([1-9]|1[0-7])$")]


class _FlagText(BaseModel):
    model_config = _Strict
    source: Annotated[str, Field(min_length=10)]
    staff_text: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]
    emergency: dict[_Id, _RuleText] = {}
    urgent: dict[_Id, _RuleText] = {}


class _DangerFile(BaseModel):
    model_config = _Strict
    version: Annotated[str, Field(min_length=1)]
    simplify: str = ""
    words: dict[_Id, _Words] = {}
    flag: Annotated[dict[_Flag, _FlagText], Field(min_length=1)]


def parse_danger(text: str, file: str) -> DangerLexicon:
    """Raises DangerError naming file, key and value of every fault found."""
    try:
        raw = _DangerFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise DangerError(f"{file}: not readable as TOML: {error}") from error
    except ValidationError as error:
        lines = [
            f"{file}: {_key(fault['loc'])} = {fault['input']!r}: {fault['msg']}" for fault in error.errors()
        ]
        raise DangerError("\n".join(lines)) from error
    return _compile(raw, file)


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part != "[key]")


def _compile(raw: _DangerFile, file: str) -> DangerLexicon:
    try:
        simplify = pairs(raw.simplify)
    except ValueError as error:
        raise DangerError(f"{file}: simplify: {error}") from error
    groups = {name: tuple(plain(word, simplify) for word in words) for name, words in raw.words.items()}
    faults: list[str] = []
    rules: list[DangerRule] = []
    for tier in TIERS:
        for flag, about in raw.flag.items():
            for rule_id, rule in (about.emergency if tier == "emergency" else about.urgent).items():
                where = f"{file}: flag.{flag}.{tier}.{rule_id}"
                if any(known.id == rule_id for known in rules):
                    faults.append(f"{where}: the id {rule_id!r} stands twice")
                patterns = _patterns(rule, groups, simplify, where, faults)
                rules.append(
                    DangerRule(
                        id=rule_id,
                        version=rule.version,
                        tier=tier,
                        flag=flag,
                        staff_text=about.staff_text,
                        source=about.source,
                        event=rule.event,
                        patterns=patterns,
                        innocent=tuple(plain(words, simplify) for words in rule.innocent),
                        unless=tuple(plain(words, simplify) for words in rule.unless),
                        doubt=tuple(plain(words, simplify) for words in rule.doubt),
                        words=frozenset().union(*map(_words, patterns)),
                        bare=not all(map(_words, patterns)),
                    )
                )
    if faults:
        raise DangerError("\n".join(faults))
    return DangerLexicon(raw.version, tuple(rules), _index(rules), simplify)


def _patterns(
    rule: _RuleText,
    groups: Mapping[str, tuple[str, ...]],
    simplify: Mapping[int, str],
    where: str,
    faults: list[str],
) -> tuple[Pattern, ...]:
    patterns: list[Pattern] = []
    for language, texts in (("zh", rule.zh), ("en", rule.en)):
        for text in texts:
            try:
                patterns.append(parse_pattern(plain(text, simplify), groups))
            except ValueError as error:
                faults.append(f"{where}.{language} = {text!r}: {error}")
    return merged(patterns)


def _index(rules: list[DangerRule]) -> dict[str, tuple[str, ...]]:
    words = {word for rule in rules for word in rule.innocent + rule.unless + rule.doubt}
    return word_index(words.union(*(rule.words for rule in rules)))


def _words(pattern: Pattern) -> frozenset[str]:
    return frozenset(word for chain in pattern for element in chain for word in element.words)
