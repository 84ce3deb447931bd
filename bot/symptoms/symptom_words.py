"""The words in which people tell symptoms, as data: one code per symptom, how urgent which words are, what hides what.

Parsed from TOML and checked here. The urgency is that of the words alone; the check that follows asks and grades.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, Field

from bot.dialogue.numerals import pairs
from bot.symptoms.word_rules import (
    STRICT,
    TIERS,
    Compiler,
    RuleId,
    RuleText,
    Tier,
    WordRule,
    Words,
    WordsError,
    compiler,
    read_file,
)

_CODES = """
neuropathy_sensory neuropathic_pain motor_weakness diarrhea constipation nausea vomiting
abdominal_pain anorexia weight_loss mucositis fever chills cough uri dyspnea chest_pain palpitation
syncope skin_infection shingles rash pruritus hives severe_skin anaphylaxis fatigue insomnia
dizziness headache blurred_vision vision_loss confusion seizure stroke_signs edema_limb dvt_signs
epistaxis gum_bleeding gi_bleeding hematuria bruising back_pain bone_pain cord_compression
urinary_symptom oliguria jaundice muscle_cramp joint_pain low_mood self_harm fall head_injury
overdose pregnancy_exposure
"""
CODES = frozenset(_CODES.split())


class SymptomWordsError(WordsError):
    """A file of symptom words has faults. One line each: file, key, value and what is wrong."""


@dataclass(frozen=True, slots=True)
class Together:
    """Symptoms that are more urgent told together than each alone."""

    id: str
    version: int
    codes: frozenset[str]
    tier: Tier


@dataclass(frozen=True, slots=True)
class SymptomWords:
    """`hides`: symptoms that are part of another and are not counted beside it. `check`: who asks on about a code."""

    version: str
    rules: tuple[WordRule, ...]
    together: tuple[Together, ...]
    hides: Mapping[str, frozenset[str]]
    check: Mapping[str, str]


class _CodeText(BaseModel):
    model_config = STRICT
    emergency: dict[RuleId, RuleText] = {}
    urgent: dict[RuleId, RuleText] = {}
    routine: dict[RuleId, RuleText] = {}


class _TogetherText(BaseModel):
    model_config = STRICT
    version: Annotated[int, Field(ge=1)]
    codes: Annotated[tuple[RuleId, ...], Field(min_length=2)]
    urgency: Tier


class _SymptomsFile(BaseModel):
    model_config = STRICT
    version: Annotated[str, Field(min_length=1)]
    simplify: str = ""
    words: dict[RuleId, Words] = {}
    check: dict[RuleId, RuleId] = {}
    hides: dict[RuleId, tuple[RuleId, ...]] = {}
    together: dict[RuleId, _TogetherText] = {}
    code: Annotated[dict[RuleId, _CodeText], Field(min_length=1)]


def parse_symptom_words(text: str, file: str) -> SymptomWords:
    """Raises SymptomWordsError naming file, key and value of every fault found."""
    raw = read_file(_SymptomsFile, text, file, SymptomWordsError)
    making = compiler(raw.words, pairs(raw.simplify), single=True)
    rules = _rules(raw, making, file)
    together = tuple(
        Together(name, one.version, frozenset(one.codes), one.urgency) for name, one in raw.together.items()
    )
    named = [*raw.code, *raw.check, *raw.hides, *(code for codes in raw.hides.values() for code in codes)]
    named += [code for one in together for code in one.codes]
    making.faults.extend(f"{file}: {code!r} is no code of a symptom" for code in sorted({*named} - CODES))
    if making.faults:
        raise SymptomWordsError("\n".join(making.faults))
    hides = {code: frozenset(codes) for code, codes in raw.hides.items()}
    return SymptomWords(raw.version, rules, together, hides, raw.check)


def _rules(raw: _SymptomsFile, making: Compiler, file: str) -> tuple[WordRule, ...]:
    rules: dict[str, WordRule] = {}
    for code, about in raw.code.items():
        for tier in TIERS:
            for rule_id, text in getattr(about, tier).items():
                where = f"{file}: code.{code}.{tier}.{rule_id}"
                if rule_id in rules:
                    making.faults.append(f"{where}: the id {rule_id!r} stands twice")
                rules[rule_id] = making.rule(rule_id, text, tier, where, (code,))
    return tuple(rules.values())
