"""What may be said about a late dose, and what a report makes of a planned one.

Applies the study's fixed rules. Never advises beyond them: where they do not reach, the site decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from schedules.localtime import elapsed, instant
from schedules.study import Drug, Window


class Lateness(StrEnum):
    """The answer to "may I still take it?"."""

    TAKE = "TAKE"
    SKIP = "SKIP"
    ASK_SITE = "ASK_SITE"


class DoseStatus(StrEnum):
    """What became of a planned dose, as judged. Open, unanswered and not asked are never judged: they are
    what an as-of finds where no judgement is (adherence.py)."""

    HELD = "held"
    TAKEN_IN_WINDOW = "taken_in_window"
    TAKEN_EARLY = "taken_early"
    TAKEN_LATE = "taken_late"
    MISSED = "missed"


TAKEN = frozenset({DoseStatus.TAKEN_IN_WINDOW, DoseStatus.TAKEN_EARLY, DoseStatus.TAKEN_LATE})


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody said about one planned dose. `taken_at` None: taken, but nobody knows when.

    `quantity`: how many doses were swallowed; more than one is a double dose.
    """

    taken: bool
    taken_at: datetime | None = None
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Judgement:
    """The status of one dose, why (`cause`, a stable word), and the intakes that belong to no dose."""

    status: DoseStatus
    cause: str
    extra: int = 0


def lateness(drug: Drug, scheduled_at: datetime, asked_at: datetime, next_at: datetime | None) -> Lateness:
    """Whether a dose not yet taken may still be taken, in hours really elapsed, to the microsecond.

    `next_at` is the next planned dose of the drug, the expected one where its cycle is not released; None
    only where no further dose is planned. Ixazomib (label: next dose at least 72 h away): TAKE up to and
    including 96 h late, later ASK_SITE, too near the next dose SKIP. Lenalidomide (label): TAKE under 12 h,
    else SKIP.
    No drug is taken late once its next dose is due.
    Before it is due a dose is not late and no rule covers taking it earlier: ASK_SITE, never TAKE.
    """
    late = elapsed(scheduled_at, asked_at)
    if late < timedelta(0):
        return Lateness.ASK_SITE
    if next_at is not None and _too_near(drug.window, elapsed(asked_at, next_at)):
        return Lateness.SKIP
    if _may_take(drug.window, late):
        return Lateness.TAKE
    return Lateness.ASK_SITE if drug.window.beyond == "ask_site" else Lateness.SKIP


def late_text(drug: Drug, decision: Lateness) -> str | None:
    """Text id of the study's fixed words; None where it has none, and staff answer instead."""
    texts = drug.late_texts
    return {Lateness.TAKE: texts.take, Lateness.SKIP: texts.skip, Lateness.ASK_SITE: texts.ask_site}[decision]


def judge(
    window: Window,
    due_at: datetime,
    *,
    held: bool,
    report: Report | None,
    next_due_at: datetime | None = None,
) -> Judgement | None:
    """What the latest report and the holds make of one dose; None while there is nothing to judge.

    A held dose stays held: taking it all the same is an extra intake, and a hold never counts against the
    patient. On time is up to and including `window.on_time` either side. An intake at or after the drug's
    next planned dose (`next_due_at`) belongs there or is a double: it never fills the gap behind it. Somebody
    who cannot say has not answered: `report` is None, and the dose ends as unanswered.
    """
    swallowed = report.quantity if report is not None and report.taken else 0
    if held:
        return Judgement(DoseStatus.HELD, "taken_while_held" if swallowed else "held", extra=swallowed)
    if report is None:
        return None
    if not swallowed:
        return Judgement(DoseStatus.MISSED, "reported")
    if report.taken_at is None:
        # Never "in window" on no evidence, and never "missed" against the patient's word.
        return Judgement(DoseStatus.TAKEN_LATE, "time_unknown", extra=swallowed - 1)
    if next_due_at is not None and elapsed(next_due_at, report.taken_at) >= timedelta(0):
        return Judgement(DoseStatus.MISSED, "taken_after_next_due", extra=swallowed)
    return Judgement(_timing(window, elapsed(due_at, report.taken_at)), "reported", extra=swallowed - 1)


def closes_at(drug: Drug, due_at: datetime) -> datetime:
    """When silence closes the dose's window for asking, in elapsed hours after it was due."""
    return due_at.astimezone(UTC) + timedelta(hours=drug.close_after_hours)


def follow_up_at(local_date: date, local_time: time, zone: str) -> datetime:
    """The UTC instant of "did you take it?": the day after the dose, at the dose time by the wall clock."""
    return instant(local_date + timedelta(days=1), local_time, zone)


def _too_near(window: Window, left: timedelta) -> bool:
    # With the next dose already due there would be two at once, which no label allows for any drug.
    if window.late_next_min_hours is None:
        return left <= timedelta(0)
    return left < timedelta(hours=window.late_next_min_hours)


def _may_take(window: Window, late: timedelta) -> bool:
    if window.late_take_max_hours is not None:
        return late <= timedelta(hours=window.late_take_max_hours)
    return window.late_take_under_hours is not None and late < timedelta(hours=window.late_take_under_hours)


def _timing(window: Window, after_due: timedelta) -> DoseStatus:
    if after_due > window.on_time:
        return DoseStatus.TAKEN_LATE
    return DoseStatus.TAKEN_EARLY if after_due < -window.on_time else DoseStatus.TAKEN_IN_WINDOW
