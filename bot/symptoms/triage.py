"""How soon somebody must look at a check: rules that stand in a file with their texts and source; the worst wins.

No rule says what is wrong with a person, and none says that nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml
from bot.symptoms.condition import ANY, Condition, Facts, met, parse_condition, symptoms_of, terms_of
from bot.symptoms.grading import Grading, grades
from bot.symptoms.questionnaire import Questionnaire

Urgency = Literal["emergency", "urgent", "routine", "none"]
URGENCIES: tuple[Urgency, ...] = ("emergency", "urgent", "routine", "none")  # the most urgent first
SPOKEN: tuple[Urgency, ...] = ("emergency", "urgent")  # the patient is told, staff at once

_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
_TextId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]


@dataclass(frozen=True, slots=True)
class TriageRule:
    """`patient`: the fixed text, for emergency and urgent. `staff`: what staff read about it."""

    id: str
    version: int
    urgency: Urgency
    when: tuple[Condition, ...]
    patient: str
    staff: str
    source: str


@dataclass(frozen=True, slots=True)
class Triage:
    version: str
    rules: tuple[TriageRule, ...]

    def text_ids(self) -> frozenset[str]:
        return frozenset(text for rule in self.rules for text in (rule.patient, rule.staff) if text)

    def rule(self, rule_id: str) -> TriageRule:
        """Raises KeyError for an id of another version of the file."""
        return {rule.id: rule for rule in self.rules}[rule_id]


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that was met, and the symptoms that it was met by. `key` is one per rule and symptom of `any`."""

    key: str
    rule: str  # id@version
    urgency: Urgency
    patient: str
    staff: str
    symptoms: tuple[str, ...]


def triage(
    rules: Triage,
    grading: Grading,
    check: Questionnaire,
    answers: Mapping[str, object],
    before: Mapping[str, int],
) -> tuple[Hit, ...]:
    """Every rule that is met, the most urgent first. `before`: grades of the check before, by term id.

    Answers of any shape; never raises.
    """
    known = check.clean(answers)
    found = {one.term: one.grade for one in grades(grading, check, known)}
    facts = Facts(check, known, found, before)
    hits = [hit for rule in rules.rules for hit in _hits(rule, grading, facts)]
    return tuple(sorted(hits, key=lambda hit: URGENCIES.index(hit.urgency)))


def urgency(hits: tuple[Hit, ...]) -> Urgency:
    """The worst of them; none when no rule is met."""
    return hits[0].urgency if hits else "none"


def _hits(rule: TriageRule, grading: Grading, facts: Facts) -> Iterator[Hit]:
    named = terms_of(rule.when)
    if ANY not in named:
        if met(rule.when, facts):
            about = symptoms_of(rule.when) | {
                grading.symptom_of[one] for one in named if one in grading.symptom_of
            }
            yield _hit(rule, rule.id, tuple(sorted(about)))
        return
    for term, symptom in grading.symptom_of.items():
        if met(rule.when, facts, term):
            yield _hit(rule, f"{rule.id}:{term}", (symptom,))


def _hit(rule: TriageRule, key: str, symptoms: tuple[str, ...]) -> Hit:
    return Hit(key, f"{rule.id}@{rule.version}", rule.urgency, rule.patient, rule.staff, symptoms)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _RuleRow(_Row):
    id: _Id
    version: Annotated[int, Field(ge=1)]
    urgency: Urgency
    when: Annotated[tuple[str, ...], Field(min_length=1)]
    patient: Annotated[str, Field(pattern=r"^([a-z0-9_]+(\.[a-z0-9_]+)+)?$")] = ""
    staff: _TextId
    source: Annotated[str, Field(min_length=5)]


class _File(_Row):
    version: Annotated[str, Field(min_length=1)]
    rules: Annotated[tuple[_RuleRow, ...], Field(min_length=1)]


def parse_triage(text: str, name: str) -> Triage:
    """Raises ScriptError with one line for each fault. What needs the other files: rule_faults."""
    try:
        file = _File.model_validate(read_toml(text, name))
    except ValidationError as error:
        raise faults_of(error, name) from error
    faults = [f"{name}: {fault}" for fault in _faults(file)]
    if faults:
        raise ScriptError(faults)
    rules = (
        TriageRule(
            row.id,
            row.version,
            row.urgency,
            tuple(map(parse_condition, row.when)),
            row.patient,
            row.staff,
            row.source,
        )
        for row in file.rules
    )
    return Triage(file.version, tuple(rules))


def _faults(file: _File) -> Iterator[str]:
    ids = [row.id for row in file.rules]
    yield from (f"rules: {one!r} stands twice" for one in sorted(set(ids)) if ids.count(one) > 1)
    for row in file.rules:
        if bool(row.patient) != (row.urgency in SPOKEN):
            yield f"rules.{row.id}.patient: exactly the rules of {' and '.join(SPOKEN)} have a patient text"
        for line in row.when:
            try:
                parse_condition(line)
            except ValueError as problem:
                yield f"rules.{row.id}.when: {problem}"
