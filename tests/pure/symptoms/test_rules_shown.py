"""The rules as tables for a clinician, what a study may change of them, and what is refused with both places named."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app.checking import study_faults
from bot.app.sources import STUDIES
from bot.commands.rules_show import shown
from bot.dialogue.faults import ScriptError
from bot.reports.rule_pages import markdown, page
from bot.symptoms.overrides import applied
from bot.symptoms.triage import triage, urgency
from schedules.study import Study, StudyError, parse_study
from tests.pure.symptoms.shipped import GRADING, TRIAGE, WEEKLY

ROOT = Path(__file__).parents[3]
STUDY = (STUDIES / "nct04217967.toml").read_text(encoding="utf-8")
BASE = "nct04217967"


def changed(lines: str) -> Study:
    return parse_study(f"{STUDY}\n{lines}\n", "changed.toml")


def test_the_document_is_what_the_rules_say_today() -> None:
    """`suiyao rules show > docs/rules.md` makes it anew."""
    printer, named = shown(BASE)
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == markdown(printer, named)


def test_every_rule_is_shown_with_its_version_source_and_both_texts() -> None:
    printer, named = shown(BASE)
    text = markdown(printer, named)
    for rule in TRIAGE.rules:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{rule.edition}` |"))
        assert rule.source.replace("|", "\\|") in row
        for language in ("zh_Hans_CN", "en"):
            assert printer.wording.texts[language][rule.staff] in row
        assert not rule.patient or f"`{rule.patient}`" in row
    for term in GRADING.terms:
        assert all(f"`{rule.edition}`" in text for rule in term.rules)
    for label in printer.rules.label.rows:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{label.id}@{label.version}` |"))
        assert all(printer.wording.texts[one][label.text] in row for one in ("zh_Hans_CN", "en"))
    for words in (*printer.rules.danger.rules, *printer.rules.symptoms.rules):
        assert f"| `{words.id}@{words.version}` |" in text
    for question in WEEKLY.keys:
        assert f"`{question}`" in text


def test_the_page_carries_no_markup_of_a_rule() -> None:
    printer, _ = shown(BASE)
    text = page(printer, "<b>named</b>")
    assert "&lt;b&gt;named&lt;/b&gt;" in text
    assert "<code>fever_armpit@1</code>" in text
    assert "&lt; 25" in text, "a sign of a rule is not taken for markup"


def test_a_study_changes_a_threshold_and_the_rule_says_so() -> None:
    study = changed(
        '[symptom_rules.triage.fever_38]\nversion = 1\nwhen = ["fever.temperature >= 37.5"]\nsource = "the site decided"'
    )
    assert study_faults(study) == []
    _, rules = applied(study.id, study.symptom_rules, GRADING, TRIAGE)
    said = {"fever": "yes", "fever.temperature": 37.5, "fever.site": "mouth", "fever.shivering": "no"}
    hits = triage(rules, GRADING, WEEKLY, said, {})
    assert urgency(hits) == "urgent"
    assert hits[0].rule == "fever_38@nct04217967-1"
    assert rules.rule("fever_armpit").edition == "fever_armpit@1", "what was not changed keeps its name"


def test_a_rule_is_switched_off_and_another_becomes_urgent() -> None:
    study = changed(
        '[symptom_rules.triage.worse_twice]\nversion = 1\noff = true\nsource = "too many calls"\n'
        '[symptom_rules.triage.above_baseline]\nversion = 1\nurgency = "urgent"\nsource = "wanted at once"'
    )
    assert study_faults(study) == []
    _, rules = applied(study.id, study.symptom_rules, GRADING, TRIAGE)
    assert "worse_twice" not in {rule.id for rule in rules.rules}
    assert (rules.rule("above_baseline").urgency, rules.rule("above_baseline").patient) == (
        "urgent",
        "symptom.urgent",
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            '[symptom_rules.triage.fever_39]\nversion = 1\nwhen = ["fever.temperature >= 39.0"]\nsource = "a rule"',
            ["nct04217967.toml: symptom_rules.triage.fever_39: there is no such rule in triage.toml"],
        ),
        (
            '[symptom_rules.triage.fever_38]\nversion = 1\nwhen = ["fever.heat >= 38"]\nsource = "a rule"',
            ["nct04217967.toml over weekly.toml", "fever_38: there is no question 'fever.heat'"],
        ),
        (
            '[symptom_rules.triage.fever_38]\nversion = 1\nwhen = ["fever >> 38"]\nsource = "a rule"',
            ["symptom_rules.triage.fever_38.when: cannot read 'fever >> 38'"],
        ),
        (
            '[symptom_rules.triage.rash_wide]\nversion = 1\nwhen = ["rash.body = 10_30"]\nsource = "overlapping"',
            ["less than", "rash_wide@nct04217967-1", "present@1"],
        ),
        (
            '[symptom_rules.grading.diarrhea_2]\nversion = 1\nwhen = ["diarrhea.stools >= 7_more"]\nsource = "moved up"',
            ["diarrhea_2: no answer is decided by it"],
        ),
    ],
)
def test_what_contradicts_is_refused_with_both_places(lines: str, said: list[str]) -> None:
    study = changed(lines)
    faults = "\n".join(study_faults(study))
    assert all(part in faults for part in said), faults


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[symptom_rules.triage.fever_38]\nversion = 1\nsource = "nothing said"', "fever_38: changes nothing"),
        ('[symptom_rules.triage.fever_38]\nversion = 1\noff = true\nurgency = "routine"\nsource = "at once"', "switched off"),
        ("[symptom_rules.triage.fever_38]\nversion = 1\noff = true", "symptom_rules.triage.fever_38.source"),
    ],
)  # fmt: skip
def test_a_change_without_sense_or_source_is_refused_by_the_study_itself(lines: str, said: str) -> None:
    with pytest.raises(StudyError, match=said.replace(".", r"\.")):
        changed(lines)


def test_clocks_run_in_order() -> None:
    with pytest.raises(StudyError, match="what is more urgent must not have more hours"):
        parse_study(STUDY.replace("urgent_hours = 24", "urgent_hours = 200"), "changed.toml")


def test_an_unreadable_change_never_runs() -> None:
    study = changed('[symptom_rules.triage.gout]\nversion = 1\nwhen = ["gout = yes"]\nsource = "a rule"')
    with pytest.raises(ScriptError):
        applied(study.id, study.symptom_rules, GRADING, TRIAGE)
