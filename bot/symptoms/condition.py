"""The small language in which rules say when they are met; a clinician can read it aloud.

    diarrhea.stools >= 4_6        an answer at least this bad, by the order of the question's answers
    fever.temperature >= 38.0     a number; fever.site = armpit | forehead: one of these answers
    grade rash >= 2               the provisional grade of a term; `any` is every term in turn
    worse any >= 2                by how much it is worse than at the check before
    above any >= 2                by how much it is worse than at the person's first check
    rising any >= 2               how many checks in a row it has been worse than at the one before
    any = yes                     some symptom was ticked, each in turn; every = no: none of them was
    known platelets < 50          what staff have entered, not what the person said; false where nothing is known
    A & B                         both; of several lines any one is enough

Reads answers only. What a rule leads to stands beside it, in its own file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from bot.symptoms.questionnaire import Questionnaire, Reply

Subject = Literal["answer", "grade", "worse", "above", "rising", "known"]
OF_TERMS = ("grade", "worse", "above", "rising")
CHANGES = ("worse", "above", "rising")  # compared with other checks
ANY, EVERY = "any", "every"
KNOWN = {
    "platelets": "number",  # x10^9/L
    "neutrophils": "number",  # x10^9/L
    "clearance": "number",  # mL/min
    "clearance_band": "word",  # fell, rose: against the creatinine before; left out where it stayed
    "aspirin": "word",  # yes
}
_TEST = re.compile(
    r"(?:(grade|worse|above|rising|known) +)?([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?) *(>=|>|=|<) *([a-z0-9_.| ]+)"
)


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. `wanted` are answer ids, or one number as it was written."""

    subject: Subject
    key: str
    sign: str
    wanted: tuple[str, ...]
    number: float | None = field(init=False, compare=False)  # of the first that is wanted, if it is one

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", _number(self.wanted[0]))  # worked out once, as it is asked often


def _number(wanted: str) -> float | None:
    try:
        return float(wanted) if "_" not in wanted else None
    except ValueError:
        return None


Condition = tuple[Test, ...]  # all of them


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known when rules are asked. `earlier`: grades of the checks before by term, the newest first.

    `known`: laboratory values and medicines besides, entered by staff; a value that is too old is left out.
    """

    check: Questionnaire
    answers: Mapping[str, Reply]
    grades: Mapping[str, int] = field(default_factory=dict)
    earlier: Mapping[str, Sequence[int]] = field(default_factory=dict)
    known: Mapping[str, float | str] = field(default_factory=dict)


def parse_condition(text: str) -> Condition:
    """Raises ValueError that quotes what cannot be read."""
    return tuple(_test(part.strip()) for part in text.split("&"))


def _test(text: str) -> Test:
    found = _TEST.fullmatch(text)
    if found is None:
        raise ValueError(f"cannot read {text!r}")
    wanted = tuple(one.strip() for one in found[4].split("|"))
    subject: Subject = found[1] or "answer"  # type: ignore[assignment]  # one of the words of the pattern
    test = Test(subject, found[2], found[3], wanted)
    if "" in wanted or (len(wanted) > 1 and test.sign != "="):
        raise ValueError(f"cannot read {text!r}: one value, or answers with | between them")
    if subject in OF_TERMS and (test.number is None or "." in test.key or test.sign != ">="):
        raise ValueError(f"cannot read {text!r}: a grade is compared by >= with a number")
    if subject == "known" and test.key not in KNOWN:
        raise ValueError(f"cannot read {text!r}: staff enter {', '.join(KNOWN)}")
    if test.sign == "<" and (subject != "known" or test.number is None):
        raise ValueError(f"cannot read {text!r}: < compares a known number")
    return test


def met(when: tuple[Condition, ...], facts: Facts, one: str = "") -> bool:
    """Whether any line holds. `one` stands for `any`: a term, or a symptom."""
    for line in when:  # plain loops: nothing else is asked as often
        for test in line:
            if not _holds(test, facts, one):
                break
        else:
            return True
    return False


def _holds(test: Test, facts: Facts, one: str) -> bool:
    if test.subject == "answer":
        return _answered(test, facts, one)
    if test.subject == "known":
        return _compared(facts.known.get(test.key), test)
    name, needed = one if test.key == ANY else test.key, test.number
    grade = facts.grades.get(name)
    if grade is None or needed is None:
        return False
    earlier = facts.earlier.get(name, ())
    match test.subject:
        case "grade":
            return grade >= needed
        case "worse":
            return bool(earlier) and grade - earlier[0] >= needed
        case "above":
            return bool(earlier) and grade - earlier[-1] >= needed
        case _:
            return rising((grade, *earlier)) >= needed


def rising(newest_first: Sequence[int]) -> int:
    """How many checks in a row, up to the newest, were worse than the one before."""
    count = 0
    for now, before in pairwise(newest_first):
        if now <= before:
            break
        count += 1
    return count


def _answered(test: Test, facts: Facts, one: str) -> bool:
    if test.key == EVERY:
        return all(facts.answers.get(name) in test.wanted for name in facts.check.symptoms)
    given = facts.answers.get(one if test.key == ANY else test.key)
    if given is None:
        return False
    if isinstance(given, float) or test.sign == "=":
        return _compared(given, test)
    rank, least = facts.check.rank(test.key, given), facts.check.rank(test.key, test.wanted[0])
    if rank is None or least is None:
        return False
    return rank > least if test.sign == ">" else rank >= least


def _compared(given: Reply | None, test: Test) -> bool:
    if given is None or isinstance(given, str):
        return test.sign == "=" and given in test.wanted
    needed = test.number
    if needed is None:
        return False
    match test.sign:
        case ">":
            return given > needed
        case ">=":
            return given >= needed
        case "<":
            return given < needed
        case _:
            return given == needed


def symptoms_of(when: tuple[Condition, ...]) -> frozenset[str]:
    """The symptoms whose answers are named, apart from grades; ANY where it is each of them."""
    return frozenset(
        test.key.partition(".")[0]
        for line in when
        for test in line
        if test.subject == "answer" and test.key != EVERY
    )


def terms_of(when: tuple[Condition, ...]) -> frozenset[str]:
    """The terms whose grades are named; ANY where it is every one of them."""
    return frozenset(test.key for line in when for test in line if test.subject in OF_TERMS)


def tests_of(when: tuple[Condition, ...]) -> tuple[Test, ...]:
    return tuple(test for line in when for test in line)
