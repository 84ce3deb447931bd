"""What holds for every calendar: order, no overlap, no dose lost to a clock change, the past left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

import schedules
from schedules.localtime import local
from schedules.regimen import (
    Assignment,
    DoseLevel,
    Habit,
    Hold,
    Timeline,
    cycle_spans,
    expected_cycle,
    ideal_timeline,
    next_due,
    planned_doses,
)
from schedules.study import parse_study

FILE = Path(schedules.__file__).parent / "studies" / "nct04217967.toml"
STUDY = parse_study(FILE.read_text("utf-8"), FILE.name)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Shanghai", "Pacific/Apia", "Australia/Lord_Howe")
ARMS = st.sampled_from(sorted(STUDY.arms))
ZONE = st.sampled_from(ZONES)
CLOCK = st.times().map(lambda at: at.replace(second=0, microsecond=0, fold=0))
# Apia left out 30 December 2011; the other zones change their clocks every spring and autumn.
STARTS = st.dates(date(2011, 11, 20), date(2012, 1, 10)) | st.dates(date(2020, 1, 1), date(2030, 12, 31))


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """A participant in any zone with up to four cycles, early or late."""
    delays = draw(st.dictionaries(st.integers(2, 4), st.integers(-27, 40)))
    return ideal_timeline(
        STUDY, draw(ARMS), draw(STARTS), draw(st.integers(1, 4)), draw(ZONE), draw(CLOCK), delays
    )


@st.composite
def changes(draw: st.DrawFn, timeline: Timeline, at: datetime) -> Timeline:
    """The same participant with one more change, effective from `at`."""
    drug = draw(st.sampled_from(sorted(STUDY.drugs)))
    level = draw(st.sampled_from([level.name for level in STUDY.drugs[drug].levels]))
    ends = at if timeline.ends_at is None else min(at, timeline.ends_at)
    return draw(
        st.sampled_from(
            [
                replace(timeline, assignments=(*timeline.assignments, Assignment(at, draw(ARMS)))),
                replace(timeline, levels=(*timeline.levels, DoseLevel(drug, at, level))),
                replace(timeline, holds=(*timeline.holds, Hold(draw(st.sampled_from([None, drug])), at))),
                replace(timeline, habits=(*timeline.habits, Habit(at, draw(ZONE), draw(CLOCK)))),
                replace(timeline, ends_at=ends),
            ]
        )
    )


@st.composite
def eventful(draw: st.DrawFn) -> Timeline:
    """A participant to whom up to five things happen, in any order of entry."""
    timeline = draw(timelines())
    for _ in range(draw(st.integers(0, 5))):
        timeline = draw(changes(timeline, draw(moments(timeline))))
    return timeline


def moments(timeline: Timeline) -> st.SearchStrategy[datetime]:
    """Instants from a day before the first cycle to the end of the last, to the minute."""
    first = datetime.combine(timeline.cycles[0].first_date, time(), tzinfo=UTC) - timedelta(days=1)
    days = (timeline.cycles[-1].first_date - timeline.cycles[0].first_date).days + STUDY.cycle_days + 2
    return st.integers(0, days * 1440).map(lambda minutes: first + timedelta(minutes=minutes))


@given(eventful())
@settings(deadline=None)
def test_doses_are_ordered_and_never_two_of_a_drug_on_one_date(timeline: Timeline) -> None:
    doses = planned_doses(STUDY, timeline)
    assert [(dose.due_at, dose.drug) for dose in doses] == sorted((dose.due_at, dose.drug) for dose in doses)
    assert len({(dose.drug, dose.local_date) for dose in doses}) == len(doses)
    assert len({(dose.drug, dose.cycle, dose.cycle_day) for dose in doses}) == len(doses)


@given(eventful())
@settings(deadline=None)
def test_cycles_never_overlap(timeline: Timeline) -> None:
    spans = cycle_spans(STUDY, timeline.cycles)
    for (cycle, length), (following, _) in pairwise(spans):
        assert 0 < length <= STUDY.cycle_days
        assert cycle.first_date + timedelta(days=length) <= following.first_date
    of_date = {(dose.local_date, dose.cycle) for dose in planned_doses(STUDY, timeline)}
    assert len({on for on, _ in of_date}) == len(of_date)


@given(timelines())
@settings(deadline=None)
def test_every_planned_day_is_present_across_clock_changes(timeline: Timeline) -> None:
    arm = STUDY.arms[timeline.assignments[0].arm]
    wanted = {
        (entry.drug, cycle.number, day)
        for cycle, length in cycle_spans(STUDY, timeline.cycles)
        for entry in arm.drugs
        for day in STUDY.drugs[entry.drug].days
        if day <= length
    }
    doses = planned_doses(STUDY, timeline)
    assert {(dose.drug, dose.cycle, dose.cycle_day) for dose in doses} == wanted
    assert len(doses) == len(wanted)


@given(eventful())
@settings(deadline=None)
def test_a_dose_is_due_when_the_clock_on_the_wall_shows_its_time(timeline: Timeline) -> None:
    for dose in planned_doses(STUDY, timeline):
        shown = local(dose.due_at, dose.zone).replace(tzinfo=None, fold=0)
        meant = datetime.combine(dose.local_date, dose.local_time)
        back = meant.replace(tzinfo=ZoneInfo(dose.zone)).astimezone(UTC).astimezone(ZoneInfo(dose.zone))
        skipped = back.replace(tzinfo=None) != meant
        assert shown > meant if skipped else shown == meant


@given(eventful(), st.sampled_from(sorted(STUDY.drugs)), st.data())
@settings(deadline=None)
def test_the_next_dose_is_the_first_of_the_whole_plan_after_that_instant(
    timeline: Timeline, drug: str, data: st.DataObject
) -> None:
    after = data.draw(moments(timeline))
    expected = expected_cycle(STUDY, timeline)
    assert expected is not None
    whole = planned_doses(STUDY, replace(timeline, cycles=(*timeline.cycles, expected)))
    following = [dose.due_at for dose in whole if dose.drug == drug and dose.due_at > after]
    assert next_due(STUDY, timeline, drug, after) == (following[0] if following else None)


@given(eventful(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_planning_twice_is_planning_once(timeline: Timeline, chance: Random) -> None:
    once = planned_doses(STUDY, timeline)
    assert planned_doses(STUDY, timeline) == once
    mixed = replace(timeline, cycles=tuple(chance.sample(timeline.cycles, len(timeline.cycles))))
    assert planned_doses(STUDY, mixed) == once


@given(eventful(), st.data())
@settings(deadline=None, max_examples=300)
def test_a_change_never_alters_a_dose_due_before_it(timeline: Timeline, data: st.DataObject) -> None:
    at = data.draw(moments(timeline))
    changed = data.draw(changes(timeline, at))
    assert [dose for dose in planned_doses(STUDY, changed) if dose.due_at < at] == [
        dose for dose in planned_doses(STUDY, timeline) if dose.due_at < at
    ]


@given(eventful(), st.data())
@settings(deadline=None)
def test_a_new_dose_time_or_zone_loses_and_adds_no_dose(timeline: Timeline, data: st.DataObject) -> None:
    # Only habits change here: arms, ends and levels turn on the instant and may rightly drop a dose.
    plain = replace(timeline, assignments=timeline.assignments[:1], ends_at=None)
    early = replace(plain.assignments[0], effective_from=datetime(2000, 1, 1, tzinfo=UTC))
    plain = replace(plain, assignments=(early,))
    habit = Habit(data.draw(moments(timeline)), data.draw(ZONE), data.draw(CLOCK))
    moved = replace(plain, habits=(*plain.habits, habit))
    assert {(dose.drug, dose.cycle, dose.cycle_day) for dose in planned_doses(STUDY, moved)} == {
        (dose.drug, dose.cycle, dose.cycle_day) for dose in planned_doses(STUDY, plain)
    }
