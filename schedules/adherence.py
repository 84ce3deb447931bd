"""Compliance figures that can be defended: every planned dose in exactly one category, and two figures of it.

planned = held + in window + late + reported missed + unanswered + not asked + open

Counts only what it is given: the caller brings what was recorded up to the as-of. Silence is never counted as
a missed dose, a question never asked never as silence, a dose held by a doctor never against the patient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from schedules.dosing import TAKEN, DoseStatus, Judgement
from schedules.localtime import dosing_date
from schedules.regimen import PlannedDose


@dataclass(frozen=True, slots=True)
class DoseFact:
    """One planned dose and what was on record about it at the as-of.

    `judgement`: the latest one; `taken_at`: the intake it rests on; `closes_at`: when silence closes the
    window; `asked`: whether a prompt for it was delivered.
    """

    dose: PlannedDose
    judgement: Judgement | None
    closes_at: datetime
    asked: bool
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ExtraIntake:
    """Doses swallowed that belong to no planned dose (an off day), apart from those a judgement counts."""

    drug: str
    taken_at: datetime
    zone: str
    dose_mg: Decimal
    quantity: int = 1


class Standing(StrEnum):
    """Where a planned dose stands at an as-of."""

    HELD = "held"
    IN_WINDOW = "in_window"
    EARLY = "early"
    LATE = "late"
    MISSED = "missed"
    UNANSWERED = "unanswered"
    NOT_ASKED = "not_asked"
    OPEN = "open"


_JUDGED = {
    DoseStatus.HELD: Standing.HELD,
    DoseStatus.TAKEN_IN_WINDOW: Standing.IN_WINDOW,
    DoseStatus.TAKEN_EARLY: Standing.EARLY,
    DoseStatus.TAKEN_LATE: Standing.LATE,
    DoseStatus.MISSED: Standing.MISSED,
}


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of doses due by the as-of; tallies of several drugs, cycles or people add up (`total`).

    `late` is every dose taken outside its window, `early` says how many of them before it; `missed` is what
    was reported as not taken; `extra` counts intakes beyond the plan, which never fill a gap.
    """

    held: int = 0
    in_window: int = 0
    late: int = 0
    missed: int = 0
    unanswered: int = 0
    not_asked: int = 0
    open: int = 0
    early: int = 0
    extra: int = 0

    @property
    def planned(self) -> int:
        return self.held + self.taken + self.missed + self.unanswered + self.not_asked + self.open

    @property
    def taken(self) -> int:
        return self.in_window + self.late

    @property
    def adherence_pct(self) -> Decimal | None:
        """First figure: taken / (planned - held). Unanswered, not asked and open count as not taken."""
        return percent(self.taken, self.planned - self.held)

    @property
    def adherence_answered_pct(self) -> Decimal | None:
        """Second figure: taken / (taken + reported missed), answered doses only."""
        return percent(self.taken, self.taken + self.missed)

    @property
    def on_time_pct(self) -> Decimal | None:
        """Timing: in window / taken."""
        return percent(self.in_window, self.taken)

    @property
    def response_pct(self) -> Decimal | None:
        """Answered / (answered + unanswered): how often a delivered and closed question got an answer."""
        answered = self.taken + self.missed
        return percent(answered, answered + self.unanswered)


def standing(fact: DoseFact, as_of: datetime) -> Standing | None:
    """The one category of a dose; None while it is not due. A window closes at `closes_at`, not after it."""
    if fact.dose.due_at > as_of:
        return None
    if fact.judgement is not None:
        return _JUDGED[fact.judgement.status]
    if fact.dose.held:
        return Standing.HELD
    if as_of < fact.closes_at:
        return Standing.OPEN
    return Standing.UNANSWERED if fact.asked else Standing.NOT_ASKED


def tally(facts: Iterable[DoseFact], as_of: datetime, extras: Iterable[ExtraIntake] = ()) -> Tally:
    """The counts at that instant. Doses not yet due count nowhere."""
    found: Counter[str] = Counter()
    for fact in facts:
        where = standing(fact, as_of)
        if where is None:
            continue
        found[where.value] += 1
        found["late"] += where is Standing.EARLY
        found["extra"] += fact.judgement.extra if fact.judgement else 0
    found["extra"] += sum(extra.quantity for extra in extras if extra.taken_at <= as_of)
    return Tally(**found)


def total(tallies: Iterable[Tally]) -> Tally:
    """One tally of many: of a site, an arm, a study."""
    found: Counter[str] = Counter()
    for one in tallies:
        found.update({field.name: getattr(one, field.name) for field in fields(Tally)})
    return Tally(**found)


def taken_mg(facts: Iterable[DoseFact], as_of: datetime, extras: Iterable[ExtraIntake] = ()) -> Decimal:
    """Milligrams really swallowed of the doses due by the as-of, extra intakes included."""
    due = [fact for fact in facts if fact.dose.due_at <= as_of]
    of_doses = sum((_intakes(fact) * fact.dose.dose_mg for fact in due), Decimal(0))
    return of_doses + sum((one.quantity * one.dose_mg for one in extras if one.taken_at <= as_of), Decimal(0))


def correct_dosing_pct(
    facts: Iterable[DoseFact], as_of: datetime, ends: time, extras: Iterable[ExtraIntake] = ()
) -> Decimal | None:
    """Percent of dosing days, held doses left out, on which exactly what was planned was taken.

    Of several drugs all must be right. `ends`: the study's end of a dosing day. A dose taken at an unknown
    time, or on another day than planned, makes no day correct.
    """
    due = [fact for fact in facts if fact.dose.due_at <= as_of]
    planned = Counter((fact.dose.local_date, fact.dose.drug) for fact in due if not _is_held(fact, as_of))
    swallowed: Counter[tuple[date, str]] = Counter()
    for fact in due:
        if fact.taken_at is not None:
            swallowed[dosing_date(fact.taken_at, fact.dose.zone, ends), fact.dose.drug] += _intakes(fact)
    for extra in extras:
        if extra.taken_at <= as_of:
            swallowed[dosing_date(extra.taken_at, extra.zone, ends), extra.drug] += extra.quantity
    days = {on for on, _ in planned}
    wrong = {on for on, drug in planned.keys() | swallowed.keys() if planned[on, drug] != swallowed[on, drug]}
    return percent(len(days - wrong), len(days))


def percent(part: int | Decimal, whole: int | Decimal) -> Decimal | None:
    """Percentage to two decimals, half up; None of nothing."""
    if not whole:
        return None
    return (Decimal(100) * part / whole).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _is_held(fact: DoseFact, as_of: datetime) -> bool:
    return standing(fact, as_of) is Standing.HELD


def _intakes(fact: DoseFact) -> int:
    if fact.judgement is None:
        return 0
    return fact.judgement.extra + (fact.judgement.status in TAKEN)
