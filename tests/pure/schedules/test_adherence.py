"""Compliance figures: one small calendar per case, and what a nurse would count on her fingers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schedules
from schedules.adherence import (
    DoseFact,
    ExtraIntake,
    Standing,
    Tally,
    correct_dosing_pct,
    percent,
    standing,
    taken_mg,
    tally,
    total,
)
from schedules.dosing import DoseStatus, Judgement, Report, closes_at, judge
from schedules.intensity import Intensity, intensity, started_cycles
from schedules.regimen import DoseLevel, PlannedDose, Timeline, ideal_timeline, planned_doses
from schedules.study import parse_study

FILE = Path(schedules.__file__).parent / "studies" / "nct04217967.toml"
STUDY = parse_study(FILE.read_text("utf-8"), FILE.name)
BEIJING = "Asia/Shanghai"
START = date(2026, 11, 2)
THREE_AM = STUDY.dosing_day_ends


def _day(number: int, hour: int = 0) -> datetime:
    """That hour (UTC) of a cycle day; every dose below is due at hour 0, which is 08:00 in Beijing."""
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=number, hours=hour)


def _plan(arm: str, cycles: int = 1) -> Timeline:
    return ideal_timeline(STUDY, arm, START, cycles, BEIJING, time(8))


def _fact(dose: PlannedDose, said: str) -> DoseFact:
    """One letter for one dose: t in time, l 30 h late, e 30 h early, d double, m reported missed, h held,
    x taken although held, ? taken at an unknown time, u asked without answer, n never asked."""
    hours = {"t": 1, "l": 30, "e": -30, "d": 1, "x": 1}
    taken_at = dose.due_at + timedelta(hours=hours[said]) if said in hours else None
    report = Report(said != "m", taken_at, 2 if said == "d" else 1) if said in "tledmx?" else None
    drug = STUDY.drugs[dose.drug]
    judgement = judge(drug.window, dose.due_at, held=said in "hx", report=report)
    return DoseFact(dose, judgement, closes_at(drug, dose.due_at), asked=said != "n", taken_at=taken_at)


def _facts(arm: str, said: str) -> list[DoseFact]:
    doses = planned_doses(STUDY, _plan(arm))
    return [_fact(dose, letter) for dose, letter in zip(doses, said, strict=True)]


# 11 doses of lenalidomide, days 1, 3 ... 21; as of day 29. See _fact for the letters.
# story            held in  late miss unansw not-asked extra   first   second
STORIES = [
    ("ttttttttttt", 0, 11, 0, 0, 0, 0, 0, "100.00", "100.00"),
    ("tttttlttttt", 0, 10, 1, 0, 0, 0, 0, "100.00", "100.00"),
    ("ttttttettt?", 0, 9, 2, 0, 0, 0, 0, "100.00", "100.00"),
    ("ttttttttttm", 0, 10, 0, 1, 0, 0, 0, "90.91", "90.91"),
    ("ttttttttttu", 0, 10, 0, 0, 1, 0, 0, "90.91", "100.00"),
    ("ttttttttttn", 0, 10, 0, 0, 0, 1, 0, "90.91", "100.00"),
    ("tttttthhhhh", 5, 6, 0, 0, 0, 0, 0, "100.00", "100.00"),
    ("ttttttxhhhh", 5, 6, 0, 0, 0, 0, 1, "100.00", "100.00"),  # taken while held: extra, no gap filled
    ("tttttmdtttt", 0, 10, 0, 1, 0, 0, 1, "90.91", "90.91"),  # the double dose fills no gap
    ("tltmmuuunht", 1, 3, 1, 2, 3, 1, 0, "40.00", "66.67"),
    ("hhhhhhhhhhh", 11, 0, 0, 0, 0, 0, 0, None, None),
    ("uuuuuuuuuuu", 0, 0, 0, 0, 11, 0, 0, "0.00", None),
    ("mmmmmmmmmmm", 0, 0, 0, 11, 0, 0, 0, "0.00", "0.00"),
]


@pytest.mark.parametrize(
    ("story", "held", "in_window", "late", "missed", "unanswered", "not_asked", "extra", "first", "second"),
    STORIES,
)
def test_categories_and_the_two_figures(
    story: str,
    held: int,
    in_window: int,
    late: int,
    missed: int,
    unanswered: int,
    not_asked: int,
    extra: int,
    first: str | None,
    second: str | None,
) -> None:
    found = tally(_facts("lenalidomide", story), _day(29))
    early = story.count("e")
    assert found == Tally(held, in_window, late, missed, unanswered, not_asked, 0, early, extra)
    assert found.planned == 11
    assert found.adherence_pct == (Decimal(first) if first else None)
    assert found.adherence_answered_pct == (Decimal(second) if second else None)


def test_of_nothing_there_is_no_figure() -> None:
    none = tally([], _day(1))
    assert (none.planned, none.adherence_pct, none.adherence_answered_pct) == (0, None, None)
    assert (none.on_time_pct, none.response_pct) == (None, None)


def test_timing_and_response() -> None:
    found = tally(_facts("lenalidomide", "ttlmmuunntt"), _day(29))
    assert found.on_time_pct == Decimal("80.00")  # 4 of 5 taken
    assert found.response_pct == Decimal(
        "77.78"
    )  # 7 answered, 2 silent; of the 2 never asked nothing is known


# one dose, due on day 1 at hour 0, window of 48 h; nobody has said anything
AS_OF = [
    (_day(1) - timedelta(seconds=1), True, None),
    (_day(1), False, Standing.OPEN),
    (_day(3) - timedelta(seconds=1), True, Standing.OPEN),
    (_day(3), True, Standing.UNANSWERED),
    (_day(3), False, Standing.NOT_ASKED),
]


@pytest.mark.parametrize(("as_of", "asked", "where"), AS_OF)
def test_silence_is_open_then_unanswered_or_not_asked(
    as_of: datetime, asked: bool, where: Standing | None
) -> None:
    fact = replace(_facts("lenalidomide", "uuuuuuuuuuu")[0], asked=asked)
    assert standing(fact, as_of) is where


def test_a_held_dose_without_judgement_is_held_and_a_future_one_counts_nowhere() -> None:
    fact = _facts("lenalidomide", "uuuuuuuuuuu")[0]
    assert standing(replace(fact, dose=replace(fact.dose, held=True)), _day(1)) is Standing.HELD
    judged = replace(fact, judgement=Judgement(DoseStatus.TAKEN_EARLY, "reported"))
    assert standing(judged, _day(1) - timedelta(hours=1)) is None
    assert tally([judged], _day(1) - timedelta(hours=1)) == Tally()


def test_off_day_capsules_are_extra_from_when_they_were_taken() -> None:
    facts = _facts("lenalidomide", "tttttttttmm")
    off_day = ExtraIntake("lenalidomide", _day(25, 2), BEIJING, Decimal(25), quantity=2)
    assert tally(facts, _day(25), [off_day]).extra == 0
    found = tally(facts, _day(29), [off_day])
    assert (found.extra, found.taken, found.adherence_pct) == (2, 9, Decimal("81.82"))
    assert taken_mg(facts, _day(29), [off_day]) == 11 * 25


def test_tallies_add_up() -> None:
    parts = [tally(_facts("lenalidomide", story), _day(29)) for story, *_ in STORIES]
    together = tally((fact for story, *_ in STORIES for fact in _facts("lenalidomide", story)), _day(29))
    assert total(parts) == together
    assert total([]) == Tally()


@given(st.text("tledmhx?un", min_size=14, max_size=14), st.integers(0, 40 * 24))
def test_every_due_dose_is_in_exactly_one_category(story: str, hours: int) -> None:
    as_of = _day(1, hours - 24)
    facts = _facts("combination", story)
    found = tally(facts, as_of)
    assert found.planned == sum(fact.dose.due_at <= as_of for fact in facts)
    for figure in (found.adherence_pct, found.adherence_answered_pct, found.on_time_pct, found.response_pct):
        assert figure is None or 0 <= figure <= 100
    if found.adherence_pct is not None and found.adherence_answered_pct is not None:
        assert found.adherence_pct <= found.adherence_answered_pct


# combination: both drugs on days 1 and 15, ixazomib alone on day 8; 12 days with a dose
# days 1, 3, 5, 7, 8, 9, 11, 13, 15, 17, 19, 21
DAYS = [
    ("tt t t t t t t t tt t t t", "100.00"),
    ("tm t t t t t t t tt t t t", "91.67"),  # of two drugs one was not taken
    ("td t t t t t t t tt t t t", "91.67"),  # one was taken twice
    ("tt l t t t t t t tt t t t", "91.67"),  # on the day after
    ("tt t t t t t t t hh h h h", "100.00"),  # held days count nowhere
    ("tt t t t t t t t ht t t t", "100.00"),  # one held, the other taken
    ("tt t t t t t t t xt t t t", "91.67"),  # taken although held
    ("tt t t t t t t t tt t t u", "91.67"),
    ("tt t t t t t t t tt t t ?", "91.67"),  # nobody knows on which day
    ("hh h h h h h h h hh h h h", None),
]


@pytest.mark.parametrize(("story", "figure"), DAYS)
def test_correct_dosing_days(story: str, figure: str | None) -> None:
    facts = _facts("combination", story.replace(" ", ""))
    found = correct_dosing_pct(facts, _day(29), THREE_AM)
    assert found == (Decimal(figure) if figure else None)


def test_a_capsule_at_two_in_the_night_belongs_to_the_day_before() -> None:
    facts = _facts("lenalidomide", "t" * 11)
    night = replace(facts[0], taken_at=_day(1, 18))  # 02:00 in Beijing, on the calendar day after
    assert correct_dosing_pct([night], _day(29), THREE_AM) == 100
    night = replace(facts[0], taken_at=_day(1, 19))  # 03:00
    assert correct_dosing_pct([night], _day(29), THREE_AM) == 0


def test_an_extra_capsule_spoils_a_dosing_day_but_makes_no_new_one() -> None:
    facts = _facts("lenalidomide", "t" * 11)
    on_day_3 = ExtraIntake("lenalidomide", _day(3, 5), BEIJING, Decimal(25))
    on_day_4 = replace(on_day_3, taken_at=_day(4, 5))
    assert correct_dosing_pct(facts, _day(29), THREE_AM, [on_day_3]) == Decimal("90.91")
    assert correct_dosing_pct(facts, _day(29), THREE_AM, [on_day_4]) == 100


# mg swallowed    timeline                                            as of    intensity
INTENSITY = [
    (12, _plan("ixazomib"), 29, (28, 12, 28, "100.00")),
    (12, _plan("ixazomib"), 16, (28, 12, 28, "100.00")),  # to day 28 of the running cycle
    (8, _plan("ixazomib"), 29, (28, 12, 28, "66.67")),
    (24, _plan("ixazomib", 2), 57, (56, 24, 56, "100.00")),
    (12, _plan("ixazomib", 2), 28, (28, 12, 28, "100.00")),  # cycle 2 has not started
    (12, _plan("ixazomib", 2), 29, (56, 24, 56, "50.00")),  # now it has
    (16, _plan("ixazomib", 3), 57, (84, 36, 84, "44.44")),
    (0, _plan("lenalidomide"), 29, (0, 0, 0, None)),  # not a drug of this arm
    (0, _plan("ixazomib"), -3, (0, 0, 0, None)),  # no cycle has started
]


@pytest.mark.parametrize(("mg", "timeline", "day", "figures"), INTENSITY)
def test_dose_intensity(
    mg: int, timeline: Timeline, day: int, figures: tuple[int, int, int, str | None]
) -> None:
    actual_days, planned_mg, planned_days, pct = figures
    found = intensity(STUDY, timeline, "ixazomib", Decimal(mg), _day(day))
    assert found == Intensity(Decimal(mg), actual_days, Decimal(planned_mg), planned_days)
    assert found.rdi_pct == (Decimal(pct) if pct else None)


def test_delay_and_reduction_lower_intensity() -> None:
    delayed = ideal_timeline(STUDY, "lenalidomide", START, 2, BEIJING, time(8), {2: 7})
    full = intensity(STUDY, delayed, "lenalidomide", Decimal(550), _day(64))
    assert (full.actual_days, full.planned_days, full.rdi_pct) == (63, 56, Decimal("88.89"))
    reduced = replace(delayed, levels=(DoseLevel("lenalidomide", _day(0), "15mg"),))
    found = intensity(STUDY, reduced, "lenalidomide", Decimal(330), _day(64))
    assert (found.planned_mg, found.rdi_pct) == (Decimal(550), Decimal("53.33"))


def test_a_cycle_has_started_when_its_day_has_come_by_the_patients_calendar() -> None:
    timeline = _plan("ixazomib")
    midnight = datetime(2026, 11, 1, 16, tzinfo=UTC)
    assert started_cycles(timeline, midnight - timedelta(seconds=1)) == ()
    assert started_cycles(timeline, midnight) == timeline.cycles


@pytest.mark.parametrize(
    ("part", "whole", "figure"), [(1, 3, "33.33"), (2, 3, "66.67"), (1, 800, "0.13"), (3, 2, "150.00")]
)
def test_percent_is_rounded_half_up(part: int, whole: int, figure: str) -> None:
    assert percent(part, whole) == Decimal(figure)
