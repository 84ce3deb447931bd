"""Compliance figures of dated events, each counted by hand beside it, and the rows that would make a figure lie."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.rules_adherence import adherence
from tests.pure.rules.table import Answer, run

HEADER = "case_id,event_type,date,drug,quantity,mg_per_dose"
START = date(2026, 1, 5)
LEN_DAYS = (1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21)


def day(number: int) -> str:
    """The date of cycle day `number`; 29 is day 1 of a next cycle without delay."""
    return (START + timedelta(days=number - 1)).isoformat()


def rows(kind: str, drug: str, days: tuple[int, ...], quantity: int = 1) -> list[str]:
    mg = {"ixazomib": 4, "lenalidomide": 25}[drug]
    return [f"P,{kind},{day(number)},{drug},{quantity},{mg}" for number in days]


def cycles(*days: int) -> list[str]:
    return [f"P,cycle_start,{day(number)},,," for number in days]


def figures(found: Answer, drug: str) -> tuple[str, ...]:
    """taking, capped, correct days, rdi"""
    return tuple(row["value"] for row in found.rows if (row["case_id"], row["drug"]) == ("P", drug))


IX, LEN = (1, 8, 15), LEN_DAYS
CASES: dict[str, tuple[list[str], dict[str, tuple[str, ...]]]] = {
    "everything as planned": (
        cycles(1)
        + rows("scheduled", "ixazomib", IX)
        + rows("taken", "ixazomib", IX)
        + rows("scheduled", "lenalidomide", LEN)
        + rows("taken", "lenalidomide", LEN),
        {
            "ixazomib": ("100.00", "100.00", "100.00", "100.00"),
            "lenalidomide": ("100.00", "100.00", "100.00", "100.00"),
            "all": ("100.00", "100.00", "100.00", "100.00"),
        },
    ),
    "one ixazomib forgotten: 2 of 3 doses, 8 of 12 mg; of 12 days with a dose one is wrong": (
        cycles(1)
        + rows("scheduled", "ixazomib", IX)
        + rows("taken", "ixazomib", (1, 8))
        + rows("scheduled", "lenalidomide", LEN)
        + rows("taken", "lenalidomide", LEN),
        {
            "ixazomib": ("66.67", "66.67", "66.67", "66.67"),
            "lenalidomide": ("100.00", "100.00", "100.00", "100.00"),
            # day 8 is an ixazomib day only: 12 days with a dose, day 15 is wrong; 283 of 287 mg
            "all": ("92.86", "92.86", "91.67", "98.61"),
        },
    ),
    "a doctor held one: nothing against the patient, 8 of 12 mg": (
        cycles(1)
        + rows("scheduled", "ixazomib", (1, 8))
        + rows("held", "ixazomib", (15,))
        + rows("taken", "ixazomib", (1, 8)),
        {"ixazomib": ("100.00", "100.00", "100.00", "66.67"), "all": ("100.00", "100.00", "100.00", "66.67")},
    ),
    "a double dose fills no gap: 4 of 3 doses, two days right of three": (
        cycles(1)
        + rows("scheduled", "ixazomib", IX)
        + rows("taken", "ixazomib", (1, 15))
        + rows("taken", "ixazomib", (8,), 2),
        {"ixazomib": ("133.33", "100.00", "66.67", "133.33"), "all": ("133.33", "100.00", "66.67", "133.33")},
    ),
    "taken a day late: the count is right and the day is not": (
        cycles(1) + rows("scheduled", "ixazomib", IX) + rows("taken", "ixazomib", (1, 9, 15)),
        {"ixazomib": ("100.00", "100.00", "66.67", "100.00"), "all": ("100.00", "100.00", "66.67", "100.00")},
    ),
    "a dose in the week off: 4 of 3, and every planned day right": (
        cycles(1) + rows("scheduled", "ixazomib", IX) + rows("taken", "ixazomib", (*IX, 22)),
        {
            "ixazomib": ("133.33", "100.00", "100.00", "133.33"),
            "all": ("133.33", "100.00", "100.00", "133.33"),
        },
    ),
    "the second cycle a week late: 24 mg in 63 days where 24 in 56 were meant": (
        cycles(1, 36)
        + rows("scheduled", "ixazomib", (*IX, 36, 43, 50))
        + rows("taken", "ixazomib", (*IX, 36, 43, 50)),
        {"ixazomib": ("100.00", "100.00", "100.00", "88.89"), "all": ("100.00", "100.00", "100.00", "88.89")},
    ),
    "reduced to 3 mg by order: 9 of 12 mg, adherence untouched": (
        cycles(1) + rows("scheduled", "ixazomib", IX) + [f"P,taken,{day(n)},ixazomib,1,3" for n in IX],
        {"ixazomib": ("100.00", "100.00", "100.00", "75.00"), "all": ("100.00", "100.00", "100.00", "75.00")},
    ),
    "nothing taken": (
        cycles(1) + rows("scheduled", "ixazomib", IX),
        {"ixazomib": ("0.00", "0.00", "0.00", "0.00"), "all": ("0.00", "0.00", "0.00", "0.00")},
    ),
    "everything held: there is nothing to adhere to": (
        cycles(1) + rows("held", "ixazomib", IX),
        {"ixazomib": ("NA", "NA", "NA", "0.00"), "all": ("NA", "NA", "NA", "0.00")},
    ),
    "no cycle start: no dose intensity": (
        rows("scheduled", "ixazomib", IX) + rows("taken", "ixazomib", IX),
        {"ixazomib": ("100.00", "100.00", "100.00", "NA"), "all": ("100.00", "100.00", "100.00", "NA")},
    ),
    "milligrams unknown: no dose intensity": (
        cycles(1) + rows("scheduled", "ixazomib", (1,)) + [f"P,taken,{day(1)},ixazomib,1,"],
        {"ixazomib": ("100.00", "100.00", "100.00", "NA"), "all": ("100.00", "100.00", "100.00", "NA")},
    ),
    "taken though held: more than asked, and no planned day to be wrong": (
        cycles(1)
        + rows("scheduled", "ixazomib", (1, 8))
        + rows("held", "ixazomib", (15,))
        + rows("taken", "ixazomib", IX),
        {
            "ixazomib": ("150.00", "100.00", "100.00", "100.00"),
            "all": ("150.00", "100.00", "100.00", "100.00"),
        },
    ),
    "a swap between drugs is two wrong counts on one day, not a right sum": (
        cycles(1)
        + rows("scheduled", "ixazomib", (1,))
        + rows("scheduled", "lenalidomide", (1,))
        + rows("taken", "lenalidomide", (1,), 2),
        {
            "ixazomib": ("0.00", "0.00", "0.00", "0.00"),
            "lenalidomide": ("200.00", "100.00", "0.00", "18.18"),
            "all": ("100.00", "100.00", "0.00", "17.42"),
        },
    ),
    "a cycle of one drug only counts for that drug": (
        [
            *cycles(1),
            f"P,cycle_start,{day(29)},ixazomib,,",
            *rows("scheduled", "lenalidomide", LEN),
            *rows("taken", "lenalidomide", LEN),
            *rows("scheduled", "ixazomib", (*IX, 29, 36, 43)),
            *rows("taken", "ixazomib", (*IX, 29, 36, 43)),
        ],
        {
            "lenalidomide": ("100.00", "100.00", "100.00", "100.00"),
            "ixazomib": ("100.00", "100.00", "100.00", "100.00"),
            "all": ("100.00", "100.00", "100.00", "100.00"),
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_figures(name: str) -> None:
    events, expected = CASES[name]
    found = run(adherence, HEADER, *events)
    assert found.status == 0
    assert {drug: figures(found, drug) for drug in expected} == expected
    assert {row["drug"] for row in found.rows} == set(expected)


WRONG = [
    ("P,scheduled,2026-13-05,ixazomib,1,4", 'date "2026-13-05" is not a date'),
    ("P,scheduled,05.01.2026,ixazomib,1,4", 'date "05.01.2026" is not a date'),
    (
        "P,missed,2026-01-12,ixazomib,1,4",
        'event_type "missed" is not one of scheduled, taken, held, cycle_start',
    ),
    ("P,taken,2026-01-12,ixa,1,4", 'drug "ixa" is not one of ixazomib, lenalidomide'),
    ("P,taken,2026-01-12,,1,4", "drug is empty"),
    ("P,taken,2026-01-12,ixazomib,,4", "quantity is empty"),
    ("P,taken,2026-01-12,ixazomib,-1,4", 'quantity "-1" is not a whole number'),
    ("P,taken,2026-01-12,ixazomib,0.5,4", 'quantity "0.5" is not a whole number'),
    ("P,taken,2026-01-12,ixazomib,1,four", 'mg_per_dose "four" is not a number'),
    ("P,taken,2026-01-12,ixazomib,1,0", "mg_per_dose 0 is not above 0"),
    ("P,held,2026-01-05,ixazomib,1,4", "held, and the same dose is listed as scheduled, too"),
    ("P,taken,2026-01-12", "3 cells where the header has 6"),
]


@pytest.mark.parametrize(("row", "said"), WRONG)
def test_a_wrong_row_leaves_its_case_without_figures_and_the_others_alone(row: str, said: str) -> None:
    other = [line.replace("P,", "Q,", 1) for line in cycles(1) + rows("scheduled", "ixazomib", (1,))]
    found = run(adherence, HEADER, *cycles(1), *rows("scheduled", "ixazomib", (1,)), row, *other)
    [error] = [one for one in found.rows if not one["measure"]]
    assert error["error"].startswith(f"line 4: {said}"), error["error"]
    assert figures(found, "all")[:4] == ("NA", "NA", "NA", "NA")
    assert {one["error"] for one in found.rows if one["case_id"] == "P" and one["measure"]} == {
        "no figures: line 4 is wrong"
    }
    assert [one["value"] for one in found.rows if (one["case_id"], one["drug"]) == ("Q", "all")] == [
        "0.00",
        "0.00",
        "0.00",
        "0.00",
    ]
    assert found.status == 1


def test_a_row_of_nobody_is_an_error_and_no_case() -> None:
    found = run(adherence, HEADER, ",scheduled,2026-01-05,ixazomib,1,4")
    assert [(row["case_id"], row["error"]) for row in found.rows] == [("", "line 2: case_id is empty")]


@pytest.mark.parametrize(("arm", "status"), [("combination", 0), ("placebo", 2)])
def test_the_arm_can_be_named(arm: str, status: int) -> None:
    events = cycles(1) + rows("scheduled", "ixazomib", IX) + rows("taken", "ixazomib", IX)
    assert run(adherence, HEADER, *events, more=("--arm", arm)).status == status


@given(st.sets(st.sampled_from(LEN)), st.sets(st.sampled_from(LEN)), st.randoms(use_true_random=False))
def test_a_hold_never_touches_the_rest_and_order_never_matters(
    taken: set[int], held: set[int], shuffled: object
) -> None:
    """Days that are held leave the count; what remains is judged as if they had never been planned."""
    asked = tuple(number for number in LEN if number not in held)
    done = tuple(number for number in asked if number in taken)
    plain = rows("scheduled", "lenalidomide", asked) + rows("taken", "lenalidomide", done)
    with_holds = plain + rows("held", "lenalidomide", tuple(sorted(held)))
    getattr(shuffled, "shuffle")(with_holds)  # noqa: B009 - Hypothesis types its generator as an object
    one, two = (figures(run(adherence, HEADER, *events), "all") for events in (plain, with_holds))
    if asked:
        assert one[:3] == two[:3]
    else:
        assert two[:3] == ("NA", "NA", "NA")
