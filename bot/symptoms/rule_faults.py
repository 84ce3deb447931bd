"""What is wrong between questionnaire, grading and triage, found by trying every answer of every symptom.

A worse answer never gives a lower grade or urgency, and every rule decides somewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.symptoms.condition import ANY, EVERY, OF_TERMS, Condition, Facts, Test
from bot.symptoms.grading import Grade, Grading, grades
from bot.symptoms.questionnaire import NO, YES, Questionnaire, Reply
from bot.symptoms.rule_worlds import Answers, World, steps, worlds
from bot.symptoms.triage import URGENCIES, Hit, Triage, rules_met, urgency


def rule_faults(check: Questionnaire, grading: Grading, rules: Triage) -> list[str]:
    """One line for each fault, with the ids concerned; empty when the three fit together."""
    named = [*_unknown_in_grading(check, grading), *_unknown_in_triage(check, grading, rules)]
    if named:
        return named  # the rest would only repeat them
    all_worlds = tuple(worlds(check, grading, rules))
    found = [*_grading_faults(grading, all_worlds), *_triage_faults(check, rules, all_worlds)]
    return [fault for fault in dict.fromkeys(found) if fault]


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
        if test.subject == "known":
            continue
        if test.subject in OF_TERMS:
            if test.key != ANY and test.key not in grading.symptom_of:
                yield f"there is no term {test.key!r}"
        elif test.key in (ANY, EVERY) or test.key in check.symptoms:
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


def _grading_faults(grading: Grading, all_worlds: Sequence[World]) -> Iterator[str]:
    decided: set[str] = set()
    for world in all_worlds:
        found = {frozenset(one.items()): _by_term(world, one) for one in world.answers}
        decided |= {one.basis.partition("@")[0] for graded in found.values() for one in graded.values()}
        for answers, other in steps(world):
            worse = found[frozenset(other.items())]
            for term, mild in found[frozenset(answers.items())].items():
                if term in worse and worse[term].grade < mild.grade:
                    told = f"{other} gives {worse[term].grade} by {worse[term].basis}"
                    yield f"grading: {told}, less than {answers} by {mild.basis}"
    rules = [rule.id for term in grading.terms for rule in term.rules]
    yield from (f"grading: {rule}: no answer is decided by it" for rule in rules if rule not in decided)


def _by_term(world: World, answers: Answers) -> dict[str, Grade]:
    return {one.term: one for one in grades(world.grading, world.check, answers)}


def _triage_faults(check: Questionnaire, rules: Triage, all_worlds: Sequence[World]) -> Iterator[str]:
    decided: set[str] = set()
    for world in all_worlds:
        worse = [(frozenset(one.items()), frozenset(other.items())) for one, other in steps(world)]
        said = {frozenset(one.items()): _said(world, one) for one in world.answers}
        for known in world.known:
            for earlier in world.earlier:
                before = {term.id: earlier for term in world.grading.terms if earlier}
                found = {
                    key: rules_met(world.rules, world.grading, replace(facts, earlier=before, known=known))
                    for key, facts in said.items()
                }
                decided |= {rule.partition("@")[0] for hits in found.values() for rule in _deciding(hits)}
                yield from (_fall(found[one], found[other], one, other) for one, other in worse)
    decided |= {rule.id for rule in rules.rules if _calm(check, rule.when)}
    yield from (
        f"triage: {rule.id}: no answer is decided by it" for rule in rules.rules if rule.id not in decided
    )


def _said(world: World, answers: Answers) -> Facts:
    said = world.check.clean(answers)
    found = {one.term: one.grade for one in grades(world.grading, world.check, said)}
    return Facts(world.check, said, found, {}, {})


def _deciding(hits: tuple[Hit, ...]) -> Iterator[str]:
    """id@version of the rules that make the urgency."""
    return (hit.rule for hit in hits if hit.urgency == urgency(hits))


def _calm(check: Questionnaire, when: tuple[Condition, ...]) -> bool:
    """A rule about a check in which nothing was ticked is met by exactly that."""
    return any(len(line) == 1 and line[0].key == EVERY and NO in line[0].wanted for line in when)


def _fall(
    hits: tuple[Hit, ...],
    then: tuple[Hit, ...],
    answers: frozenset[tuple[str, Reply]],
    other: frozenset[tuple[str, Reply]],
) -> str:
    was, now = urgency(hits), urgency(then)
    if URGENCIES.index(now) <= URGENCIES.index(was):
        return ""
    by, less = ", ".join(sorted(_deciding(hits))), ", ".join(sorted(_deciding(then))) or "no rule"
    return (
        f"triage: {dict(sorted(other))} is {now} by {less}, less than {dict(sorted(answers))} ({was} by {by})"
    )
