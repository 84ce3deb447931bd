"""How soon somebody must look at a check: rules that stand in a file with their texts and source; the worst wins.

No rule says what is wrong with a person, and none says that nothing is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml
from bot.symptoms.condition import (
    ANY,
    CHANGES,
    Condition,
    Facts,
    met,
    parse_condition,
    symptoms_of,
    terms_of,
    tests_of,
)
from bot.symptoms.grading import Grading, grades
from bot.symptoms.questionnaire import Questionnaire

Urgency = Literal["emergency", "urgent", "routine", "none"]
URGENCIES: tuple[Urgency, ...] = ("emergency", "urgent", "routine", "none")  # the most urgent first
SPOKEN: tuple[Urgency, ...] = ("emergency", "urgent")  # the patient is told, staff at once

_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
_TextId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]


@dataclass(frozen=True, slots=True)
class TriageRule:
    """`patient`: the fixed text, for emergency and urgent. `staff`: what staff read about it.

    `seen_before`: a drug and hours: somebody looks so long before its next dose. `always`: never held back as handled.
    """

    id: str
    version: int
    urgency: Urgency
    when: tuple[Condition, ...]
    patient: str
    staff: str
    source: str
    seen_before: tuple[str, int] | None = None
    always: bool = False
    study: str = ""  # the study whose file changed it
    terms: frozenset[str] = field(init=False)  # of `when`
    symptoms: frozenset[str] = field(init=False)
    edition: str = field(init=False)  # what an alert carries: id@version, or id@study-version
    # Whether a repeat of what was handled may be held back. What must not wait, and what has changed, never.
    held_back: bool = field(init=False)

    def __post_init__(self) -> None:
        """Worked out once: rules are asked at every answer."""
        changed = any(test.subject in CHANGES for test in tests_of(self.when))
        worked_out = {
            "terms": terms_of(self.when),
            "symptoms": symptoms_of(self.when),
            "edition": f"{self.id}@{self.study}-{self.version}"
            if self.study
            else f"{self.id}@{self.version}",
            "held_back": self.urgency != "emergency" and not changed and not self.always,
        }
        for name, value in worked_out.items():
            object.__setattr__(self, name, value)


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
    seen_before: tuple[str, int] | None = None
    held_back: bool = False


NOT_SAID = "known"  # stands for the symptom where a rule looks at nothing that the person said


def triage(
    rules: Triage,
    grading: Grading,
    check: Questionnaire,
    answers: Mapping[str, object],
    earlier: Mapping[str, Sequence[int]],
    known: Mapping[str, float | str] | None = None,
) -> tuple[Hit, ...]:
    """Every rule that is met, the most urgent first. `earlier`: grades of the checks before by term id, newest first.

    `known`: what staff have entered, as in `Facts`. Answers of any shape; never raises.
    """
    said = check.clean(answers)
    found = {one.term: one.grade for one in grades(grading, check, said)}
    return rules_met(rules, grading, Facts(check, said, found, earlier, known or {}))


def rules_met(rules: Triage, grading: Grading, facts: Facts) -> tuple[Hit, ...]:
    """The same of answers that were cleaned and graded before."""
    hits = [hit for rule in rules.rules for hit in _hits(rule, grading, facts)]
    return tuple(sorted(hits, key=lambda hit: URGENCIES.index(hit.urgency)))


def urgency(hits: tuple[Hit, ...]) -> Urgency:
    """The worst of them; none when no rule is met."""
    return hits[0].urgency if hits else "none"


def _hits(rule: TriageRule, grading: Grading, facts: Facts) -> Iterator[Hit]:
    if ANY in rule.terms:
        for term, symptom in grading.symptom_of.items():
            if met(rule.when, facts, term):
                yield _hit(rule, f"{rule.id}:{term}", (symptom,))
    elif ANY in rule.symptoms:
        for name in facts.check.symptoms:
            if met(rule.when, facts, name):
                yield _hit(rule, f"{rule.id}:{name}", (name,))
    elif met(rule.when, facts):
        about = rule.symptoms | {grading.symptom_of[one] for one in rule.terms if one in grading.symptom_of}
        yield _hit(rule, rule.id, tuple(sorted(about)) or (NOT_SAID,))


def _hit(rule: TriageRule, key: str, symptoms: tuple[str, ...]) -> Hit:
    return Hit(
        key, rule.edition, rule.urgency, rule.patient, rule.staff, symptoms, rule.seen_before, rule.held_back
    )


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _SeenBefore(_Row):
    drug: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    hours: Annotated[int, Field(ge=1, le=168)]


class _RuleRow(_Row):
    id: _Id
    version: Annotated[int, Field(ge=1)] = 1
    urgency: Urgency
    when: Annotated[tuple[str, ...], Field(min_length=1)]
    patient: Annotated[str, Field(pattern=r"^([a-z0-9_]+(\.[a-z0-9_]+)+)?$")] = ""
    staff: _TextId
    source: Annotated[str, Field(min_length=5)]
    seen_before: _SeenBefore | None = None
    repeats: Literal["windowed", "always"] = "windowed"
    silent: bool = False


class _File(_Row):
    version: Annotated[str, Field(min_length=1)]
    rules: Annotated[tuple[_RuleRow, ...], Field(min_length=1)]


def parse_triage(text: str, name: str) -> Triage:
    """Raises ScriptError with one line for each fault. What needs the other files: rule_faults."""
    try:
        file = _File.model_validate(_spelled_out(read_toml(text, name)))
    except ValidationError as error:
        raise faults_of(error, name) from error
    faults = [f"{name}: {fault}" for fault in _faults(file)]
    if faults:
        raise ScriptError(faults)
    return Triage(file.version, tuple(map(_rule, file.rules)))


def _rule(row: _RuleRow) -> TriageRule:
    return TriageRule(
        row.id,
        row.version,
        row.urgency,
        tuple(map(parse_condition, row.when)),
        row.patient,
        row.staff,
        row.source,
        (row.seen_before.drug, row.seen_before.hours) if row.seen_before else None,
        row.repeats == "always",
    )


def _spelled_out(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Rules under their urgency and id become a list; the texts that follow from them are named."""
    rules = raw.get("rules")
    if not isinstance(rules, dict):
        return dict(raw)
    rows = [
        _named(one, rule_id, row)
        for one, group in rules.items()
        for rule_id, row in (group.items() if isinstance(group, dict) else ())
    ]
    return {**raw, "rules": rows}


def _named(urgency: str, rule_id: str, row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    spoken = urgency in SPOKEN and not row.get("silent")
    patient = {"patient": f"symptom.{urgency}"} if spoken else {}
    return {"id": rule_id, "urgency": urgency, "staff": f"rule.{rule_id}", **patient, **row}


def _faults(file: _File) -> Iterator[str]:
    ids = [row.id for row in file.rules]
    yield from (f"rules: {one!r} stands twice" for one in sorted(set(ids)) if ids.count(one) > 1)
    for row in file.rules:
        if bool(row.patient) != (row.urgency in SPOKEN and not row.silent):
            yield f"rules.{row.id}.patient: exactly the rules of {' and '.join(SPOKEN)} have a patient text"
        for line in row.when:
            try:
                parse_condition(line)
            except ValueError as problem:
                yield f"rules.{row.id}.when: {problem}"
