"""How many alerts the rules make of virtual people's weekly checks, at the committed rates: what a site's staff would get.

A count over invented people: it compares rules with one another and with published loads, and predicts nobody.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bot.symptoms.grading import Grading, grades
from bot.symptoms.questionnaire import NO, YES, Question, Questionnaire, Reply
from bot.symptoms.repeats import no_worse
from bot.symptoms.triage import URGENCIES, Hit, Triage, triage
from schedules.check_rules import SymptomRules

RATES = Path(__file__).with_name("rates.toml")
DEGREES = (37.4, 38.3, 39.1)
RARELY = (0.01, 0.05, 0.25)  # that a red flag which is asked about is there, from mild to severe


@dataclass(slots=True)
class Load:
    """Of `weeks` answered checks: alerts by tier and rule, checks with an alert that shouts, and what was held back."""

    weeks: int = 0
    loud_weeks: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    held_back: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Illness:
    symptom: str
    weekly: float
    growth: float
    weeks: int
    severity: tuple[int, ...]


def illnesses() -> tuple[Illness, ...]:
    read = tomllib.loads(RATES.read_text(encoding="utf-8"))
    return tuple(
        Illness(name, one["weekly"], one.get("growth", 0.0), one["weeks"], tuple(one["severity"]))
        for name, one in {**read["toxicity"], **read["elsewhere"]}.items()
    )


@dataclass(slots=True)
class _Person:
    ill: dict[str, tuple[int, int]] = field(default_factory=dict)  # weeks left, how bad
    earlier: dict[str, tuple[int, ...]] = field(default_factory=dict)
    handled: dict[str, tuple[int, Mapping[str, Reply]]] = field(
        default_factory=dict
    )  # finding -> week, answers


def load_of(
    check: Questionnaire,
    grading: Grading,
    rules: Triage,
    study: SymptomRules,
    people: int,
    weeks: int,
    seed: int,
) -> Load:
    """Everybody answers every week, on both drugs, and staff handle what they are told within the week."""
    chance, load, known = Random(seed), Load(), illnesses()  # noqa: S311 - invented people
    for _ in range(people):
        person = _Person()
        for week in range(weeks):
            _age(person, known, week, chance)
            answers = _answers(check, person, chance)
            hits = triage(rules, grading, check, answers, person.earlier)
            _count(load, person, check, study, week, answers, hits)
            for one in grades(grading, check, answers):
                person.earlier[one.term] = (one.grade, *person.earlier.get(one.term, ()))
    return load


def _age(person: _Person, known: tuple[Illness, ...], week: int, chance: Random) -> None:
    person.ill = {name: (left - 1, bad) for name, (left, bad) in person.ill.items() if left > 1}
    for one in known:
        if one.symptom not in person.ill and chance.random() < one.weekly + one.growth * (week // 4):
            bad = chance.choices(range(len(one.severity)), one.severity)[0]
            person.ill[one.symptom] = (chance.randrange(1, one.weeks + 1), bad)


def _answers(check: Questionnaire, person: _Person, chance: Random) -> dict[str, Reply]:
    said: dict[str, Reply] = {name: YES if name in person.ill else NO for name in check.symptoms}
    for key, question in check.keys.items():
        name = key.partition(".")[0]
        if name in person.ill:
            said[key] = _answer(question, person.ill[name][1], chance)
    return said


def _answer(question: Question, bad: int, chance: Random) -> Reply:
    ids = [one.id for one in question.answers]
    if question.kind == "temperature":
        return DEGREES[bad]
    if not question.ordered:
        return chance.choice(ids)
    if len(ids) == 2 or ids[0] == "none":
        return ids[-1] if chance.random() < RARELY[bad] else ids[0]
    return ids[min(bad, len(ids) - 1)]


def _count(
    load: Load,
    person: _Person,
    check: Questionnaire,
    study: SymptomRules,
    week: int,
    answers: Mapping[str, Reply],
    hits: tuple[Hit, ...],
) -> None:
    """Of one symptom the first and what is worse, as the services do it; the same and no worse is held back."""
    told: dict[str, int] = {}
    loud = False
    windows = {"urgent": study.repeats.urgent_days, "routine": study.repeats.routine_days}
    for hit in hits:
        rank = URGENCIES.index(hit.urgency)
        if hit.urgency == "none" or all(rank >= told.get(one, 9) for one in hit.symptoms):
            continue
        before = person.handled.get(hit.key)
        lately = before is not None and (week - before[0]) * 7 <= windows.get(hit.urgency, 0)
        if hit.held_back and before and lately and no_worse(check, hit.symptoms, answers, before[1]):
            load.held_back[hit.urgency] += 1
        elif hit.urgency == "routine" and told:
            continue
        else:
            load.tiers[hit.urgency] += 1
            load.rules[hit.rule] += hit.urgency != "routine"
            loud = loud or hit.urgency != "routine"
            person.handled[hit.key] = (week, answers)
        told |= {one: min(rank, told.get(one, 9)) for one in hit.symptoms}
    load.weeks += 1
    load.loud_weeks += loud
