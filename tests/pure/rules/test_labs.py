"""CTCAE grades of laboratory values at every bound, in every unit, with a baseline; and values that cannot be true."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.rules_labs import labs
from bot.commands.shipped_file import shipped_text
from bot.dialogue.faults import ScriptError
from bot.symptoms.lab_rules import parse_laboratory
from bot.symptoms.labs import Limits, grade
from tests.pure.rules.table import run

HEADER = "test,value,unit,lln,uln,baseline"
TEXT = shipped_text("rules/labs.toml")

# test, value, unit, lln, uln, baseline          grade
GRADES = [
    ("platelets,125,x10^9/L,125,350,", 0),
    ("platelets,124.9,x10^9/L,125,350,", 1),
    ("platelets,75,x10^9/L,125,350,", 1),
    ("platelets,74.9,x10^9/L,125,350,", 2),
    ("platelets,50,x10^9/L,125,350,", 2),
    ("platelets,49.9,x10^9/L,125,350,", 3),
    ("platelets,25,x10^9/L,125,350,", 3),
    ("platelets,24.9,x10^9/L,125,350,", 4),
    ("platelets,400,x10^9/L,125,350,", 0),  # too many is another term
    ("PLT,49900,/mm3,,,", 3),  # lln is not needed where a worse grade is certain
    ("血小板计数,49,10⁹/Ｌ,,,", 3),
    ("血小板,49,×10⁹/L,,,", 3),
    ("plt,1e5,/mm3,125000,350000,", 1),
    ("ANC,2.0,x10^9/L,2.0,7.5,", 0),
    ("ANC,1.99,x10^9/L,2.0,7.5,", 1),
    ("ANC,1.5,x10^9/L,2.0,7.5,", 1),
    ("ANC,1.49,x10^9/L,2.0,7.5,", 2),
    ("ANC,1.0,x10^9/L,2.0,7.5,", 2),
    ("ANC,0.99,x10^9/L,2.0,7.5,", 3),
    ("ANC,0.5,x10^9/L,2.0,7.5,", 3),
    ("ANC,0.49,x10^9/L,2.0,7.5,", 4),
    ("中性粒细胞绝对值,0,10^9/L,,,", 4),
    ("neutrophils,999,/mm3,2000,7500,", 3),
    ("neutrophils,1.2,10^3/uL,,,", 2),
    ("Hb,115,g/L,115,150,", 0),
    ("Hb,114,g/L,115,150,", 1),
    ("Hb,100,g/L,115,150,", 1),
    ("Hb,99.9,g/L,115,150,", 2),
    ("Hb,80,g/L,115,150,", 2),
    ("Hb,79.9,g/L,115,150,", 3),
    ("血红蛋白,7.9,g/dL,11.5,15,", 3),  # grade 4 is no number's to give
    ("WBC,2.9,10^9/L,3.5,9.5,", 2),
    ("WBC,0.99,10^9/L,3.5,9.5,", 4),
    ("lymphocytes,0.79,10^9/L,1.1,3.2,", 2),
    ("lymphocytes,0.2,10^9/L,1.1,3.2,", 3),
    ("ALT,40,U/L,,40,", 0),
    ("ALT,40.1,U/L,,40,", 1),
    ("ALT,120,U/L,,40,", 1),
    ("ALT,121,U/L,,40,", 2),
    ("ALT,200,U/L,,40,", 2),
    ("ALT,201,U/L,,40,", 3),
    ("ALT,800,U/L,,40,", 3),
    ("ALT,801,U/L,,40,", 4),
    ("ALT,121,U/L,,40,40", 2),  # a baseline at uln was normal
    ("ALT,119,U/L,,40,80", 0),  # raised before: counted in times baseline, from 1.5 on
    ("ALT,120,U/L,,40,80", 1),
    ("ALT,240,U/L,,40,80", 1),
    ("ALT,241,U/L,,40,80", 2),
    ("ALT,401,U/L,,40,80", 3),
    ("ALT,1601,U/L,,40,80", 4),
    ("谷丙转氨酶,121,IU/L,,40,", 2),
    ("谷草转氨酶,121,U/L,,40,", 2),
    ("bilirubin,21,umol/L,,21,", 0),
    ("bilirubin,21.1,umol/L,,21,", 1),
    ("bilirubin,31.5,umol/L,,21,", 1),
    ("bilirubin,31.6,umol/L,,21,", 2),
    ("bilirubin,63.1,umol/L,,21,", 3),
    ("bilirubin,210.1,umol/L,,21,", 4),
    ("总胆红素,30,umol/L,,21,30", 0),  # raised before and no higher
    ("总胆红素,30.1,umol/L,,21,30", 1),
    ("总胆红素,45.1,umol/L,,21,30", 2),
    ("总胆红素,90.1,umol/L,,21,30", 3),
    ("总胆红素,300.1,umol/L,,21,30", 4),
    ("TBIL,2.0,mg/dL,,1.2,", 2),
    ("creatinine,110,umol/L,,110,", 0),
    ("creatinine,111,umol/L,,110,", 1),
    ("creatinine,165,umol/L,,110,", 1),
    ("creatinine,166,umol/L,,110,", 2),
    ("creatinine,331,umol/L,,110,", 3),
    ("creatinine,661,umol/L,,110,", 4),
    ("creatinine,90,umol/L,,110,60", 0),
    ("creatinine,91,umol/L,,110,60", 2),  # more than 1.5 x baseline counts within the normal range, too
    ("creatinine,181,umol/L,,110,60", 3),
    ("肌酐,2.0,mg/dL,,1.2,1.0", 2),
]

# what is typed                                    what is said
WRONG = [
    ("ferritin,10,ug/L,,,", 'test "ferritin" is not one of platelets, anc'),
    ("platelets,,x10^9/L,125,350,", "value is empty"),
    ("platelets,<10,x10^9/L,125,350,", 'value "<10" is not a number'),
    ("platelets,50,,125,350,", "unit is empty"),
    ("platelets,50,g/L,125,350,", 'unit "g/L" is not one of'),
    (
        "platelets,150000,x10^9/L,125,350,",
        "value 150000 x10^9/L is not plausible (1 to 3000 x10^9/L); is it in /mm3?",
    ),
    ("platelets,150,/mm3,125,350,", "value 150 /mm3 is not plausible (1 to 3000 x10^9/L); is it in x10^9/l?"),
    ("platelets,-5,x10^9/L,125,350,", "value -5 x10^9/L is not plausible"),
    ("ANC,1.2,/mm3,2.0,7.5,", "value 1.2 /mm3 is not plausible (0.01 to 200 x10^9/L); is it in x10^9/l?"),
    ("Hb,12,g/L,115,150,", "value 12 g/L is not plausible (20 to 250 g/L); is it in g/dl?"),
    ("Hb,120,g/dL,11,15,", "value 120 g/dL is not plausible (20 to 250 g/L); is it in g/l?"),
    ("platelets,100,x10^9/L,125000,350,", "lln 125000 x10^9/L is not plausible"),
    ("platelets,100,x10^9/L,,350,", "lln is missing: the value could be grade 1"),
    ("ALT,100,U/L,,,", "uln is missing: the value could be grade 4"),
    ("ALT,100,U/L,,,80", "uln is missing: nobody can say whether the baseline was normal"),
    ("creatinine,100,umol/L,,,60", "uln is missing: the value could be grade 4"),
    ("platelets,100,x10^9/L,350,125,", "lln is above uln"),
    ("ALT,100,U/L,,40,none", 'baseline "none" is not a number'),
    ("TSH,9,mIU/L,0.3,4.2,", "tsh: no number alone makes a CTCAE 5.0 grade"),
    ("M蛋白,12,g/L,,,", "m_protein: no number alone makes a CTCAE 5.0 grade"),
]


@pytest.mark.parametrize(("row", "expected"), GRADES)
def test_grade(row: str, expected: int) -> None:
    found = run(labs, HEADER, row)
    assert (found.rows[0]["grade"], found.rows[0]["ctcae_version"], found.rows[0]["error"]) == (
        str(expected),
        "5.0",
        "",
    )
    assert found.status == 0


@pytest.mark.parametrize(("row", "said"), WRONG)
def test_what_cannot_be_graded_says_why(row: str, said: str) -> None:
    found = run(labs, HEADER, row, "platelets,20,x10^9/L,,,")
    assert found.rows[0]["error"].startswith(said), found.rows[0]["error"]
    assert (found.rows[0]["grade"], found.rows[1]["grade"], found.status) == ("", "4", 1)


def test_the_terms_are_those_of_ctcae() -> None:
    rows = [
        "plt,20,10^9/L,,,",
        "hb,70,g/L,,,",
        "alt,30,U/L,,40,",
        "scr,80,umol/L,,110,",
        "tbil,9,umol/L,,21,",
    ]
    assert [row["term"] for row in run(labs, HEADER, *rows).rows] == [
        "Platelet count decreased",
        "Anemia",
        "Alanine aminotransferase increased",
        "Creatinine increased",
        "Blood bilirubin increased",
    ]


LABORATORY = parse_laboratory(TEXT, "labs.toml")
# test id, whether a lower value is the worse one, and limits that let every grade happen
LADDERS = [
    ("platelets", True, Limits(lln=Decimal(125))),
    ("anc", True, Limits(lln=Decimal(2))),
    ("wbc", True, Limits(lln=Decimal("3.5"))),
    ("lymphocytes", True, Limits(lln=Decimal("1.1"))),
    ("hemoglobin", True, Limits(lln=Decimal(115))),
    ("alt", False, Limits(uln=Decimal(40))),
    ("alt", False, Limits(uln=Decimal(40), baseline=Decimal(80))),
    ("bilirubin", False, Limits(uln=Decimal(21), baseline=Decimal(30))),
    ("creatinine", False, Limits(uln=Decimal(110), baseline=Decimal(60))),
]


@given(st.sampled_from(LADDERS), st.decimals(0, 1000, places=2), st.decimals(0, 1000, places=2))
def test_a_worse_value_never_lowers_the_grade(
    ladder: tuple[str, bool, Limits], one: Decimal, two: Decimal
) -> None:
    name, lower_is_worse, limits = ladder
    milder, worse = sorted((one, two), reverse=lower_is_worse)
    test = LABORATORY.tests[name]
    assert grade(LABORATORY, test, milder, limits).grade <= grade(LABORATORY, test, worse, limits).grade


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'when = "< 50"',
            'when = "< 80"',
            "tests.platelets.rules: platelets_2, platelets_3, platelets_4 overlap",
        ),
        (
            'when = "< 50"',
            'when = "below 50"',
            'tests.platelets.rules.1.when: Value error, should be such as "< 50"',
        ),
        ('when = "< 50"', 'when = "<"', "tests.platelets.rules.1.when: Value error"),
        ('id = "platelets_3"', 'id = "platelets_4"', "rule platelets_4 stands twice"),
        ('units = "cells"', 'units = "cell"', "tests.platelets.units: 'cell' is not among units"),
        ('"plt"', '"hb"', "tests.hemoglobin.names: 'hb' is a name of platelets, too"),
        ("plausible = [1, 3000]", "plausible = [3000, 1]", "tests.platelets.plausible: not from the lower"),
        ('code = "10035528"\n', "", "tests.platelets.term, code, rules: all three or none"),
        ('source = "CTCAE v5.0: <25"', 'source = ""', "tests.platelets.rules.0.source"),
    ],
)
def test_a_wrong_rule_file_is_named_with_its_place(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(ScriptError) as fault:
        parse_laboratory(TEXT.replace(old, new, 1), "l.toml")
    assert any(line.startswith(f"l.toml: {said}") for line in fault.value.faults), fault.value.faults
