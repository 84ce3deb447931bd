"""`suiyao rules labs`: the CTCAE grade of laboratory values, row by row."""

from __future__ import annotations

import click

from bot.commands import rules_cells as cell
from bot.commands.rules_table import Cells, answer_rows
from bot.commands.shipped_file import shipped_text


@click.command(short_help="CTCAE grades of laboratory values.")
@click.argument("file")
def labs(file: str) -> None:
    """Columns test, value, unit, lln, uln, baseline -> term, grade, ctcae_version.

    \b
    test      platelets, ANC, WBC, lymphocytes, hemoglobin, ALT, AST, bilirubin, creatinine; other names and
              Chinese ones too (PLT, 血小板, 中性粒细胞, 血红蛋白, 谷丙转氨酶, 总胆红素, 肌酐)
    unit      x10^9/L, 10^3/uL, /mm3; g/L, g/dL; U/L; umol/L, mg/dL
    lln, uln, baseline   in the row's own unit; empty where unknown

    Bounds are half-open and read from the worst grade on: platelets of 50 are grade 2, of 49.9 grade 3. Grade 0
    is no grade. ALT, AST and bilirubin count in times baseline when the baseline was above uln; creatinine counts
    by both. Without a baseline it counts as normal. A limit that is missing and could make the grade worse is an
    error, as is a value that cannot be true.
    """
    from bot.symptoms.lab_rules import parse_laboratory
    from bot.symptoms.labs import Limits, convert, grade

    laboratory = parse_laboratory(shipped_text("rules/labs.toml"), "labs.toml")

    def answer(cells: Cells) -> Cells:
        test = laboratory.test(cell.word(cells, "test"))
        unit = cell.given(cells, "unit")
        value = convert(test, cell.number(cells, "value"), unit)
        given = {name: cell.optional_number(cells, name) for name in ("lln", "uln", "baseline")}
        known = {name: convert(test, one, unit, name) for name, one in given.items() if one is not None}
        found = grade(laboratory, test, value, Limits(**known))
        return {"term": found.term, "grade": str(found.grade), "ctcae_version": found.ctcae_version}

    answer_rows(file, ("test", "value", "unit"), ("term", "grade", "ctcae_version"), answer)
