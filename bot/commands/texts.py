"""The texts that patients read, to be reviewed outside the program."""

from __future__ import annotations

from typing import Any

import click


@click.group()
def texts() -> None:
    """Texts that patients read."""


@texts.command()
@click.option("--bom", is_flag=True, help="A mark in front, for spreadsheets of old PCs.")
def export(bom: bool) -> None:
    """Print every text that a patient or family can read as CSV: id, edition, Chinese, English, values, where it is used.

    The edition is a hash of id and both languages: it changes whenever a letter does. For an ethics committee.
    """
    from bot.reports.patient_texts import patient_texts, table
    from bot.wording import LOCALES

    click.echo(table(patient_texts(LOCALES, places()), bom=bom), nl=False)


def places() -> dict[str, frozenset[str]]:
    """Where texts are named: every shipped definition, by kind and name."""
    from bot.app.sources import shipped
    from bot.services.book import PARSERS

    found: dict[str, frozenset[str]] = {}
    for path, source in shipped():
        if source.kind not in ("script", "study", "questionnaire", "triage"):
            continue
        parsed: Any = PARSERS[source.kind](source.body, path.name)
        families = parsed.text_families() if source.kind == "script" else ()
        found[f"{source.kind}:{source.name}"] = frozenset({*parsed.text_ids(), *families})
    return found
