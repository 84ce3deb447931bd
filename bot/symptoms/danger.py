"""Danger words as data: what they are, how urgent, which red flag they stand for. Parsed from TOML, checked here.

A rule never says what is wrong with a person; it says that a person must look, and how soon.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bot.dialogue.numerals import pairs, plain
from bot.symptoms.judging import Certainty
from bot.symptoms.net import Net, net_of
from bot.symptoms.sounds import SoundTable, sound_table
from bot.symptoms.word_rules import (
    STRICT,
    Compiler,
    RuleId,
    RuleText,
    WordRule,
    Words,
    WordsError,
    compiler,
    read_file,
)

Tier = Literal["emergency", "urgent"]
DANGER_TIERS: tuple[Tier, ...] = ("emergency", "urgent")


class DangerError(WordsError):
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
class DangerLexicon:
    """All rules, emergencies first, as a net to be cast over a text, and how writing is made plain."""

    version: str
    rules: tuple[WordRule, ...]
    net: Net
    simplify: Mapping[int, str]
    sounds: SoundTable

    def rule(self, rule_id: str) -> WordRule:
        """The rule a Danger names. Raises KeyError for an id of another version of the file."""
        return {rule.id: rule for rule in self.rules}[rule_id]


_Flag = Annotated[str, Field(pattern=r"^RF-([1-9]|1[0-7])$")]


class _FlagText(BaseModel):
    model_config = STRICT
    source: Annotated[str, Field(min_length=10)]
    staff_text: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]
    emergency: dict[RuleId, RuleText] = {}
    urgent: dict[RuleId, RuleText] = {}


class _SoundText(BaseModel):
    """`alike`: words found also where others of the same sound stand; `real` are themselves; `rare`: sounds of rare signs."""

    model_config = STRICT
    alike: tuple[str, ...] = ()
    real: tuple[str, ...] = ()
    rare: tuple[Annotated[str, Field(pattern=r"^.[a-z]+$")], ...] = ()


class _DangerFile(BaseModel):
    model_config = STRICT
    version: Annotated[str, Field(min_length=1)]
    simplify: str = ""
    sounds: _SoundText = _SoundText()
    words: dict[RuleId, Words] = {}
    flag: Annotated[dict[_Flag, _FlagText], Field(min_length=1)]


def parse_danger(text: str, file: str) -> DangerLexicon:
    """Raises DangerError naming file, key and value of every fault found."""
    raw = read_file(_DangerFile, text, file, DangerError)
    try:
        simplify = pairs(raw.simplify)
    except ValueError as error:
        raise DangerError(f"{file}: simplify: {error}") from error
    try:
        alike, real = (
            [plain(word, simplify) for word in some] for some in (raw.sounds.alike, raw.sounds.real)
        )
        sounds = sound_table(alike, real, raw.sounds.rare)
    except ValueError as error:
        raise DangerError(f"{file}: sounds.alike: {error}") from error
    making = compiler(raw.words, simplify)
    rules = _rules(raw, making, file)
    if making.faults:
        raise DangerError("\n".join(making.faults))
    return DangerLexicon(raw.version, rules, net_of(rules), simplify, sounds)


def _rules(raw: _DangerFile, making: Compiler, file: str) -> tuple[WordRule, ...]:
    rules: dict[str, WordRule] = {}
    for tier in DANGER_TIERS:
        for flag, about in raw.flag.items():
            for rule_id, text in (about.emergency if tier == "emergency" else about.urgent).items():
                where = f"{file}: flag.{flag}.{tier}.{rule_id}"
                if rule_id in rules:
                    making.faults.append(f"{where}: the id {rule_id!r} stands twice")
                rule = making.rule(rule_id, text, tier, where, text.codes)
                rules[rule_id] = replace(rule, flag=flag, staff_text=about.staff_text, source=about.source)
    return tuple(rules.values())
