"""Alerts as staff see them: the list, worst first, and one alert with its cause, its words and everything done about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, select

from bot.db.alerts import Alert, AlertRepeat, AlertStep
from bot.db.doses import DoseEvent
from bot.db.media import MediaItem
from bot.db.people import Participant
from bot.db.sites import Site
from bot.errors import Refused
from bot.services import alert_life, unsealing
from bot.services.access import Session, note_read
from bot.services.context import Tx

# What was done, and how it ended: codes that the record keeps; their words stand in the catalogues.
ACTS = ("called", "messaged", "doctor_told", "visit_arranged", "sent_to_emergency", "dose_held")
OUTCOMES = (
    "settled",
    "visit_arranged",
    "sent_to_emergency",
    "doctor_decides",
    "not_reached",
    "nothing_needed",
)
STANDING = ("acknowledged", "acted", "closed", "reopened")
LONGEST = 300

_last_step = (
    select(AlertStep.alert_id, func.max(AlertStep.alert_step_id).label("step_id"))
    .where(AlertStep.step.in_(STANDING))
    .group_by(AlertStep.alert_id)
    .subquery()
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the inbox. `state`: open, acknowledged, acted, closed; `holder`: staff:7, or empty."""

    alert_id: int
    participant_id: int
    subject_id: str
    site: str
    zone: str
    tier: str
    kind: str
    rule: str
    raised_at: datetime
    state: str
    holder: str
    since: datetime
    name: str
    words: str
    again: bool  # somebody had it, and a worse answer came
    due_at: datetime | None = None

    def overdue(self, now: datetime) -> bool:
        return self.state == "open" and self.due_at is not None and self.due_at <= now


@dataclass(frozen=True, slots=True)
class Step:
    name: str
    at: datetime
    by: str
    outcome: str
    note: str


@dataclass(frozen=True, slots=True)
class Detail:
    entry: Entry
    steps: tuple[Step, ...]
    phone: str
    definition: str
    media_item_id: int | None
    dose: Row[Any] | None
    repeats: tuple[Row[Any], ...]  # the same found again later, and not told again


async def entries(
    tx: Tx, session: Session, *, closed: bool = False, participant_id: int | None = None
) -> list[Entry]:
    """Worst first, longest waiting first; closed ones newest first. Names and words only to roles that may see them."""
    is_closed = func.coalesce(AlertStep.step, "open") == "closed"
    query = _query().where(is_closed if closed else ~is_closed).limit(LONGEST)
    if participant_id is not None:
        query = query.where(Alert.participant_id == participant_id)
    tier = case({"emergency": 0, "urgent": 1, "routine": 2}, value=Alert.tier)
    order = (AlertStep.taken_at.desc(),) if closed else (tier, Alert.due_at.nulls_last(), Alert.raised_at)
    rows = await tx.all(query.order_by(*order))
    opened = await _open(tx, session, rows)
    return [_entry(row, opened) for row in rows]


async def detail(tx: Tx, session: Session, alert_id: int) -> Detail:
    """Raises Refused for an alert that this transaction cannot see."""
    row = await tx.first(_query().where(Alert.alert_id == alert_id))
    if row is None:
        raise Refused("staff.no_such_alert", id=alert_id)
    steps = await tx.all(
        select(AlertStep).where(AlertStep.alert_id == alert_id).order_by(AlertStep.alert_step_id)
    )
    opened = await _open(tx, session, [row], [one.note_sealed for one in steps])
    told = tuple(
        Step(one.step, one.taken_at, one.taken_by, one.outcome or "", opened.get(one.note_sealed, ""))
        for one in steps
    )
    item = select(MediaItem.media_item_id).where(MediaItem.inbox_id == row.inbox_id)
    dose = select(DoseEvent).where(DoseEvent.dose_id == row.dose_id)
    return Detail(
        _entry(row, opened),
        told,
        opened.get(row.phone_sealed, ""),
        row.definition or "",
        await tx.scalar(item) if row.inbox_id is not None else None,
        await tx.first(dose) if row.dose_id is not None else None,
        tuple(await tx.all(select(AlertRepeat).where(AlertRepeat.alert_id == alert_id))),
    )


def _query() -> Any:
    return (
        select(
            Alert,
            Participant.subject_id,
            Participant.name_sealed,
            Participant.phone_sealed,
            Site.code,
            Site.zone,
            AlertStep.step,
            AlertStep.outcome,
            AlertStep.taken_by,
            AlertStep.taken_at,
        )
        .join(Participant, Participant.participant_id == Alert.participant_id)
        .join(Site, Site.site_id == Participant.site_id)
        .outerjoin(_last_step, _last_step.c.alert_id == Alert.alert_id)
        .outerjoin(AlertStep, AlertStep.alert_step_id == _last_step.c.step_id)
    )


async def _open(
    tx: Tx, session: Session, rows: list[Row[Any]], notes: list[uuid.UUID | None] | None = None
) -> dict[uuid.UUID | None, str]:
    """Names and words that this role may read, in one statement; the reading is written down."""
    wanted: list[uuid.UUID | None] = []
    people = [row.participant_id for row in rows]
    if session.may("names"):
        wanted += [row.name_sealed for row in rows]
        wanted += [row.phone_sealed for row in rows] if notes is not None else []
        note_read(tx, session, "names", people)
    if session.may("words"):
        wanted += [row.words_sealed for row in rows] + (notes or [])
        note_read(tx, session, "words", [row.participant_id for row in rows if row.words_sealed])
    return await unsealing.texts(tx, wanted) if any(wanted) else {}


def _entry(row: Row[Any], opened: dict[uuid.UUID | None, str]) -> Entry:
    step = row.step or "open"
    return Entry(
        alert_id=row.alert_id,
        participant_id=row.participant_id,
        subject_id=row.subject_id,
        site=row.code,
        zone=row.zone,
        tier=row.tier,
        kind=row.kind,
        rule=row.rule,
        raised_at=row.raised_at,
        state="open" if step == "reopened" else step,
        holder=row.taken_by if step in ("acknowledged", "acted", "closed") else "",
        since=row.taken_at or row.raised_at,
        name=opened.get(row.name_sealed, ""),
        words=opened.get(row.words_sealed, ""),
        again=step == "reopened" and row.outcome != alert_life.LEFT,
        due_at=row.due_at,
    )
