"""Who of a site's participants needs somebody, and why: open alerts, silence, cycles to confirm, contacts out of reach.

A fixed number of statements, however many participants there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, distinct, func, literal, select

from bot.db.alerts import Alert, AlertRepeat, AlertStep
from bot.db.doses import DoseEvent, DosePrompt, DoseReport
from bot.db.people import Participant
from bot.db.sites import Site
from bot.db.symptoms import SymptomCheck, SymptomReport
from bot.services import timeline
from bot.services.context import Tx

SILENT_DOSE_DAYS = 2
LOOK_BACK = timedelta(days=14)
DAY = timedelta(days=1)
# Of somebody who has ended: silence is no silence any more, and nothing is left to reach or to release. What he told is.
MOOT = ("cycle_to_confirm", "unreachable", "contact_lost", "undeliverable", "reminder_failed")
WORST = {"emergency": 0, "urgent": 1, "routine": 2}


@dataclass(frozen=True, slots=True)
class Need:
    """One participant who needs somebody. `kinds` are ids of reasons, the worst first."""

    participant_id: int
    subject_id: str
    zone: str
    tier: str
    kinds: tuple[str, ...]
    since: datetime
    taken_by: str  # staff:7, or empty

    def as_json(self) -> dict[str, Any]:
        return {
            "participant_id": self.participant_id,
            "subject_id": self.subject_id,
            "zone": self.zone,
            "tier": self.tier,
            "kinds": list(self.kinds),
            "since": self.since.isoformat(),
            "taken_by": self.taken_by,
        }

    @staticmethod
    def from_json(kept: dict[str, Any]) -> Need:
        since = datetime.fromisoformat(kept["since"])
        return Need(**{**kept, "kinds": tuple(kept["kinds"]), "since": since})


@dataclass(frozen=True, slots=True)
class _Reason:
    participant_id: int
    tier: str
    kind: str
    since: datetime
    taken_by: str = ""
    alert: bool = False


async def of_site(tx: Tx, site_id: int) -> list[Need]:
    """Worst first, then longest waiting. Silence ranks like an urgent symptom: nobody knows how such a person is."""
    people = await _participants(tx, site_id)
    statuses = await timeline.statuses_of(tx, list(people))
    reasons = [
        *await _open_alerts(tx, site_id),
        *await _silent_on_doses(tx, site_id),
        *await _silent_on_checks(tx, site_id),
        *await _held_back(tx, site_id),
    ]
    found: list[Need] = []
    for participant_id, person in people.items():
        own = [one for one in reasons if one.participant_id == participant_id]
        if statuses.get(participant_id) == "ended":
            own = [one for one in own if one.alert and one.kind not in MOOT]
        if own:
            found.append(_need(person, own))
    return sorted(found, key=lambda need: (WORST[need.tier], need.since, need.subject_id))


def _need(person: Row[Any], own: list[_Reason]) -> Need:
    own = sorted(own, key=lambda one: (WORST[one.tier], one.since))
    kinds = tuple(dict.fromkeys(one.kind for one in own))
    # In hand only if all that is as bad is: somebody who took a lesser alert may not know of this one.
    worst = [one.taken_by for one in own if one.tier == own[0].tier]
    taken = worst[0] if all(worst) else ""
    since = min(one.since for one in own)
    return Need(person.participant_id, person.subject_id, person.zone, own[0].tier, kinds, since, taken)


async def _participants(tx: Tx, site_id: int) -> dict[int, Row[Any]]:
    """Everybody of the site."""
    rows = await tx.all(
        select(Participant.participant_id, Participant.subject_id, Site.zone)
        .join(Site, Site.site_id == Participant.site_id)
        .where(Participant.site_id == site_id)
    )
    return {row.participant_id: row for row in rows}


async def _open_alerts(tx: Tx, site_id: int) -> list[_Reason]:
    last = (
        select(AlertStep.alert_id, func.max(AlertStep.alert_step_id).label("step_id"))
        .where(AlertStep.step.in_(("acknowledged", "acted", "closed", "reopened")))
        .group_by(AlertStep.alert_id)
        .subquery()
    )
    rows = await tx.all(
        select(Alert, AlertStep.step, AlertStep.taken_by)
        .join(Participant, Participant.participant_id == Alert.participant_id)
        .outerjoin(last, last.c.alert_id == Alert.alert_id)
        .outerjoin(AlertStep, AlertStep.alert_step_id == last.c.step_id)
        .where(Participant.site_id == site_id, func.coalesce(AlertStep.step, "open") != "closed")
    )
    return [
        _Reason(
            row.participant_id,
            row.tier,
            row.kind,
            row.raised_at,
            row.taken_by if row.step in ("acknowledged", "acted") else "",
            alert=True,
        )
        for row in rows
    ]


async def _silent_on_doses(tx: Tx, site_id: int) -> list[_Reason]:
    """No answer on the last two dose days that were asked about, each of them over a day ago."""
    days = (
        select(
            DoseEvent.participant_id,
            DoseEvent.local_date,
            func.max(DoseEvent.due_at).label("due_at"),
            func.count(distinct(DoseReport.dose_id)).label("answers"),
            func.row_number()
            .over(partition_by=DoseEvent.participant_id, order_by=DoseEvent.local_date.desc())
            .label("back"),
        )
        .join(DosePrompt, DosePrompt.dose_id == DoseEvent.dose_id)
        .join(Participant, Participant.participant_id == DoseEvent.participant_id)
        .outerjoin(DoseReport, DoseReport.dose_id == DoseEvent.dose_id)
        .where(Participant.site_id == site_id, DoseEvent.superseded_at.is_(None))
        .where(DoseEvent.due_at.between(tx.now - LOOK_BACK, tx.now - DAY))
        .group_by(DoseEvent.participant_id, DoseEvent.local_date)
        .subquery()
    )
    rows = await tx.all(
        select(days.c.participant_id, func.min(days.c.due_at).label("since"))
        .where(days.c.back <= SILENT_DOSE_DAYS)
        .group_by(days.c.participant_id)
        .having(func.count() == SILENT_DOSE_DAYS)
        .having(func.sum(case((days.c.answers > 0, 1), else_=0)) == 0)
    )
    return [_Reason(row.participant_id, "urgent", "silent_doses", row.since) for row in rows]


async def _silent_on_checks(tx: Tx, site_id: int) -> list[_Reason]:
    """The last weekly check was asked over two days ago and nobody answered it."""
    rows = await tx.all(
        select(SymptomCheck.participant_id, func.max(SymptomCheck.asked_at).label("since"))
        .join(Participant, Participant.participant_id == SymptomCheck.participant_id)
        .where(Participant.site_id == site_id)
        .where(SymptomCheck.asked_at.between(tx.now - LOOK_BACK, tx.now - 2 * DAY))
        .where(
            ~select(literal(1))
            .where(SymptomReport.participant_id == SymptomCheck.participant_id)
            .where(SymptomReport.recorded_at >= SymptomCheck.asked_at)
            .exists()
        )
        .group_by(SymptomCheck.participant_id)
    )
    return [_Reason(row.participant_id, "urgent", "silent_check", row.since) for row in rows]


async def _held_back(tx: Tx, site_id: int) -> list[_Reason]:
    """Since yesterday the same was found again that was handled before: counted, and not told as an alert."""
    rows = await tx.all(
        select(AlertRepeat.participant_id, func.min(AlertRepeat.recorded_at).label("since"))
        .join(Participant, Participant.participant_id == AlertRepeat.participant_id)
        .where(Participant.site_id == site_id, AlertRepeat.recorded_at > tx.now - DAY)
        .group_by(AlertRepeat.participant_id)
    )
    return [_Reason(row.participant_id, "routine", "symptom_repeat", row.since) for row in rows]
