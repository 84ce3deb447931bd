"""`suiyao rules show`: every rule of a study as tables in both languages, for a clinician to read, change and sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bot.commands.study_file import read_study, stop

if TYPE_CHECKING:
    from bot.reports.rule_tables import Printer


@click.command(short_help="All rules of a study as tables in both languages.")
@click.option("--study", "study_name", metavar="ID|FILE", default="nct04217967", show_default=True)
@click.option("--format", "form", type=click.Choice(["md", "html"]), default="md", show_default=True)
def show(study_name: str, form: str) -> None:
    """Print questions, urgency, grades, examples, late doses, conditions of a cycle, laboratory grades, label rows,
    danger words, and what other words lead to.

    What a study's file changes is shown as it changes it, under a version that names the study. docs/rules.md is what
    this prints for the shipped study.
    """
    from bot.reports.rule_pages import markdown, page

    printer, named = shown(study_name)
    click.echo(markdown(printer, named) if form == "md" else page(printer, named), nl=False)


def shown(study_name: str) -> tuple[Printer, str]:
    """The tables of a study with the definitions that come with this version, and the line that names them."""
    from bot.app.sources import shipped
    from bot.dialogue.faults import ScriptError
    from bot.reports.rule_examples import shipped_examples
    from bot.reports.rule_tables import Printer, Rules
    from bot.services.book import PARSERS
    from bot.symptoms.overrides import applied
    from bot.wording import LOCALES, load_wording

    study = read_study(study_name)
    questionnaire = study.symptom_check.questionnaire if study.symptom_check else "weekly"
    wanted = ("grading", "triage", "labs", "danger", "symptoms", "label")
    found = {
        source.kind: PARSERS[source.kind](source.body, path.name)
        for path, source in shipped()
        if (source.kind in wanted and source.kind == source.name)
        or (source.kind, source.name) == ("questionnaire", questionnaire)
    }
    if "questionnaire" not in found:
        stop(f'symptom_check.questionnaire = "{questionnaire}": there is no such questionnaire')
    try:
        grading, triage = applied(study.id, study.symptom_rules, found["grading"], found["triage"])
    except ScriptError as problem:
        stop(str(problem))
    graded, told = shipped_examples()
    rules = Rules(
        study,
        found["questionnaire"],
        grading,
        triage,
        found["labs"],
        found["danger"],
        found["symptoms"],
        found["label"],
        graded,
        told,
    )
    named = (
        f"{study.id} {study.version} · {rules.check.name} {rules.check.version} · grading {grading.version}"
        f" · triage {triage.version} · labs {rules.labs.version} · danger {rules.danger.version}"
        f" · symptoms {rules.symptoms.version} · label {rules.label.version}"
    )
    return Printer(load_wording(LOCALES), rules), named
