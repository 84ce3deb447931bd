"""From coded answers to provisional grades, by rules that stand in a file with their CTCAE version and source.

A grade made here is for staff only and is never an adverse event: a clinician alone writes one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml
from bot.symptoms.condition import Condition, Facts, met, parse_condition
from bot.symptoms.questionnaire import Questionnaire, Reply

_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@dataclass(frozen=True, slots=True)
class Grade:
    """`basis`: rule id@version. `raw`: every answer about the symptom, as it was given."""

    term: str
    name: str
    grade: int
    ctcae_version: str
    basis: str
    raw: Mapping[str, Reply]


@dataclass(frozen=True, slots=True)
class GradeRule:
    id: str
    version: int
    grade: int
    when: tuple[Condition, ...]
    source: str
    study: str = ""  # the study whose file changed it

    @property
    def edition(self) -> str:
        """id@version, or id@study-version."""
        return f"{self.id}@{self.study}-{self.version}" if self.study else f"{self.id}@{self.version}"


@dataclass(frozen=True, slots=True)
class Term:
    """A CTCAE term (`name`, its code in the terminology's workbook) and the symptom whose answers define it."""

    id: str
    name: str
    code: str
    symptom: str
    ctcae: str
    label: str
    rules: tuple[GradeRule, ...]


@dataclass(frozen=True, slots=True)
class Grading:
    version: str
    terms: tuple[Term, ...]
    symptom_of: Mapping[str, str] = field(init=False, compare=False)  # of `terms`, by their ids

    def __post_init__(self) -> None:
        object.__setattr__(self, "symptom_of", {term.id: term.symptom for term in self.terms})

    @property
    def by_name(self) -> dict[str, str]:
        """Term ids by the name under which grades are remembered."""
        return {term.name: term.id for term in self.terms}

    def text_ids(self) -> frozenset[str]:
        return frozenset(term.label for term in self.terms)


def grades(grading: Grading, check: Questionnaire, answers: Mapping[str, object]) -> tuple[Grade, ...]:
    """The worst grade of each term whose answers allow one. Answers of any shape; never raises."""
    known = check.clean(answers)
    found = (_grade(term, Facts(check, known)) for term in grading.terms)
    return tuple(grade for grade in found if grade is not None)


def _grade(term: Term, facts: Facts) -> Grade | None:
    rules = [rule for rule in term.rules if met(rule.when, facts)]
    if not rules:
        return None
    worst = max(rules, key=lambda rule: rule.grade)
    raw = {key: one for key, one in facts.answers.items() if key.partition(".")[0] == term.symptom}
    return Grade(term.id, term.name, worst.grade, term.ctcae, worst.edition, raw)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _RuleRow(_Row):
    id: _Id
    version: Annotated[int, Field(ge=1)] = 1
    grade: Annotated[int, Field(ge=0, le=4)]
    when: Annotated[tuple[str, ...], Field(min_length=1)]
    source: Annotated[str, Field(min_length=5)]


class _TermRow(_Row):
    name: Annotated[str, Field(min_length=3)]
    code: Annotated[str, Field(pattern=r"^[0-9]{8}$")]
    symptom: _Id
    ctcae: Annotated[str, Field(pattern=r"^[0-9]\.[0-9]{1,2}$")]
    label: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$")]
    rules: Annotated[tuple[_RuleRow, ...], Field(min_length=1)]


class _File(_Row):
    version: Annotated[str, Field(min_length=1)]
    terms: Annotated[dict[_Id, _TermRow], Field(min_length=1)]


def parse_grading(text: str, name: str) -> Grading:
    """Raises ScriptError with one line for each fault. What needs the questionnaire: rule_faults."""
    try:
        file = _File.model_validate(_spelled_out(read_toml(text, name)))
    except ValidationError as error:
        raise faults_of(error, name) from error
    faults = [f"{name}: {fault}" for fault in _faults(file)]
    if faults:
        raise ScriptError(faults)
    return Grading(file.version, tuple(_term(term, row) for term, row in file.terms.items()))


def _spelled_out(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What the file may leave out: a term's symptom, label and version, a rule's id, and the row for "not ticked"."""
    found = dict(raw)
    ctcae, terms = found.pop("ctcae", None), found.get("terms")
    if isinstance(terms, dict):
        found["terms"] = {name: _term_row(name, row, ctcae) for name, row in terms.items()}
    return found


def _term_row(name: str, raw: Any, ctcae: Any) -> Any:
    if not isinstance(raw, dict) or not isinstance(raw.get("rules"), list):
        return raw
    row = {"symptom": name, "ctcae": ctcae, "label": f"term.{name}", **raw}
    rules = [
        {"id": f"{name}_{one.get('grade')}", **one} if isinstance(one, dict) else one for one in row["rules"]
    ]
    if not any(isinstance(one, dict) and one.get("grade") == 0 for one in rules):
        rules.insert(
            0, {"id": f"{name}_0", "grade": 0, "when": [f"{row['symptom']} = no"], "source": "not ticked"}
        )
    return {**row, "rules": rules}


def _faults(file: _File) -> Iterator[str]:
    ids = [rule.id for row in file.terms.values() for rule in row.rules]
    yield from (f"terms: the rule id {one!r} stands twice" for one in sorted(set(ids)) if ids.count(one) > 1)
    for term, row in file.terms.items():
        for rule in row.rules:
            for line in rule.when:
                try:
                    tests = parse_condition(line)
                except ValueError as problem:
                    yield f"terms.{term}.{rule.id}.when: {problem}"
                    continue
                if any(one.subject != "answer" or one.key.partition(".")[0] != row.symptom for one in tests):
                    yield f"terms.{term}.{rule.id}.when: {line!r} is not about {row.symptom} alone"


def _term(term: str, row: _TermRow) -> Term:
    rules = tuple(
        GradeRule(one.id, one.version, one.grade, tuple(map(parse_condition, one.when)), one.source)
        for one in row.rules
    )
    return Term(term, row.name, row.code, row.symptom, row.ctcae, row.label, rules)
