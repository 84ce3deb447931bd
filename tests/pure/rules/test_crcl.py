"""Creatinine clearance: figures calculated by hand, both sides of each threshold, and what cannot be true."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.rules_crcl import crcl
from tests.pure.rules.table import run

HEADER = "sex,age_years,weight_kg,scr_value,scr_unit"

# sex, age, kg, creatinine, unit        mL/min   band     borderline
FIGURES = [
    ("male,70,60,88.4,umol/L", "58.33", "50-59", "false"),
    ("male,70,60,1,mg/dL", "58.33", "50-59", "false"),
    ("M,70,60,86,umol/L", "59.96", "50-59", "true"),  # 60.07 with 1.23, 59.70 with 0.818: one formula only
    ("F,80,48,60,µmol/L", "50.09", "50-59", "true"),  # 49.92 with 1.04
    ("女,66,58,80,μmol/L", "55.99", "50-59", "false"),
    ("female,78,50,130,umol/L", "24.89", "<30", "false"),
    ("男,68,65,64,umol/L", "89.78", ">=60", "false"),
    ("male,68,60,1,mg/dL", "60.00", ">=60", "true"),  # exactly 60 belongs above
    ("male,68,59.99,1,mg/dL", "59.99", "50-59", "true"),
    ("male,68,59.9999,1,mg/dL", "60.00", "50-59", "true"),  # compared before it is rounded
    ("male,68,61,1,mg/dL", "61.00", ">=60", "true"),
    ("male,68,61.01,1,mg/dL", "61.01", ">=60", "false"),
    ("male,68,58.99,1,mg/dL", "58.99", "50-59", "false"),
    ("male,68,50,1,mg/dL", "50.00", "50-59", "true"),
    ("male,68,49.99,1,mg/dL", "49.99", "30-49", "true"),
    ("male,68,30,1,mg/dL", "30.00", "30-49", "true"),
    ("male,68,29.99,1,mg/dL", "29.99", "<30", "true"),
    ("male,68,60,88.4,umol/L", "60.00", ">=60", "true"),  # 88.4 umol/L is 1 mg/dL without a remainder
]

WRONG = [
    ("x,70,60,88,umol/L", 'sex "x" is neither female nor male'),
    (",70,60,88,umol/L", "sex is empty"),
    ("male,17,60,88,umol/L", "age_years 17 is not plausible (18 to 110)"),
    ("male,140,60,88,umol/L", "age_years 140 is not plausible"),
    ("male,-70,60,88,umol/L", "age_years -70 is not plausible"),
    ("male,seventy,60,88,umol/L", 'age_years "seventy" is not a number'),
    ("male,70,0,88,umol/L", "weight_kg 0 is not plausible (25 to 250)"),
    ("male,70,600,88,umol/L", "weight_kg 600 is not plausible"),
    ("male,70,60,0,umol/L", "scr_value 0 umol/L is not plausible (20 to 2000 umol/L)"),
    ("male,70,60,1.0,umol/L", "scr_value 1 umol/L is not plausible (20 to 2000 umol/L); is it in mg/dl?"),
    ("male,70,60,19.99,umol/L", "scr_value 19.99 umol/L is not plausible"),
    ("male,70,60,2000.1,umol/L", "scr_value 2000.1 umol/L is not plausible"),
    ("male,70,60,88,mg/dL", "scr_value 88 mg/dL is not plausible (20 to 2000 umol/L); is it in umol/l?"),
    ("male,70,60,88,mmol/L", 'unit "mmol/L" is not one of umol/l, mcmol/l, mg/dl'),
    ("male,70,60,88,", "scr_unit is empty"),
    ('male,70,60,"1,0",mg/dL', 'scr_value "1,0" is not a number'),
    ("male,70,60,inf,mg/dL", 'scr_value "inf" is not a number'),
    ("male,70,60,1e9,mg/dL", "scr_value 1000000000 mg/dL is not plausible"),
]


@pytest.mark.parametrize(("row", "ml_min", "band", "borderline"), FIGURES)
def test_figure(row: str, ml_min: str, band: str, borderline: str) -> None:
    found = run(crcl, HEADER, row)
    [got] = found.rows
    assert (got["crcl_ml_min"], got["band"], got["borderline"], got["error"]) == (
        ml_min,
        band,
        borderline,
        "",
    )
    assert found.status == 0


@pytest.mark.parametrize(("row", "said"), WRONG)
def test_what_cannot_be_true_gets_no_figure(row: str, said: str) -> None:
    found = run(crcl, HEADER, row, "male,70,60,1,mg/dL")
    assert found.rows[0]["error"].startswith(said)
    assert [found.rows[0][name] for name in ("crcl_ml_min", "band", "borderline")] == ["", "", ""]
    assert (found.rows[1]["band"], found.status) == ("50-59", 1)


@given(st.integers(20, 2000), st.integers(20, 2000), st.sampled_from(["male", "female"]))
def test_more_creatinine_never_means_more_clearance(one: int, two: int, sex: str) -> None:
    rows = [f"{sex},70,60,{value},umol/L" for value in sorted((one, two))]
    milder, worse = run(crcl, HEADER, *rows).rows
    assert float(milder["crcl_ml_min"]) >= float(worse["crcl_ml_min"])
