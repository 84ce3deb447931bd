"""What is wrong between questionnaire, grading and triage, found by trying every answer of every symptom.

A worse answer never gives a lower grade or urgency, and every rule decides somewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from math import prod

from bot.symptoms.condition import ANY, Condition, Test, symptoms_of, terms_of
from bot.symptoms.grading import Grading, grades
from bot.symptoms.questionnaire import COLDEST, HOTTEST, NO, YES, Questionnaire, Reply
from bot.symptoms.triage import URGENCIES, Triage, TriageRule, triage, urgency

Answers = dict[str, Reply]
MOST_TRIED = 5000
BEFORE = (None, 0, 1, 2, 3)  # the grade of the check before, of every term


def rule_faults(check: Questionnaire, grading: Grading, rules: Triage) -> list[str]:
    """One line for each fault, with the ids concerned; empty when the three fit together."""
    named = [*_unknown_in_grading(check, grading), *_unknown_in_triage(check, grading, rules)]
    if named:
        return named  # the rest would only repeat them
    world = {name: _all_answers(check, name, _numbers(grading, rules)) for name in check.symptoms}
    found = [*_grading_faults(check, grading, world), *_triage_faults(check, grading, rules, world)]
    return list(dict.fromkeys(found))


def _unknown_in_grading(check: Questionnaire, grading: Grading) -> Iterator[str]:
    for term in grading.terms:
        if term.symptom not in check.symptoms:
            yield f"grading: terms.{term.id}: there is no symptom {term.symptom!r}"
        for rule in term.rules:
            yield from (f"grading: {rule.id}: {one}" for one in _unknown(check, grading, rule.when))


def _unknown_in_triage(check: Questionnaire, grading: Grading, rules: Triage) -> Iterator[str]:
    for rule in rules.rules:
        yield from (f"triage: {rule.id}: {one}" for one in _unknown(check, grading, rule.when))


def _unknown(check: Questionnaire, grading: Grading, when: tuple[Condition, ...]) -> Iterator[str]:
    for test in (test for line in when for test in line):
        if test.subject != "answer":
            if test.key != ANY and test.key not in grading.symptom_of:
                yield f"there is no term {test.key!r}"
        elif test.key in check.symptoms:
            yield from (f"{test.key}: {one!r} is yes or no" for one in test.wanted if one not in (YES, NO))
        elif test.key not in check.keys:
            yield f"there is no question {test.key!r}"
        else:
            yield from _unknown_answers(check, test)


def _unknown_answers(check: Questionnaire, test: Test) -> Iterator[str]:
    question = check.keys[test.key]
    for wanted in test.wanted:
        probe: Reply = test.number if test.number is not None and question.kind == "temperature" else wanted
        if check.clean({test.key.partition(".")[0]: YES, test.key: probe}).get(test.key) != probe:
            yield f"{test.key}: there is no answer {wanted!r}"
        elif test.sign != "=" and isinstance(probe, str) and check.rank(test.key, probe) is None:
            yield f"{test.key} {test.sign} {wanted}: the answers of this question have no order"


def _numbers(grading: Grading, rules: Triage) -> dict[str, set[float]]:
    """Every number that a rule names, by question, with its neighbours."""
    found: dict[str, set[float]] = {}
    conditions: list[Condition] = [
        line for term in grading.terms for rule in term.rules for line in rule.when
    ]
    conditions += [line for rule in rules.rules for line in rule.when]
    for test in (test for line in conditions for test in line):
        if test.subject == "answer" and test.number is not None:
            near = (round(test.number + step, 1) for step in (-0.1, 0, 0.1))
            found.setdefault(test.key, set()).update(one for one in near if COLDEST <= one <= HOTTEST)
    return found


def _all_answers(check: Questionnaire, name: str, numbers: Mapping[str, set[float]]) -> list[Answers]:
    """Every way to answer about one symptom, follow-ups left out included."""
    keys = [key for key in check.keys if key.partition(".")[0] == name]
    choices: list[list[Reply | None]] = []
    for key in keys:
        question = check.keys[key]
        named: list[Reply | None] = [None, *(one.id for one in question.answers)]
        if question.kind == "temperature":
            named += sorted(numbers.get(key, set()) | {COLDEST, HOTTEST})
        choices.append(named)
    ticked = (
        {name: YES, **{key: one for key, one in zip(keys, given, strict=True) if one is not None}}
        for given in product(*choices)
    )
    return [{name: NO}, *ticked]


def _steps(check: Questionnaire, world: list[Answers]) -> list[tuple[int, int]]:
    """Pairs of places in the list: the same answers, with exactly one of them worse in the second."""
    return [
        (number, then)
        for number, answers in enumerate(world)
        for then, other in enumerate(world)
        if other.keys() >= answers.keys() and _one_step(check, answers, other)
    ]


def _one_step(check: Questionnaire, old: Answers, new: Answers) -> bool:
    name = next(iter(old))
    changed = [key for key in new if new[key] != old.get(key)]
    if old[name] != new[name]:
        return old[name] == NO  # from "not ticked" to ticked, whatever follows
    if len(changed) != 1 or changed[0] not in old:
        return False
    was, now = old[changed[0]], new[changed[0]]
    if isinstance(was, float) and isinstance(now, float):
        return now > was
    ranks = check.rank(changed[0], was), check.rank(changed[0], now)
    return ranks[0] is not None and ranks[1] is not None and ranks[1] > ranks[0]


def _grading_faults(
    check: Questionnaire, grading: Grading, world: Mapping[str, list[Answers]]
) -> Iterator[str]:
    decided: set[str] = set()
    for term in grading.terms:
        tried = world[term.symptom]
        found = [{one.term: one for one in grades(grading, check, one)}.get(term.id) for one in tried]
        decided |= {one.basis.partition("@")[0] for one in found if one is not None}
        for number, then in _steps(check, tried):
            mild, worse = found[number], found[then]
            if mild is not None and worse is not None and worse.grade < mild.grade:
                told = f"{tried[then]} gives {worse.grade} by {worse.basis}"
                yield f"grading: {told}, less than {tried[number]} by {mild.basis}"
    rules = [rule.id for term in grading.terms for rule in term.rules]
    yield from (f"grading: {rule}: no answer is decided by it" for rule in rules if rule not in decided)


def _triage_faults(
    check: Questionnaire, grading: Grading, rules: Triage, world: Mapping[str, list[Answers]]
) -> Iterator[str]:
    decided: set[str] = set()
    for group in _groups(check, grading, rules):
        tried = _tried(group, world)
        steps = _steps(check, tried) if len(group) == 1 else []
        for before in BEFORE:
            graded = {term.id: before for term in grading.terms if before is not None}
            for answers in tried:
                hits = triage(rules, grading, check, answers, graded)
                decided |= {hit.rule.partition("@")[0] for hit in hits if hit.urgency == urgency(hits)}
            yield from _falls(check, grading, rules, tried, steps, graded)
    yield from (
        f"triage: {rule.id}: no answer is decided by it" for rule in rules.rules if rule.id not in decided
    )


def _falls(
    check: Questionnaire,
    grading: Grading,
    rules: Triage,
    tried: list[Answers],
    steps: list[tuple[int, int]],
    before: Mapping[str, int],
) -> Iterator[str]:
    levels = [URGENCIES.index(urgency(triage(rules, grading, check, one, before))) for one in tried]
    for number, then in steps:
        if levels[then] > levels[number]:
            told = f"{tried[then]} is {URGENCIES[levels[then]]}, less than {tried[number]}"
            yield f"triage: {told} ({URGENCIES[levels[number]]})"


def _groups(check: Questionnaire, grading: Grading, rules: Triage) -> list[tuple[str, ...]]:
    """The symptoms that rules look at together; each symptom by itself, too."""
    found = {(name,) for name in check.symptoms}
    return sorted(found | {_looked_at(grading, rule) for rule in rules.rules if _together(rule)})


def _together(rule: TriageRule) -> bool:
    return any(len(symptoms_of((line,)) | terms_of((line,))) > 1 for line in rule.when)


def _looked_at(grading: Grading, rule: TriageRule) -> tuple[str, ...]:
    terms = (grading.symptom_of[term] for term in terms_of(rule.when) if term != ANY)
    return tuple(sorted(symptoms_of(rule.when) | set(terms)))


def _tried(group: tuple[str, ...], world: Mapping[str, list[Answers]]) -> list[Answers]:
    """All answers of these symptoms together; where that is too many, each of one with the others not ticked."""
    if prod(len(world[name]) for name in group) <= MOST_TRIED:
        return [_joined(parts) for parts in product(*(world[name] for name in group))]
    calm: Answers = dict.fromkeys(group, NO)
    return [calm | answers for name in group for answers in world[name]]


def _joined(parts: Iterable[Answers]) -> Answers:
    joined: Answers = {}
    for part in parts:
        joined |= part
    return joined
