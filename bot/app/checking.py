"""Everything that can be checked without a database: studies, scripts, rules, and whether each text they name exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.app.sources import shipped
from bot.reports.rule_examples import shipped_examples
from bot.services.book import PARSERS
from bot.symptoms.examples import grading_faults, triage_faults
from bot.symptoms.grading import Grading
from bot.symptoms.overrides import applied
from bot.symptoms.questionnaire import Questionnaire
from bot.symptoms.rule_faults import rule_faults
from bot.symptoms.triage import Triage
from bot.wording import LOCALES, check_catalogues, load_wording
from schedules.study import Study


def faults() -> list[str]:
    """One line for each fault, beginning with the file; empty when everything is in order."""
    found: list[str] = []
    used: set[str] = set()
    families: set[tuple[str, str]] = set()
    known: dict[str, list[Any]] = {}
    for path, source in shipped():
        try:
            parsed = PARSERS[source.kind](source.body, path.name)
        except ValueError as problem:
            found += str(problem).splitlines()
            continue
        if source.kind in ("script", "study", "questionnaire", "grading", "triage", "labs", "label"):
            used |= set(parsed.text_ids())
        known.setdefault(source.kind, []).append(parsed)
        if source.kind == "script":
            families |= {(path.name, family) for family in parsed.text_families()}
    found += _between(known)
    found += check_catalogues(LOCALES)
    if not found:
        for language, texts in load_wording(LOCALES).texts.items():
            found += [f"{language}: no text {text_id!r}" for text_id in sorted(used - set(texts))]
            found += [
                f"{file}: {language} has no text that begins with {family!r}"
                for file, family in sorted(families)
                if not any(text_id.startswith(family) for text_id in texts)
            ]
    return found


def _between(known: dict[str, list[Any]]) -> list[str]:
    """Questionnaires against the rules and words that lead to them, studies against the laboratory tests that they name."""
    tests = {test for laboratory in known.get("labs", ()) for test in laboratory.tests}
    found = [
        f"{study.id}.toml: cycle_gate.rules.{rule.id}.test = {rule.test!r}: not among the tests of labs.toml"
        for study in known.get("study", ())
        for rule in (study.cycle_gate.rules if study.cycle_gate else ())
        if rule.test is not None and rule.test not in tests
    ]
    found += [
        f"symptoms.toml: check.{code} = {name!r}: {check.name}.toml has no such symptom"
        for check in known.get("questionnaire", ())
        for words in known.get("symptoms", ())
        for code, name in words.check.items()
        if name not in check.symptoms
    ]
    return (
        found
        + [
            f"{check.name}.toml with {fault}"
            for check in known.get("questionnaire", ())
            for grading in known.get("grading", ())
            for rules in known.get("triage", ())
            for fault in _rules(check, grading, rules)
        ]
        + [fault for study in known.get("study", ()) for fault in study_faults(study, known)]
    )


def study_faults(study: Study, known: Mapping[str, Sequence[Any]] | None = None) -> list[str]:
    """What is wrong with the rules as a study changes them: both files are named. `known`: the shipped definitions."""
    found = known or _shipped_rules()
    if not (study.symptom_rules.grading or study.symptom_rules.triage):
        return []
    (shipped_grading,), (shipped_triage,) = found["grading"], found["triage"]
    try:
        grading, rules = applied(study.id, study.symptom_rules, shipped_grading, shipped_triage)
    except ValueError as problem:
        return str(problem).splitlines()
    name = study.symptom_check.questionnaire if study.symptom_check else "weekly"
    return [
        f"{study.id}.toml over {check.name}.toml, grading.toml and triage.toml: {fault}"
        for check in found["questionnaire"]
        if check.name == name
        for fault in rule_faults(check, grading, rules)
    ]


def _shipped_rules() -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for path, source in shipped():
        if source.kind in ("questionnaire", "grading", "triage"):
            found.setdefault(source.kind, []).append(PARSERS[source.kind](source.body, path.name))
    return found


def _rules(check: Questionnaire, grading: Grading, rules: Triage) -> list[str]:
    """The rules against the questions, and against the rows that specify them."""
    graded, told = shipped_examples()
    return [
        *rule_faults(check, grading, rules),
        *grading_faults(grading, check, graded),
        *triage_faults(rules, grading, check, told),
    ]
