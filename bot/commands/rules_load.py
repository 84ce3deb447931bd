"""`suiyao rules load`: how many alerts the rules of a study would make, at the committed rates of symptoms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from schedules.check_rules import SymptomRules


@click.command(short_help="Alerts per patient-week at committed rates of symptoms.")
@click.option("--study", "study_name", metavar="ID|FILE", default="nct04217967", show_default=True)
@click.option("--people", type=click.IntRange(1, 100_000), default=200, show_default=True)
@click.option("--weeks", type=click.IntRange(1, 520), default=48, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
def load(study_name: str, people: int, weeks: int, seed: int) -> None:
    """Play weekly checks of invented people through the rules and count alerts, with and without held-back repeats.

    Rates and their source: bot/rehearsal/rates.toml. Everybody answers every week and staff handle everything within it.
    Published: trials of weekly reports alerted on 12 to 37 of 100 patient-weeks (STAR 13, a myeloma ward 12, PRO-TECT 37).
    """
    from bot.commands.rules_show import shown
    from bot.rehearsal.alert_load import Load, load_of

    printer, named = shown(study_name)
    rules = printer.rules
    settings = rules.study.symptom_rules
    always = settings.repeats.model_copy(update={"urgent_days": 0, "routine_days": 0})
    told = settings.model_copy(update={"repeats": always})

    def counted(chosen: SymptomRules) -> Load:
        return load_of(rules.check, rules.grading, rules.triage, chosen, people, weeks, seed)

    with_windows, without = counted(settings), counted(told)
    click.echo(named)
    click.echo(f"{with_windows.weeks} patient-weeks of {people} invented people, seed {seed}")
    for name, one in (("as the study has it", with_windows), ("without held-back repeats", without)):
        per = 100 / one.weeks
        tiers = ", ".join(
            f"{tier} {one.tiers[tier] * per:.1f}" for tier in ("emergency", "urgent", "routine")
        )
        held = ", ".join(f"{tier} {one.held_back[tier] * per:.1f}" for tier in ("urgent", "routine"))
        click.echo(
            f"{name}: {one.loud_weeks * per:.1f} of 100 patient-weeks with an emergency or urgent alert"
        )
        click.echo(f"  per 100 patient-weeks: {tiers}; held back: {held}")
    click.echo("most often, per 100 patient-weeks:")
    for rule, count in with_windows.rules.most_common(10):
        click.echo(f"  {rule:32} {count * 100 / with_windows.weeks:.2f}")
