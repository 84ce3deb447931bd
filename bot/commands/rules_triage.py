"""`suiyao rules triage`: what a person wrote in his own words, as codes of symptoms and an urgency, row by row."""

from __future__ import annotations

from pathlib import Path

import click

from bot.commands.rules_table import Cells, answer_rows

RULES = Path(__file__).resolve().parents[1] / "symptoms" / "rules"
NEEDS = ("phrase",)


@click.command(short_help="Words of a person: symptoms and urgency.")
@click.argument("file")
def triage(file: str) -> None:
    """Column phrase -> codes (comma separated, in order of the alphabet, or none) and urgency.

    FILE is separated by tabs, and so is what comes out; quotation marks are characters like others. Urgency is
    emergency, urgent, routine or none: that of what the words state. What is denied, over, long past, supposed,
    asked or about somebody else counts as nothing here; in a conversation danger words of that kind are asked back.
    A grade is never given.
    """
    from bot.symptoms.danger import parse_danger
    from bot.symptoms.freetext import lexicon, read
    from bot.symptoms.symptom_words import parse_symptom_words

    danger, symptoms = (
        (RULES / name).read_text(encoding="utf-8") for name in ("danger.toml", "symptoms.toml")
    )
    words = lexicon(parse_danger(danger, "danger.toml"), parse_symptom_words(symptoms, "symptoms.toml"))

    def answer(cells: Cells) -> Cells:
        if not cells["phrase"].strip():
            raise ValueError("phrase is empty")
        heard = read(cells["phrase"], words)
        return {"codes": ",".join(heard.codes) or "none", "urgency": heard.urgency}

    answer_rows(file, NEEDS, ("codes", "urgency"), answer, delimiter="\t", quoted=False)
