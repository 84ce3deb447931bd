"""Composite grades against the published table (every combination and every missing score), and wrong rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.rules_composite import composite
from bot.commands.shipped_file import shipped_text
from bot.dialogue.faults import ScriptError
from bot.symptoms.pro_ctcae import Instrument, parse_instrument
from tests.pure.rules.table import run, run_bytes

HEADER = "structure,frequency,severity,interference"
REFERENCE = Path(__file__).with_name("composite.csv")
TEXT = shipped_text("instruments/pro_ctcae.toml")


def shipped() -> Instrument:
    return parse_instrument(TEXT, "pro_ctcae.toml")


def test_every_combination_has_the_published_grade() -> None:
    found = run_bytes(composite, REFERENCE.read_bytes())
    assert found.status == 0
    assert len(found.rows) == 217 + 25
    assert [row for row in found.rows if row["composite_grade"] != row["expected"]] == []


WRONG = [
    ("frequency,5,,", "frequency is 5, not a score from 0 to 4"),
    ("frequency,-1,,", 'frequency "-1" is not a whole number from 0'),
    ("frequency,1.5,,", 'frequency "1.5" is not a whole number from 0'),
    ("frequency,often,,", 'frequency "often" is not a whole number'),
    ("frequency+severity,0,7,", "severity is 7, not a score from 0 to 4"),
    ("frequency,1,2,", "severity is 2, and a question of frequency has no severity"),
    ("presence,1,,", "frequency is 1, and a question of presence has no frequency"),
    ("duration,1,,", 'structure "duration" is not one of frequency,'),
    (",1,,", "structure is empty"),
]


@pytest.mark.parametrize(("row", "said"), WRONG)
def test_a_wrong_row_says_why(row: str, said: str) -> None:
    found = run(composite, HEADER, row, "severity,,3,")
    assert found.rows[0]["error"].startswith(said)
    assert (found.rows[0]["composite_grade"], found.rows[1]["composite_grade"], found.status) == ("", "3", 1)


def test_all_eighty_questions_and_their_124_items() -> None:
    instrument = shipped()
    assert list(instrument.structures) == list(range(1, 81))
    assert sum(len(instrument.attributes(kind)) for kind in instrument.structures.values()) == 124
    # the questions that this study's symptoms map to
    assert {number: instrument.structures[number] for number in (39, 16, 10, 17, 24, 74, 27)} == {
        39: "severity+interference",  # numbness and tingling; pain is no part of it
        16: "frequency",  # diarrhoea
        10: "frequency+severity",  # vomiting
        17: "frequency+severity+interference",  # abdominal pain
        24: "presence",  # rash
        74: "frequency+severity",  # chills
        27: "interference_or_amount",  # hair loss
    }


SCORE = st.integers(min_value=0, max_value=4)


@given(
    st.sampled_from(sorted(shipped().grades)), st.tuples(SCORE, SCORE, SCORE), st.tuples(SCORE, SCORE, SCORE)
)
def test_a_worse_score_never_gives_a_better_grade(
    structure: str, one: tuple[int, ...], two: tuple[int, ...]
) -> None:
    """Later attributes are not asked after a first 0, so two answers are compared only where both were asked."""
    instrument = shipped()
    asked = instrument.attributes(structure)
    milder = {name: min(a, b) for name, a, b in zip(asked, one, two, strict=False)}
    worse = {name: max(a, b) for name, a, b in zip(asked, one, two, strict=False)}
    low, high = instrument.composite(structure, milder), instrument.composite(structure, worse)
    assert low is not None and high is not None and low <= high


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[16, 67]", "[16]", "structures: question 67 stands nowhere"),
        ("[16, 67]", "[16, 67, 17]", "structures: question 17 stands twice"),
        ("[16, 67]", "[16, 67, 81]", "structures.frequency.2: Input should be less than or equal to 80"),
        (
            '"frequency" = [0, 1, 1, 2, 3]',
            '"frequency" = [0, 1, 1, 2]',
            "composite.one.frequency: Tuple should",
        ),
        (
            '"frequency" = [0, 1, 1, 2, 3]',
            '"frequency" = [0, 1, 1, 2, 4]',
            "composite.one.frequency.4: Input",
        ),
        ('version = "1"', 'wording = "1"', "version: Field required"),
    ],
)
def test_a_wrong_file_is_named_with_its_place(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(ScriptError) as fault:
        parse_instrument(TEXT.replace(old, new, 1), "p.toml")
    assert any(line.startswith(f"p.toml: {said}") for line in fault.value.faults), fault.value.faults
