"""The late rules to the second, and what a report makes of a dose."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedules
from schedules.dosing import (
    TAKEN,
    DoseStatus,
    Lateness,
    Report,
    closes_at,
    follow_up_at,
    judge,
    late_text,
    lateness,
)
from schedules.study import parse_study

FILE = Path(schedules.__file__).parent / "studies" / "nct04217967.toml"
DRUGS = parse_study(FILE.read_text("utf-8"), FILE.name).drugs
DUE = datetime(2026, 11, 2, tzinfo=UTC)  # 08:00 in Beijing

# drug          asked after    next dose, after the planned time    decision
LATE = [
    ("ixazomib", "0h", "168h", "TAKE"),
    ("ixazomib", "95h59m59s", "168h", "TAKE"),
    ("ixazomib", "96h", "168h", "TAKE"),  # 96 h late and exactly 72 h to the next: both still allowed
    ("ixazomib", "96h01s", "168h", "SKIP"),  # 71 h 59 min 59 s to the next
    ("ixazomib", "96h01m", "168h", "SKIP"),
    ("ixazomib", "10h", "82h", "TAKE"),  # early next cycle: exactly 72 h away
    ("ixazomib", "10h", "81h59m", "SKIP"),  # 71 h 59 min away
    ("ixazomib", "10h", "81h59m59s", "SKIP"),
    ("ixazomib", "200h", "168h", "SKIP"),  # the next one was due already
    ("ixazomib", "96h", "336h", "TAKE"),  # day 15, next cycle two weeks on
    ("ixazomib", "96h01s", "336h", "ASK_SITE"),  # the label's words alone would allow it until 264 h
    ("ixazomib", "264h", "336h", "ASK_SITE"),
    ("ixazomib", "264h01s", "336h", "SKIP"),
    ("ixazomib", "96h", None, "TAKE"),  # no further dose planned
    ("ixazomib", "96h01s", None, "ASK_SITE"),
    ("ixazomib", "-1s", "168h", "ASK_SITE"),  # not due yet: no rule covers it
    ("lenalidomide", "0h", "48h", "TAKE"),
    ("lenalidomide", "11h59m59s", "48h", "TAKE"),
    ("lenalidomide", "12h", "48h", "SKIP"),
    ("lenalidomide", "12h01s", "48h", "SKIP"),
    ("lenalidomide", "24h", "48h", "SKIP"),  # never on the off day
    ("lenalidomide", "12h", "192h", "SKIP"),  # day 21, a week of rest ahead
    ("lenalidomide", "11h59m59s", None, "TAKE"),
    ("lenalidomide", "12h", None, "SKIP"),
    ("lenalidomide", "10h", "10h", "SKIP"),  # the next one is due now: never two at once
    ("lenalidomide", "-1s", "48h", "ASK_SITE"),
]


@pytest.mark.parametrize(("drug", "asked", "following", "decision"), LATE)
def test_lateness(drug: str, asked: str, following: str | None, decision: str) -> None:
    next_at = DUE + _span(following) if following else None
    assert lateness(DRUGS[drug], DUE, DUE + _span(asked), next_at) is Lateness(decision)


def test_lateness_counts_real_hours_when_the_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    due = datetime(2026, 10, 24, 20, tzinfo=berlin)
    at_7 = datetime(2026, 10, 25, 7, tzinfo=berlin)  # 11 h by the clock on the wall, 12 h in truth
    assert lateness(DRUGS["lenalidomide"], due, at_7, None) is Lateness.SKIP
    due = datetime(2026, 3, 28, 20, tzinfo=berlin)
    at_8 = datetime(2026, 3, 29, 8, tzinfo=berlin)  # 12 h by the clock on the wall, 11 h in truth
    assert lateness(DRUGS["lenalidomide"], due, at_8, None) is Lateness.TAKE


@given(st.sampled_from(sorted(DRUGS)), st.integers(0, 30 * 86400), st.integers(0, 30 * 86400))
def test_later_is_never_more_permissive(drug: str, asked: int, more: int) -> None:
    def decided(seconds: int) -> Lateness:
        return lateness(DRUGS[drug], DUE, DUE + timedelta(seconds=seconds), DUE + timedelta(days=14))

    rank = [Lateness.TAKE, Lateness.ASK_SITE, Lateness.SKIP]
    assert rank.index(decided(asked)) <= rank.index(decided(asked + more))


@pytest.mark.parametrize(
    ("drug", "decision", "text"),
    [
        ("ixazomib", Lateness.TAKE, "late.take.ixazomib"),
        ("ixazomib", Lateness.SKIP, "late.skip.ixazomib"),
        ("ixazomib", Lateness.ASK_SITE, "late.ask_site.ixazomib"),
        ("lenalidomide", Lateness.TAKE, "late.take.lenalidomide"),
        ("lenalidomide", Lateness.SKIP, "late.skip.lenalidomide"),
        ("lenalidomide", Lateness.ASK_SITE, None),
    ],
)
def test_late_text(drug: str, decision: Lateness, text: str | None) -> None:
    assert late_text(DRUGS[drug], decision) == text


# drug          said                  held    next due   status             cause                  extra
JUDGED = [
    ("ixazomib", "taken 0h", False, "168h", "taken_in_window", "reported", 0),
    ("ixazomib", "taken 24h", False, "168h", "taken_in_window", "reported", 0),
    ("ixazomib", "taken 24h01s", False, "168h", "taken_late", "reported", 0),
    ("ixazomib", "taken -24h", False, "168h", "taken_in_window", "reported", 0),
    ("ixazomib", "taken -24h01s", False, "168h", "taken_early", "reported", 0),
    ("ixazomib", "taken 167h59m", False, "168h", "taken_late", "reported", 0),
    ("lenalidomide", "taken 12h", False, "48h", "taken_in_window", "reported", 0),
    ("lenalidomide", "taken 12h01s", False, "48h", "taken_late", "reported", 0),
    ("lenalidomide", "taken -12h01s", False, "48h", "taken_early", "reported", 0),
    ("lenalidomide", "taken 24h", False, None, "taken_late", "reported", 0),  # on the off day
    ("lenalidomide", "taken 48h", False, "48h", "missed", "taken_after_next_due", 1),  # doubled next time
    ("lenalidomide", "twice 0h", False, "48h", "taken_in_window", "reported", 1),
    ("lenalidomide", "taken ?", False, "48h", "taken_late", "time_unknown", 0),
    ("lenalidomide", "not taken", False, "48h", "missed", "reported", 0),
    ("ixazomib", "nothing", True, "168h", "held", "held", 0),
    ("ixazomib", "not taken", True, "168h", "held", "held", 0),
    ("ixazomib", "taken 0h", True, "168h", "held", "taken_while_held", 1),
    ("ixazomib", "nothing", False, "168h", None, "", 0),
]


@pytest.mark.parametrize(("drug", "said", "held", "following", "status", "cause", "extra"), JUDGED)
def test_judge(
    drug: str, said: str, held: bool, following: str | None, status: str | None, cause: str, extra: int
) -> None:
    next_due_at = DUE + _span(following) if following else None
    found = judge(DRUGS[drug].window, DUE, held=held, report=_report(said), next_due_at=next_due_at)
    assert (found.status, found.cause, found.extra) == (status, cause, extra) if found else status is None


@given(st.booleans(), st.booleans(), st.integers(-400, 400), st.integers(1, 5))
def test_every_intake_is_either_the_dose_or_extra(held: bool, taken: bool, hours: int, quantity: int) -> None:
    report = Report(taken, DUE + timedelta(hours=hours), quantity)
    found = judge(
        DRUGS["lenalidomide"].window, DUE, held=held, report=report, next_due_at=DUE + timedelta(hours=48)
    )
    assert found is not None
    assert found.extra + (found.status in TAKEN) == (quantity if taken else 0)
    assert (found.status is DoseStatus.HELD) == held


def test_when_asking_ends_and_when_the_next_day_asks_again() -> None:
    assert closes_at(DRUGS["ixazomib"], DUE) == DUE + timedelta(hours=96)
    assert closes_at(DRUGS["lenalidomide"], DUE) == DUE + timedelta(hours=48)
    spring = datetime(2026, 3, 28, 8, tzinfo=ZoneInfo("Europe/Berlin"))
    assert follow_up_at(spring.date(), spring.time(), "Europe/Berlin") == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert closes_at(DRUGS["lenalidomide"], spring) == datetime(2026, 3, 30, 7, tzinfo=UTC)


def _span(text: str) -> timedelta:
    """A span such as "-24h01s" or "71h59m59s"."""
    parts = re.fullmatch(r"(-?)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    assert parts, text
    hours, minutes, seconds = (int(part or 0) for part in parts.groups()[1:])
    span = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return -span if parts[1] else span


def _report(said: str) -> Report | None:
    words, _, span = said.rpartition(" ")
    if said == "nothing":
        return None
    if said == "not taken":
        return Report(taken=False)
    taken_at = None if span == "?" else DUE + _span(span)
    return Report(taken=True, taken_at=taken_at, quantity=2 if words == "twice" else 1)
