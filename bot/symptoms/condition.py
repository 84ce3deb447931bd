"""The small language in which rules say when they are met; a clinician can read it aloud.

    diarrhea.stools >= 4_6        an answer at least this bad, by the order of the question's answers
    fever.temperature >= 38.0     a number; fever.site = armpit | forehead: one of these answers
    grade rash >= 2               the provisional grade of a term; `any` is every term in turn
    worse any >= 2                by how much it is worse than at the check before
    A & B                         both; of several lines any one is enough

Reads answers only. What a rule leads to stands beside it, in its own file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bot.symptoms.questionnaire import Questionnaire, Reply

Subject = Literal["answer", "grade", "worse"]
ANY = "any"
_TEST = re.compile(r"(?:(grade|worse) +)?([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?) *(>=|>|=) *([a-z0-9_.| ]+)")


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `wanted` are answer ids, or one number as it was written."""

    subject: Subject
    key: str
    sign: str
    wanted: tuple[str, ...]

    @property
    def number(self) -> float | None:
        try:
            return float(self.wanted[0]) if "_" not in self.wanted[0] else None
        except ValueError:
            return None


Condition = tuple[Test, ...]  # all of them


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when rules are asked. `before`: grades of the check before, by term."""

    check: Questionnaire
    answers: Mapping[str, Reply]
    grades: Mapping[str, int] = field(default_factory=dict)
    before: Mapping[str, int] = field(default_factory=dict)


def parse_condition(text: str) -> Condition:
    """Raises ValueError that quotes what cannot be read."""
    return tuple(_test(part.strip()) for part in text.split("&"))


def _test(text: str) -> Test:
    found = _TEST.fullmatch(text)
    if found is None:
        raise ValueError(f"cannot read {text!r}")
    wanted = tuple(one.strip() for one in found[4].split("|"))
    subject: Subject = "answer" if not found[1] else ("grade" if found[1] == "grade" else "worse")
    test = Test(subject, found[2], found[3], wanted)
    if "" in wanted or (len(wanted) > 1 and test.sign != "="):
        raise ValueError(f"cannot read {text!r}: one value, or answers with | between them")
    if subject != "answer" and (test.number is None or "." in test.key or test.sign != ">="):
        raise ValueError(f"cannot read {text!r}: a grade is compared by >= with a number")
    return test


def met(when: tuple[Condition, ...], facts: Facts, term: str = "") -> bool:
    """Whether any line holds. `term` stands for `any`."""
    return any(all(_holds(test, facts, term) for test in line) for line in when)


def _holds(test: Test, facts: Facts, term: str) -> bool:
    if test.subject == "answer":
        return _answered(test, facts)
    name = term if test.key == ANY else test.key
    grade, needed = facts.grades.get(name), test.number
    if grade is None or needed is None:
        return False
    if test.subject == "grade":
        return grade >= needed
    return name in facts.before and grade - facts.before[name] >= needed


def _answered(test: Test, facts: Facts) -> bool:
    given = facts.answers.get(test.key)
    if given is None:
        return False
    if isinstance(given, float):
        needed = test.number
        if needed is None:
            return False
        return (
            given > needed if test.sign == ">" else given >= needed if test.sign == ">=" else given == needed
        )
    if test.sign == "=":
        return given in test.wanted
    rank, least = facts.check.rank(test.key, given), facts.check.rank(test.key, test.wanted[0])
    if rank is None or least is None:
        return False
    return rank > least if test.sign == ">" else rank >= least


def symptoms_of(when: tuple[Condition, ...]) -> frozenset[str]:
    """The symptoms whose answers are named, apart from grades."""
    return frozenset(test.key.partition(".")[0] for line in when for test in line if test.subject == "answer")


def terms_of(when: tuple[Condition, ...]) -> frozenset[str]:
    """The terms whose grades are named; ANY where it is every one of them."""
    return frozenset(test.key for line in when for test in line if test.subject != "answer")
