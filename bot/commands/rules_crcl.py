"""`suiyao rules crcl`: creatinine clearance and its band, row by row."""

from __future__ import annotations

import click

from bot.commands import rules_cells as cell
from bot.commands.rules_table import Cells, answer_rows
from bot.commands.shipped_file import shipped_text

NEEDS = ("sex", "age_years", "weight_kg", "scr_value", "scr_unit")
SEXES = {
    "female": ("female", "f", "woman", "女", "女性"),
    "male": ("male", "m", "man", "男", "男性"),
}


@click.command(short_help="Creatinine clearance (Cockcroft-Gault) with its band.")
@click.argument("file")
def crcl(file: str) -> None:
    """Columns sex, age_years, weight_kg, scr_value, scr_unit -> crcl_ml_min, band, borderline.

    \b
    formula     (140 - age) x kg / (72 x creatinine in mg/dL), x 0.85 for women; 1 mg/dL = 88.4 umol/L
    crcl_ml_min two decimals, half up; thresholds are compared before rounding
    band        >=60, 50-59 (from 50 to just below 60), 30-49 (from 30 to just below 50), <30
    borderline  true within 1 mL/min of 60, 50 or 30, on either side
    scr_unit    umol/L or mg/dL

    Sent back as an error: creatinine below 20 or above 2000 umol/L, an age outside 18-110, a weight outside
    25-250 kg. Actual body weight; no answer is advice on a dose.
    """
    from bot.symptoms.clearance import clearance
    from bot.symptoms.lab_rules import parse_laboratory
    from bot.symptoms.labs import convert

    creatinine = parse_laboratory(shipped_text("rules/labs.toml"), "labs.toml").tests["creatinine"]

    def answer(cells: Cells) -> Cells:
        sex = _sex(cell.word(cells, "sex"))
        age, weight = cell.number(cells, "age_years"), cell.number(cells, "weight_kg")
        value = cell.number(cells, "scr_value")
        umol = convert(creatinine, value, cell.given(cells, "scr_unit"), "scr_value")
        found = clearance(sex, age, weight, umol)
        return {
            "crcl_ml_min": found.printed,
            "band": found.band,
            "borderline": "true" if found.borderline else "false",
        }

    answer_rows(file, NEEDS, ("crcl_ml_min", "band", "borderline"), answer)


def _sex(text: str) -> str:
    for sex, words in SEXES.items():
        if text in words:
            return sex
    raise ValueError(f"sex {cell.shown(text)} is neither female nor male")
