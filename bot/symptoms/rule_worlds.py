"""Every way to answer that a rule could tell apart: of one symptom all of them, of several together what one rule looks at.

Also which answer is worse than which. It judges nothing; rule_faults does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from bot.symptoms.condition import ANY, EVERY, KNOWN, OF_TERMS, Condition, Test
from bot.symptoms.grading import Grading
from bot.symptoms.questionnaire import COLDEST, HOTTEST, NO, OUTSIDE_ORDER, YES, Questionnaire, Reply
from bot.symptoms.triage import Triage, TriageRule

Answers = dict[str, Reply]
Key = frozenset[tuple[str, Reply]]
# Grades of the checks before, the newest first, the same for every term.
EARLIER: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (3,), (1, 0), (2, 1), (2, 0))
NEVER: tuple[tuple[int, ...], ...] = ((),)


@dataclass(frozen=True, slots=True)
class World:
    """A small part of the check with the rules about it, and every way to answer it."""

    check: Questionnaire
    grading: Grading
    rules: Triage
    answers: tuple[Answers, ...]
    known: tuple[Mapping[str, float | str], ...] = ({},)
    earlier: tuple[tuple[int, ...], ...] = NEVER


def worlds(check: Questionnaire, grading: Grading, rules: Triage) -> Iterator[World]:
    """One for each symptom by itself, and one for each line of a rule that looks at several."""
    tests = [test for term in grading.terms for rule in term.rules for line in rule.when for test in line]
    tests += [test for rule in rules.rules for line in rule.when for test in line]
    for name in check.symptoms:
        keys = [key for key in check.keys if key.partition(".")[0] == name]
        yield replace(_world(check, grading, rules, {name: keys}, tests), earlier=EARLIER)
    for line in (line for rule in rules.rules for line in rule.when):
        looked_at = _looked_at(grading, line)
        if len(looked_at) != 1 or any(test.subject == "known" for test in line):
            world = _world(check, grading, rules, looked_at, tests)
            yield replace(world, known=_known(world.rules.rules, tests))


def _looked_at(grading: Grading, line: Condition) -> dict[str, list[str]]:
    """The questions that one line depends on, by symptom."""
    found: dict[str, list[str]] = {}
    terms = {test.key for test in line if test.subject in OF_TERMS}
    graded = (rule for term in grading.terms if term.id in terms for rule in term.rules)
    for test in (*line, *(test for rule in graded for other in rule.when for test in other)):
        name, _, question = test.key.partition(".")
        if test.subject == "answer" and name not in (ANY, EVERY):
            keys = found.setdefault(name, [])
            keys += [test.key] if question and test.key not in keys else []
    return found


def _world(
    check: Questionnaire, grading: Grading, rules: Triage, keys: Mapping[str, list[str]], tests: list[Test]
) -> World:
    names = tuple(keys)
    part = check.model_copy(
        update={"symptoms": {name: check.symptoms[name] for name in names}, "screens": (names,)}
    )
    part.__dict__.pop("keys", None)  # worked out once for the whole
    terms = tuple(term for term in grading.terms if term.symptom in names)
    mine = tuple(part for rule in rules.rules for part in _within(grading, rule, {*names, ANY}))
    ways = [_ways(check, name, keys[name], tests) for name in names]
    answers = tuple(_joined(parts) for parts in product(*ways))
    return World(part, Grading(grading.version, terms), Triage(rules.version, mine), answers)


def _within(grading: Grading, rule: TriageRule, names: set[str]) -> Iterator[TriageRule]:
    """The rule with those of its lines that look at nothing but these symptoms."""
    lines = tuple(line for line in rule.when if _about(grading, line) <= names)
    if lines:
        yield replace(rule, when=lines)


def _about(grading: Grading, line: Condition) -> set[str]:
    named = {test.key.partition(".")[0] for test in line if test.subject == "answer"}
    terms = {test.key for test in line if test.subject in OF_TERMS}
    return named | {grading.symptom_of.get(term, ANY) for term in terms}


def _known(rules: tuple[TriageRule, ...], tests: Iterable[Test]) -> tuple[Mapping[str, float | str], ...]:
    """Nothing known, and for each line everything that it tells apart.

    What no line looks at together need not be tried together: a value that is not known meets no rule, so the fewer there
    are, the sooner a worse answer would be seen to fall.
    """
    wanted = [test for test in tests if test.subject == "known"]
    found: dict[frozenset[tuple[str, float | str]], Mapping[str, float | str]] = {frozenset(): {}}
    for line in (line for rule in rules for line in rule.when):
        keys = sorted({test.key for test in line if test.subject == "known"})
        for chosen in product(*(_values(key, wanted) for key in keys)):
            values = dict(one for one in chosen if one is not None)
            found[frozenset(values.items())] = values
    return tuple(found.values())


def _values(key: str, wanted: Iterable[Test]) -> list[tuple[str, float | str] | None]:
    """Unknown, and a value on either side of every limit, or each word, that some rule names."""
    mine = [test for test in wanted if test.key == key]
    if KNOWN[key] == "number":
        limits = {test.number for test in mine if test.number is not None}
        return [None, *((key, limit + step) for limit in sorted(limits) for step in (-0.1, 0))]
    return [None, *((key, word) for test in mine for word in test.wanted)]


def _ways(check: Questionnaire, name: str, keys: list[str], tests: Iterable[Test]) -> list[Answers]:
    """Not ticked, and ticked with every combination of answers to these questions, left out included."""
    choices: list[list[Reply | None]] = []
    for key in keys:
        question = check.keys[key]
        said: list[Reply | None] = [None, *(one.id for one in question.answers)]
        said += sorted(
            {one for test in tests if test.key == key for one in test.wanted if one in OUTSIDE_ORDER}
        )
        if question.kind == "temperature":
            said += sorted(_degrees(key, tests) | {COLDEST, HOTTEST})
        choices.append(said)
    ticked = (
        {name: YES, **{key: one for key, one in zip(keys, given, strict=True) if one is not None}}
        for given in product(*choices)
    )
    return [{name: NO}, *ticked]


def _degrees(key: str, tests: Iterable[Test]) -> set[float]:
    """Every number that a rule names, with its neighbours."""
    limits = (test.number for test in tests if test.key == key and test.number is not None)
    near = {round(limit + step, 1) for limit in limits for step in (-0.1, 0, 0.1)}
    return {one for one in near if COLDEST <= one <= HOTTEST}


def steps(world: World) -> Iterator[tuple[Answers, Answers]]:
    """Pairs: the same answers, with exactly one of them worse in the second."""
    known = {frozenset(one.items()): one for one in world.answers}
    for answers in world.answers:
        for changed in _worse(world, answers):
            other = known.get(frozenset(changed.items()))
            if other is not None:
                yield answers, other


def _worse(world: World, answers: Answers) -> Iterator[Answers]:
    for key, said in answers.items():
        if said == NO and key in world.check.symptoms:
            # From "not ticked" to ticked, whatever follows.
            for other in world.answers:
                if other[key] == YES and all(
                    other.get(one) == it for one, it in answers.items() if one != key
                ):
                    yield other
        elif isinstance(said, float):
            higher = {one[key] for one in world.answers if isinstance(one.get(key), float)}
            yield from ({**answers, key: one} for one in higher if isinstance(one, float) and one > said)
        else:
            rank, question = world.check.rank(key, said), world.check.keys.get(key)
            if rank is not None and question is not None:
                yield from ({**answers, key: one.id} for one in question.answers[rank + 1 :])


def _joined(parts: Iterable[Answers]) -> Answers:
    joined: Answers = {}
    for part in parts:
        joined |= part
    return joined
