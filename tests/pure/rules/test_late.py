"""`suiyao rules late` at every boundary, and what is no instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.commands.rules_late import late
from tests.pure.rules.table import run

HEADER = "drug,scheduled_utc,asked_utc,next_scheduled_utc"
D1, D8, D15, NEXT = "2026-11-02", "2026-11-09", "2026-11-16", "2026-11-30"

# drug          scheduled               asked                        next dose              decision
BOUNDARIES = [
    ("ixazomib", f"{D1}T00:00:00Z", f"{D1}T00:00:00Z", f"{D8}T00:00:00Z", "TAKE"),  # on the minute
    (
        "ixazomib",
        f"{D1}T00:00:00Z",
        "2026-11-06T00:00:00Z",
        f"{D8}T00:00:00Z",
        "TAKE",
    ),  # 96 h late, 72 h left
    ("ixazomib", f"{D1}T00:00:00Z", "2026-11-06T00:00:00.000001Z", f"{D8}T00:00:00Z", "SKIP"),  # under 72 h
    ("ixazomib", f"{D1}T00:00:00Z", "2026-11-06T00:00:01Z", f"{D8}T00:00:00Z", "SKIP"),
    (
        "ixazomib",
        f"{D1}T00:00:00Z",
        "2026-11-06T00:00:01Z",
        f"{D8}T00:00:01Z",
        "ASK_SITE",
    ),  # 72 h left, too late
    ("ixazomib", f"{D15}T00:00:00Z", "2026-11-20T00:00:00Z", f"{NEXT}T00:00:00Z", "TAKE"),  # day 15: 96 h
    (
        "ixazomib",
        f"{D15}T00:00:00Z",
        "2026-11-20T00:00:01Z",
        f"{NEXT}T00:00:00Z",
        "ASK_SITE",
    ),  # day 15: later
    (
        "ixazomib",
        f"{D15}T00:00:00Z",
        "2026-11-27T00:00:00Z",
        f"{NEXT}T00:00:00Z",
        "ASK_SITE",
    ),  # day 26: 72 h left
    ("ixazomib", f"{D15}T00:00:00Z", "2026-11-27T00:00:01Z", f"{NEXT}T00:00:00Z", "SKIP"),
    (
        "ixazomib",
        f"{D1}T00:00:00Z",
        "2026-11-03T00:00:00Z",
        "2026-11-05T23:59:59Z",
        "SKIP",
    ),  # next 1 s too near
    ("ixazomib", f"{D15}T00:00:00Z", "2026-11-18T00:00:00Z", "", "TAKE"),  # no further dose planned
    ("ixazomib", f"{D15}T00:00:00Z", "2026-11-21T00:00:00Z", "", "ASK_SITE"),
    (
        "ixazomib",
        f"{D1}T00:00:00Z",
        "2026-11-01T23:59:59Z",
        f"{D8}T00:00:00Z",
        "ASK_SITE",
    ),  # before it is due
    ("lenalidomide", f"{D1}T00:00:00Z", f"{D1}T11:59:59.999999Z", "2026-11-04T00:00:00Z", "TAKE"),
    ("lenalidomide", f"{D1}T00:00:00Z", f"{D1}T12:00:00Z", "2026-11-04T00:00:00Z", "SKIP"),
    (
        "lenalidomide",
        f"{D1}T00:00:00Z",
        "2026-11-03T00:00:00Z",
        "2026-11-04T00:00:00Z",
        "SKIP",
    ),  # never tomorrow
    ("lenalidomide", f"{D1}T00:00:00Z", f"{D1}T11:59:59Z", "", "TAKE"),
    ("lenalidomide", f"{D1}T00:00:00Z", f"{D1}T06:00:00Z", f"{D1}T05:00:00Z", "SKIP"),  # next already due
    ("lenalidomide", f"{D1}T00:00:00Z", "2026-11-01T20:00:00Z", "", "ASK_SITE"),
    (" Lenalidomide ", f"{D1}T08:00:00+08:00", f"{D1}T11:59:00Z", "", "TAKE"),  # another offset is converted
    ("lenalidomide", f"{D1}T08:00:00+08:00", f"{D1}T20:00:00+08:00", "", "SKIP"),
    (
        "lenalidomide",
        f"{D1}t00:00:00z",
        f"{D1} 11:59:59+0000",
        "NA",
        "TAKE",
    ),  # as RFC 3339 and databases write it
    # the night the clocks go back in Berlin has 25 hours; elapsed hours decide, not the clock on the wall
    ("lenalidomide", "2026-10-24T20:00:00+02:00", "2026-10-25T07:30:00+01:00", "", "SKIP"),
]

# drug, scheduled, asked, next -> what is said
WRONG = [
    (
        "bortezomib",
        f"{D1}T00:00Z",
        f"{D1}T00:00Z",
        "",
        'drug "bortezomib" is not one of ixazomib, lenalidomide',
    ),
    ("", f"{D1}T00:00Z", f"{D1}T00:00Z", "", "drug is empty"),
    (
        "ixazomib",
        f"{D1}T00:00:00",
        f"{D1}T00:00Z",
        "",
        f'scheduled_utc "{D1}T00:00:00" has no offset: write Z',
    ),
    ("ixazomib", D1, f"{D1}T00:00Z", "", f'scheduled_utc "{D1}" is not an instant'),
    ("ixazomib", f"{D1}T00:00Z", "", "", "asked_utc is empty"),
    ("ixazomib", f"{D1}T00:00Z", "noon", "", 'asked_utc "noon" is not an instant'),
    ("ixazomib", f"{D1}T00:00Z", "2026-02-30T00:00Z", "", 'asked_utc "2026-02-30T00:00Z" is not an instant'),
    ("ixazomib", f"{D1}T00:00Z", "0001-01-01T00:00+14:00", "", "asked_utc"),
    (
        "ixazomib",
        f"{D1}T00:00Z",
        f"{D1}T00:00Z",
        f"{D1}T00:00Z",
        "next_scheduled_utc is not after scheduled_utc",
    ),
    ("ixazomib", f"{D1}T00:00Z", f"{D1}T00:00Z", "soon", 'next_scheduled_utc "soon" is not an instant'),
    ("ixazomib", f"{D1}T00:00Z", "\x1b[31m", "", 'asked_utc "?[31m" is not an instant'),
]


@pytest.mark.parametrize(("drug", "scheduled", "asked", "following", "decision"), BOUNDARIES)
def test_decision(drug: str, scheduled: str, asked: str, following: str, decision: str) -> None:
    found = run(late, HEADER, f"{drug},{scheduled},{asked},{following}")
    if drug == "lenalidomide" and following and following < asked:
        assert found.rows[0]["decision"] == "SKIP"
    assert (found.rows[0]["decision"], found.rows[0]["error"], found.status) == (decision, "", 0)


@pytest.mark.parametrize(("drug", "scheduled", "asked", "following", "said"), WRONG)
def test_a_wrong_row_says_why_and_the_next_goes_on(
    drug: str, scheduled: str, asked: str, following: str, said: str
) -> None:
    good = f"lenalidomide,{D1}T00:00:00Z,{D1}T01:00:00Z,"
    found = run(late, HEADER, f"{drug},{scheduled},{asked},{following}", good)
    assert found.rows[0]["error"].startswith(said)
    assert (found.rows[0]["decision"], found.rows[1]["decision"], found.status) == ("", "TAKE", 1)


SECONDS = st.integers(min_value=0, max_value=30 * 86400)
ORDER = {"TAKE": 0, "ASK_SITE": 1, "SKIP": 2}


@given(
    first=SECONDS,
    later=SECONDS,
    gap=st.sampled_from([168, 336]),
    drug=st.sampled_from(["ixazomib", "lenalidomide"]),
)
def test_waiting_longer_never_allows_more(first: int, later: int, gap: int, drug: str) -> None:
    """TAKE before ASK_SITE before SKIP: what is no longer allowed does not become allowed again."""
    due = datetime(2026, 11, 2, tzinfo=UTC)
    rows = [
        f"{drug},{due.isoformat()},{(due + timedelta(seconds=s)).isoformat()},{(due + timedelta(hours=gap)).isoformat()}"
        for s in sorted((first, later))
    ]
    one, two = (ORDER[row["decision"]] for row in run(late, HEADER, *rows).rows)
    assert one <= two
