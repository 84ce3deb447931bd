"""The rules as one study reads them: the shipped ones, with what its file changes. Each changed rule names the study.

It only puts together. Whether the result fits together is found by rule_faults, and what is switched off is listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bot.dialogue.faults import ScriptError
from bot.symptoms.condition import Condition, parse_condition
from bot.symptoms.grading import GradeRule, Grading
from bot.symptoms.triage import SPOKEN, Triage, TriageRule
from schedules.check_rules import SymptomRules, TriageChange


def applied(study: str, rules: SymptomRules, grading: Grading, triage: Triage) -> tuple[Grading, Triage]:
    """Raises ScriptError with one line for each change that cannot be made."""
    faults = list(_faults(study, rules, grading, triage))
    if faults:
        raise ScriptError(faults)
    if not rules.grading and not rules.triage:
        return grading, triage
    terms = tuple(
        replace(term, rules=tuple(_graded(study, rules, rule) for rule in term.rules))
        for term in grading.terms
    )
    told = tuple(
        changed
        for rule in triage.rules
        if (changed := _told(study, rule, rules.triage.get(rule.id))) is not None
    )
    return Grading(grading.version, terms), Triage(triage.version, told)


def _graded(study: str, rules: SymptomRules, rule: GradeRule) -> GradeRule:
    change = rules.grading.get(rule.id)
    if change is None:
        return rule
    return replace(rule, version=change.version, when=_lines(change.when), source=change.source, study=study)


def _told(study: str, rule: TriageRule, change: TriageChange | None) -> TriageRule | None:
    if change is None:
        return rule
    if change.off:
        return None
    urgency = change.urgency or rule.urgency
    patient = rule.patient if urgency == rule.urgency else (f"symptom.{urgency}" if urgency in SPOKEN else "")
    return replace(
        rule,
        version=change.version,
        when=_lines(change.when) if change.when else rule.when,
        urgency=urgency,
        patient=patient,
        source=change.source,
        study=study,
    )


def _lines(when: tuple[str, ...]) -> tuple[Condition, ...]:
    return tuple(map(parse_condition, when))


def _faults(study: str, rules: SymptomRules, grading: Grading, triage: Triage) -> Iterator[str]:
    known = {
        "grading": {rule.id for term in grading.terms for rule in term.rules},
        "triage": {rule.id for rule in triage.rules},
    }
    for kind, changes in (("grading", rules.grading), ("triage", rules.triage)):
        for name, change in changes.items():
            where = f"{study}.toml: symptom_rules.{kind}.{name}"
            if name not in known[kind]:
                yield f"{where}: there is no such rule in {kind}.toml"
            for line in change.when or ():
                try:
                    parse_condition(line)
                except ValueError as problem:
                    yield f"{where}.when: {problem}"
