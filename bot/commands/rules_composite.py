"""`suiyao rules composite`: the PRO-CTCAE composite grade of scores, row by row."""

from __future__ import annotations

import click

from bot.commands import rules_cells as cell
from bot.commands.rules_table import Cells, answer_rows
from bot.commands.shipped_file import shipped_text

SCORES = ("frequency", "severity", "interference")


@click.command(short_help="PRO-CTCAE composite grades of scores.")
@click.argument("file")
def composite(file: str) -> None:
    """Columns structure, frequency, severity, interference -> composite_grade (0-3, or empty).

    \b
    structure  frequency+severity+interference, frequency+severity, frequency+interference,
               severity+interference, frequency, severity, interference_or_amount, presence
    scores     0-4 in the columns that the structure has; empty or NA where nobody answered

    A first score of 0 makes the composite 0, whatever follows. Otherwise a missing score leaves it empty, as
    does the structure presence, which has no composite. A column presence is not looked at.
    """
    from bot.symptoms.pro_ctcae import parse_instrument

    instrument = parse_instrument(shipped_text("instruments/pro_ctcae.toml"), "pro_ctcae.toml")

    def answer(cells: Cells) -> Cells:
        structure = cell.word(cells, "structure").replace(" ", "")
        scores = {name: None if cell.is_missing(cells, name) else cell.count(cells, name) for name in SCORES}
        grade = instrument.composite(structure, scores)
        return {"composite_grade": "" if grade is None else str(grade)}

    answer_rows(file, ("structure", *SCORES), ("composite_grade",), answer)
