"""What is on record about one participant, in the terms in which `schedules` counts. Pure: rows in, values out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from bot.reports.definitions import Rules
from bot.reports.ledger import Ledger
from bot.services.timeline import timeline_of
from schedules.adherence import DoseFact, ExtraIntake, Standing, Tally, standing, taken_mg, tally
from schedules.dosing import DoseStatus, Judgement, closes_at
from schedules.intensity import Intensity, intensity, started_cycles
from schedules.localtime import local
from schedules.regimen import (
    Cycle,
    PlannedDose,
    Timeline,
    arm_in_force,
    expected_cycle,
    is_held,
    level_in_force,
    zone_in_force,
)
from schedules.study import Study

UNSTATED, WITH_THE_NEXT, OTHER = "unstated", "taken_with_next", "other"
REASONS = ("forgot", "ill", "told_to_stop", "no_medicine", OTHER, UNSTATED, WITH_THE_NEXT)
Place = tuple[str, str, int]  # arm in force when the dose was due, drug, cycle


@dataclass(frozen=True, slots=True)
class Cell:
    """The figures of one participant, arm, drug and cycle."""

    arm: str
    drug: str
    cycle: int
    tally: Tally
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Given:
    """Dose intensity of one drug; `running`: its last started cycle is not over, so the figure will still move."""

    intensity: Intensity
    running: bool


@dataclass(frozen=True, slots=True)
class Asking:
    """One dose that was asked about, for the figures of asking: was it repeated, was it answered, may it still be?"""

    week: int
    nudged: bool
    answered: bool
    answered_after_nudge: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Person:
    """`arm`: in force at the as-of. `arms`: every arm that was ever in force. Week 1 begins on day 1 of the first cycle."""

    participant_id: int
    subject_id: str
    site: str
    arm: str
    arms: frozenset[str]
    cells: tuple[Cell, ...]
    given: Mapping[str, Given]
    askings: tuple[Asking, ...]
    timeline: Timeline


@dataclass(slots=True)
class _Counting:
    """One participant while the rows are gone through; leaves as a frozen Person."""

    study: Study
    timeline: Timeline
    as_of: datetime
    facts: defaultdict[Place, list[DoseFact]] = field(default_factory=lambda: defaultdict(list))
    extras: defaultdict[Place, list[ExtraIntake]] = field(default_factory=lambda: defaultdict(list))
    reasons: defaultdict[Place, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    askings: list[Asking] = field(default_factory=list)


def person_of(ledger: Ledger, rules: Rules, row: Row[Any]) -> Person:
    """Count one participant. Doses that the facts known by now no longer plan are no planned doses."""
    study = rules.current
    assert study is not None  # nobody is enrolled before the study is published
    as_of = ledger.scope.as_of
    timeline = _with_automatic_cycles(study, timeline_of(ledger.facts[row.participant_id]), as_of)
    counting = _Counting(study, timeline, as_of)
    for dose in ledger.doses.get(row.participant_id, ()):
        _take_in(counting, ledger, rules, dose)
    for intake in ledger.unplanned.get(row.participant_id, ()):
        _take_in_unplanned(counting, intake)
    arms = [one.arm for one in timeline.assignments]
    return Person(
        row.participant_id,
        row.subject_id,
        row.code,
        arm_in_force(timeline, as_of) or next(iter(arms), ""),
        frozenset(one.arm for one in timeline.assignments if one.effective_from <= as_of) or frozenset(arms),
        tuple(_cells(counting)),
        _given(counting),
        tuple(counting.askings),
        timeline,
    )


def _take_in(counting: _Counting, ledger: Ledger, rules: Rules, dose: Row[Any]) -> None:
    timeline = counting.timeline
    reports = ledger.reports.get(dose.dose_id, [])
    last = reports[-1] if reports else None
    arm = arm_in_force(timeline, dose.due_at)
    place = (arm or "", dose.drug, dose.cycle)
    level = level_in_force(counting.study, timeline, dose.drug, dose.due_at)
    if level is None or not _still_planned(timeline, dose):
        if last is not None and last.status == "taken":
            counting.extras[place].append(_extra(last, dose.drug, dose.due_at, dose.zone, dose.dose_mg))
        return
    planned = PlannedDose(
        dose.drug,
        dose.cycle,
        dose.cycle_day,
        counting.study.drugs[dose.drug].mg(level),
        dose.local_date,
        dose.local_time,
        dose.zone,
        dose.due_at,
        is_held(timeline, dose.drug, dose.due_at),
    )
    closing = closes_at(rules.by_hash[dose.definition].drugs[dose.drug], dose.due_at)
    asked = ledger.asked.get(dose.dose_id)
    prompted = asked is not None and asked.prompted_at < closing
    taken_at = last.taken_at if last is not None and last.status == "taken" else None
    fact = DoseFact(planned, _judgement(ledger.judgements.get(dose.dose_id)), closing, prompted, taken_at)
    counting.facts[place].append(fact)
    where = standing(fact, counting.as_of)
    if where is Standing.MISSED:
        counting.reasons[place][_reason(last)] += 1
    if prompted and where is not Standing.HELD:
        counting.askings.append(_asking(counting, fact, asked, reports))


def _still_planned(timeline: Timeline, dose: Row[Any]) -> bool:
    """An end or an early next cycle that was written down late: what lay behind it was never to be taken. Nor was what a
    first day that was corrected has moved elsewhere.
    """
    if timeline.ends_at is not None and dose.due_at >= timeline.ends_at:
        return False
    return not any(
        (cycle.number > dose.cycle and cycle.first_date <= dose.local_date)
        or (
            cycle.number == dose.cycle
            and cycle.first_date + timedelta(days=dose.cycle_day - 1) != dose.local_date
        )
        for cycle in timeline.cycles
    )


def _judgement(row: Row[Any] | None) -> Judgement | None:
    if row is None or row.status == "none":
        return None
    return Judgement(DoseStatus(row.status), row.cause, row.extra)


def _reason(report: Row[Any] | None) -> str:
    """Why a missed dose was not taken, as one of REASONS: they add up to the missed doses."""
    if report is None or (report.status != "taken" and not report.reason):
        return UNSTATED
    if report.status == "taken":
        return WITH_THE_NEXT
    return str(report.reason) if report.reason in REASONS else OTHER


def _extra(report: Row[Any], drug: str, taken_at: datetime, zone: str, mg: Any) -> ExtraIntake:
    return ExtraIntake(drug, report.taken_at or taken_at, zone, mg, report.quantity)


def _take_in_unplanned(counting: _Counting, report: Row[Any]) -> None:
    """An intake on a day without a dose. It fills no gap; its milligrams were swallowed all the same."""
    if report.status != "taken":
        return
    at = report.taken_at or report.recorded_at
    zone = zone_in_force(counting.timeline, at)
    drug = counting.study.drugs[report.drug]
    level = level_in_force(counting.study, counting.timeline, report.drug, at)
    mg = drug.mg(level) if level is not None else drug.levels[0].mg
    begun = started_cycles(counting.timeline, at)
    place = (arm_in_force(counting.timeline, at) or "", report.drug, begun[-1].number if begun else 0)
    counting.extras[place].append(_extra(report, report.drug, at, zone, mg))


def _cells(counting: _Counting) -> Iterable[Cell]:
    for place in sorted({*counting.facts, *counting.extras}):
        found = tally(counting.facts[place], counting.as_of, counting.extras[place])
        if found.planned or found.extra:
            yield Cell(*place, found, dict(sorted(counting.reasons[place].items())))


def _given(counting: _Counting) -> dict[str, Given]:
    drugs = sorted({drug for _, drug, _ in (*counting.facts, *counting.extras)})
    found = {}
    for drug in drugs:
        facts = [fact for place, own in counting.facts.items() if place[1] == drug for fact in own]
        extras = [extra for place, own in counting.extras.items() if place[1] == drug for extra in own]
        mg = taken_mg(facts, counting.as_of, extras)
        value = intensity(counting.study, counting.timeline, drug, mg, counting.as_of)
        if value.planned_days:
            found[drug] = Given(value, _running(counting, drug))
    return found


def _running(counting: _Counting, drug: str) -> bool:
    timeline, as_of = counting.timeline, counting.as_of
    if timeline.ends_at is not None and as_of >= timeline.ends_at:
        return False
    if level_in_force(counting.study, timeline, drug, as_of) is None:
        return False
    last = started_cycles(timeline, as_of)[-1]
    over = last.first_date + timedelta(days=counting.study.cycle_days)
    return local(as_of, zone_in_force(timeline, as_of)).date() < over


def _asking(counting: _Counting, fact: DoseFact, asked: Any, reports: list[Row[Any]]) -> Asking:
    """Only what the participant or family said answers a question; what staff recorded for them does not."""
    told = [
        one.recorded_at
        for one in reports
        if one.as_whom not in ("staff", "staff_by_phone", "system") and one.recorded_at >= asked.prompted_at
    ]
    nudged_at = asked.nudged_at
    nudged = nudged_at is not None and not any(at < nudged_at for at in told)
    return Asking(
        week_of(counting.timeline, fact.dose.local_date),
        nudged,
        bool(told),
        nudged and bool(told),
        not told and counting.as_of < fact.closes_at,
    )


def week_of(timeline: Timeline, on: date) -> int:
    """Week on study, counted from day 1 of the first cycle; 0 before it."""
    first = min(cycle.first_date for cycle in timeline.cycles)
    return max(0, (on - first).days // 7 + 1)


def _with_automatic_cycles(study: Study, timeline: Timeline, as_of: datetime) -> Timeline:
    """Where the study lets cycles follow by themselves, those that have begun count as released."""
    today = local(as_of, zone_in_force(timeline, as_of)).date()
    while study.cycle_release == "automatic":
        following: Cycle | None = expected_cycle(study, timeline)
        if following is None or following.first_date > today:
            break
        timeline = replace(timeline, cycles=(*timeline.cycles, following))
    return timeline
