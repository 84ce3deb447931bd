"""One rule about words as it stands in a TOML file, and as it is searched. Danger rules and symptom words share it.

A rule never says what is wrong with a person; it says what was written, and how soon a person must look.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue.numerals import plain
from bot.symptoms.pattern import Pattern, in_every_order, merged, parse_pattern

Tier = Literal["emergency", "urgent", "routine"]
TIERS: tuple[Tier, ...] = ("emergency", "urgent", "routine")

Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
RuleId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
STRICT = ConfigDict(extra="forbid", frozen=True)
_Some = tuple[Annotated[str, Field(min_length=1)], ...]
_File = TypeVar("_File", bound=BaseModel)


class WordsError(ValueError):
    """A file of words has faults. One line each: file, key, value and what is wrong."""


@dataclass(frozen=True, slots=True)
class WordRule:
    """`codes`: the symptoms that it stands for. `event`: having been over does not make it harmless (a faint, an overdose).

    `innocent` covers places that mean nothing, `unless` hands the matter to another rule, `doubt` makes it a question.
    """

    id: str
    version: int
    tier: Tier
    codes: tuple[str, ...]
    event: bool
    patterns: tuple[Pattern, ...]
    innocent: tuple[Pattern, ...]
    unless: tuple[Pattern, ...]
    doubt: tuple[Pattern, ...]
    flag: str = ""
    staff_text: str = ""
    source: str = ""


class RuleText(BaseModel):
    model_config = STRICT
    version: Annotated[int, Field(ge=1)]
    zh: Words
    en: _Some = ()
    codes: tuple[RuleId, ...] = ()
    innocent: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    unless: _Some = ()
    doubt: tuple[Annotated[str, Field(min_length=2)], ...] = ()
    event: bool = False


def read_file(model: type[_File], text: str, file: str, error: type[WordsError]) -> _File:
    """Raises `error` naming file, key and value of every fault found."""
    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as problem:
        raise error(f"{file}: not readable as TOML: {problem}") from problem
    except ValidationError as problem:
        lines = [
            f"{file}: {_key(fault['loc'])} = {fault['input']!r}: {fault['msg']}" for fault in problem.errors()
        ]
        raise error("\n".join(lines)) from problem


def _key(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location if part != "[key]")


@dataclass(frozen=True, slots=True)
class Compiler:
    """Groups of words in plain form, and the faults found so far. `single`: one character may be looked for."""

    groups: Mapping[str, tuple[str, ...]]
    simplify: Mapping[int, str]
    faults: list[str]
    single: bool = False

    def patterns(self, texts: Iterable[str], where: str, *, single: bool = False) -> tuple[Pattern, ...]:
        found = []
        for text in texts:
            try:
                for one in in_every_order(plain(text, self.simplify)):
                    found.append(parse_pattern(one, self.groups, single=single or self.single))
            except ValueError as problem:
                self.faults.append(f"{where} = {text!r}: {problem}")
        return merged(found)

    def rule(self, rule_id: str, text: RuleText, tier: Tier, where: str, codes: tuple[str, ...]) -> WordRule:
        zh, en = self.patterns(text.zh, f"{where}.zh"), self.patterns(text.en, f"{where}.en")
        return WordRule(
            id=rule_id,
            version=text.version,
            tier=tier,
            codes=codes,
            event=text.event,
            patterns=merged((*zh, *en)),
            innocent=self.patterns(text.innocent, f"{where}.innocent"),
            unless=self.patterns(text.unless, f"{where}.unless", single=True),
            doubt=self.patterns(text.doubt, f"{where}.doubt"),
        )


def compiler(words: Mapping[str, Words], simplify: Mapping[int, str], *, single: bool = False) -> Compiler:
    groups = {name: tuple(plain(word, simplify) for word in some) for name, some in words.items()}
    return Compiler(groups, simplify, [], single)


def words_of(rules: Iterable[WordRule]) -> frozenset[str]:
    """All words that these rules look for."""
    return frozenset(
        word
        for rule in rules
        for pattern in (*rule.patterns, *rule.innocent, *rule.unless, *rule.doubt)
        for chain in pattern
        for element in chain
        for word in element.words
    )
