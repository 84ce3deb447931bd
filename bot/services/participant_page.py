"""One participant as staff see him: who, which treatment now, what is held or claimed, which contacts reach him."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select

from bot.db.people import CareLink, Consent, Contact, Invitation, Participant
from bot.db.regimens import Hold, Resume
from bot.db.sites import Site
from bot.errors import Refused
from bot.services import timeline, unsealing
from bot.services.access import Session, note_read
from bot.services.context import Tx
from bot.services.timeline import Course
from schedules.localtime import dosing_date
from schedules.regimen import Cycle, arm_in_force, expected_cycle, is_held, level_in_force


@dataclass(frozen=True, slots=True)
class Header:
    """What stands over every page about one person. Name and phone are empty for roles that may not see them."""

    participant_id: int
    subject_id: str
    site: str
    zone: str
    sex: str
    birth_year: int
    name: str
    phone: str
    status: str


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug of the arm in force. `level` and `mg` of the next dose; `held`: no dose is asked about now."""

    name: str
    level: str
    mg: str
    held: bool
    claimed: bool


@dataclass(frozen=True, slots=True)
class Regimen:
    arm: str
    drugs: tuple[Drug, ...]
    cycle: int | None
    cycle_day: int | None
    expected: Cycle | None
    overdue: bool  # the expected cycle should have begun, and nobody has released it


@dataclass(frozen=True, slots=True)
class Reach:
    """One address of the participant or of a caregiver: through what, in which state, with which consents."""

    channel: str
    relation: str
    state: str
    bound_at: datetime | None
    consents: tuple[tuple[str, str], ...]  # matter, decision


async def header(tx: Tx, session: Session, participant_id: int) -> Header:
    """Raises Refused for a participant whom this transaction cannot see: of another site or of none."""
    row = await tx.first(
        select(Participant, Site.code, Site.zone)
        .join(Site, Site.site_id == Participant.site_id)
        .where(Participant.participant_id == participant_id)
    )
    if row is None:
        raise Refused("staff.no_such_participant")
    opened: dict[Any, str] = {}
    if session.may("names"):
        opened = await unsealing.texts(tx, [row.name_sealed, row.phone_sealed])
        note_read(tx, session, "names", [participant_id])
    return Header(
        participant_id,
        row.subject_id,
        row.code,
        row.zone,
        row.sex,
        row.birth_year,
        opened.get(row.name_sealed, ""),
        opened.get(row.phone_sealed, ""),
        await timeline.status(tx, participant_id),
    )


def regimen(course: Course, now: datetime) -> Regimen:
    """The treatment in force now, as recorded."""
    study, facts = course.study, course.timeline
    arm = arm_in_force(facts, now)
    drugs = []
    for name in [one.drug for one in study.arms[arm].drugs] if arm else []:
        level = level_in_force(study, facts, name, now) or ""
        mg = format(study.drugs[name].mg(level).normalize(), "f") if level else ""
        drugs.append(Drug(name, level, mg, is_held(facts, name, now), name in course.claimed_holds))
    today = dosing_date(now, course.zone, study.dosing_day_ends)
    started = [cycle for cycle in facts.cycles if cycle.first_date <= today]
    last = max(started, key=lambda cycle: cycle.first_date) if started else None
    day = (today - last.first_date).days + 1 if last else None
    following = expected_cycle(study, facts)
    overdue = following is not None and following.first_date <= today and course.status != "ended"
    return Regimen(
        arm or "",
        tuple(drugs),
        last.number if last else None,
        day if day is not None and day <= study.cycle_days else None,
        following,
        overdue,
    )


def last_day(course: Course, cycle: Cycle) -> Any:
    return cycle.first_date + timedelta(days=course.study.cycle_days - 1)


async def holds(tx: Tx, participant_id: int) -> list[Row[Any]]:
    """Every hold with its end, newest first: ordered by staff, or claimed and not yet confirmed."""
    return await tx.all(
        select(Hold, Resume.effective_from.label("until"), Resume.recorded_by.label("resumed_by"))
        .outerjoin(Resume, Resume.hold_id == Hold.hold_id)
        .where(Hold.participant_id == participant_id)
        .order_by(Hold.effective_from.desc(), Hold.hold_id.desc())
    )


async def reach(tx: Tx, participant_id: int) -> list[Reach]:
    """Addresses without the addresses: which channels, whose, and what was agreed to."""
    rows = await tx.all(
        select(Contact, CareLink.relation)
        .join(CareLink, CareLink.correspondent_id == Contact.correspondent_id)
        .where(CareLink.participant_id == participant_id, CareLink.until.is_(None))
        .order_by(Contact.contact_id)
    )
    given = await tx.all(
        select(Consent.correspondent_id, Consent.matter, Consent.decision)
        .where(Consent.participant_id == participant_id)
        .order_by(Consent.consent_id)
    )
    latest = {(row.correspondent_id, row.matter): row.decision for row in given}
    return [
        Reach(
            row.channel,
            row.relation,
            row.state,
            row.bound_at,
            tuple(
                (matter, decision)
                for (who, matter), decision in latest.items()
                if who == row.correspondent_id
            ),
        )
        for row in rows
    ]


async def open_invitation(tx: Tx, participant_id: int) -> datetime | None:
    """Until when an unused invitation is still good."""
    found: datetime | None = await tx.scalar(
        select(Invitation.expires_at)
        .where(Invitation.participant_id == participant_id, Invitation.used_at.is_(None))
        .where(Invitation.voided_at.is_(None), Invitation.expires_at > tx.now)
        .order_by(Invitation.expires_at.desc())
        .limit(1)
    )
    return found
