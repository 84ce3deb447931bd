"""Sites, staff and participants come into being here."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, insert, select

from bot.db.people import Participant
from bot.db.regimens import CycleStart, Habit, RegimenAssignment
from bot.db.sites import Site, StaffMember, StaffSite
from bot.errors import Refused
from bot.services import linking, people, planning, rule_signatures, sealing
from bot.services.auditing import note_down, of_participant
from bot.services.author import Author
from bot.services.context import Tx
from schedules.localtime import in_quiet_hours, instant


@dataclasses.dataclass(frozen=True, slots=True)
class NewSite:
    code: str
    name: str
    zone: str
    language: str
    phone: str
    telegram_mode: str = "notice"
    digest_at: time = time(8, 0)
    escalate_minutes: int = 30


@dataclasses.dataclass(frozen=True, slots=True)
class NewStaff:
    site: str  # code
    role: str
    name: str
    email: str
    language: str


@dataclasses.dataclass(frozen=True, slots=True)
class NewParticipant:
    """`start`: local date of day 1 of the first cycle, which the assignment releases."""

    study: str
    site: str
    arm: str
    start: date
    dose_time: time
    name: str
    phone: str
    sex: str
    birth_year: int
    language: str = "zh_Hans_CN"
    zone: str | None = None
    quiet: tuple[time, time] | None = None  # the study's, unless the participant has others


@dataclasses.dataclass(frozen=True, slots=True)
class Enrolled:
    participant_id: int
    subject_id: str
    invited: linking.Invited


async def add_site(tx: Tx, site: NewSite, by: str) -> int:
    if await tx.scalar(select(Site.site_id).where(Site.code == site.code)) is not None:
        raise Refused("staff.site_exists", code=site.code)
    values = dataclasses.asdict(site) | {"created_at": tx.now}
    site_id = await tx.scalar(insert(Site).values(**values).returning(Site.site_id))
    note_down(tx, "system", by, "site_added", site=site.code)
    return int(site_id)


async def site_of(tx: Tx, code: str) -> Row[Any]:
    row = await tx.first(select(Site).where(Site.code == code))
    if row is None:
        raise Refused("staff.no_such_site", code=code)
    return row


async def add_staff(tx: Tx, staff: NewStaff, by: str) -> int:
    """A staff member of one site, reached by e-mail, after everybody who is already on call."""
    site = await site_of(tx, staff.site)
    key_id = await sealing.new_key(tx, "staff")
    staff_id = await tx.scalar(
        insert(StaffMember)
        .values(
            role=staff.role,
            language=staff.language,
            key_id=key_id,
            name_sealed=await sealing.seal(tx, key_id, "name", staff.name),
            active=True,
            created_at=tx.now,
        )
        .returning(StaffMember.staff_id)
    )
    order = await tx.scalar(
        select(func.count()).select_from(StaffSite).where(StaffSite.site_id == site.site_id)
    )
    await tx.execute(
        insert(StaffSite).values(staff_id=staff_id, site_id=site.site_id, on_call_order=order + 1)
    )
    account = tx.ctx.addresses.mail_account
    if await people.find(tx, "email", account, staff.email) is not None:
        raise Refused("staff.email_in_use")
    await people.add_contact(tx, "email", account, staff.email, key_id, staff_id)
    note_down(tx, f"staff:{staff_id}", by, "staff_added", role=staff.role, site=staff.site)
    return int(staff_id)


async def enrol(tx: Tx, new: NewParticipant, author: Author) -> Enrolled:
    """Participant, first assignment, first cycle, habits and an invitation, or nothing at all."""
    site = await site_of(tx, new.site)
    _, study = tx.ctx.book.study(new.study, tx.now)
    if not await rule_signatures.may_enrol(tx, new.study):
        raise Refused("console.rules.unsigned_live")
    if new.arm not in study.arms:
        raise Refused("staff.unknown_arm", arm=new.arm, known=", ".join(study.arms))
    zone = new.zone or site.zone
    _plausible(new, tx.now, zone)
    quiet_from, quiet_to = new.quiet or (study.quiet_from, study.quiet_to)
    if in_quiet_hours(instant(new.start, new.dose_time, zone), zone, quiet_from, quiet_to):
        raise Refused("staff.dose_time_is_quiet", time=f"{new.dose_time:%H:%M}")
    participant_id, subject_id = await _participant(tx, new, site)
    habit = {
        "zone": zone,
        "dose_time": new.dose_time,
        "quiet_from": quiet_from,
        "quiet_to": quiet_to,
    }
    first = instant(new.start, time(0, 0), zone)
    fact = {"participant_id": participant_id, "recorded_at": tx.now, **dataclasses.asdict(author)}
    begins = min(first, tx.now)
    await tx.execute(insert(RegimenAssignment).values(**fact, arm=new.arm, effective_from=begins))
    await tx.execute(insert(CycleStart).values(**fact, cycle=1, local_date=new.start, effective_from=first))
    await tx.execute(insert(Habit).values(**fact, **habit, effective_from=begins))
    of_participant(
        tx, participant_id, author.recorded_by, "enrolled", arm=new.arm, start=new.start.isoformat()
    )
    await planning.replan(tx, participant_id)
    invited = await linking.invite(tx, participant_id, author.recorded_by)
    return Enrolled(participant_id, subject_id, invited)


def _plausible(new: NewParticipant, now: datetime, zone: str) -> None:
    """Typing slips that would harm quietly: a phone without its last four digits, a century off, a year off."""
    if sum(ch.isdigit() for ch in new.phone) < 7:
        raise Refused("staff.phone_too_short")
    if not new.name.strip():
        raise Refused("staff.name_missing")
    today = now.astimezone(ZoneInfo(zone)).date()
    if not 18 <= today.year - new.birth_year <= 110:
        raise Refused("staff.birth_year", year=new.birth_year)
    if abs((new.start - today).days) > 366:
        raise Refused("staff.start_far_away", date=new.start.isoformat())


async def _participant(tx: Tx, new: NewParticipant, site: Row[Any]) -> tuple[int, str]:
    # The site's row is locked while a number is taken, so that two enrolments never get the same.
    await tx.execute(select(Site.site_id).where(Site.site_id == site.site_id).with_for_update())
    taken = await tx.scalar(
        select(func.count())
        .select_from(Participant)
        .where(Participant.study == new.study)
        .where(Participant.subject_id.startswith(f"{site.code}-", autoescape=True))
    )
    subject_id = f"{site.code}-{taken + 1:03d}"
    key_id = await sealing.new_key(tx, "participant")
    participant_id = await tx.scalar(
        insert(Participant)
        .values(
            study=new.study,
            site_id=site.site_id,
            subject_id=subject_id,
            sex=new.sex,
            birth_year=new.birth_year,
            language=new.language,
            key_id=key_id,
            name_sealed=await sealing.seal(tx, key_id, "name", new.name),
            phone_sealed=await sealing.seal(tx, key_id, "phone", new.phone),
            enrolled_at=tx.now,
        )
        .returning(Participant.participant_id)
    )
    return int(participant_id), subject_id


async def by_subject(tx: Tx, subject_id: str, study: str | None = None) -> int:
    query = select(Participant.participant_id).where(Participant.subject_id == subject_id)
    found = (
        (await tx.execute(query if study is None else query.where(Participant.study == study)))
        .scalars()
        .all()
    )
    if len(found) != 1:
        raise Refused("staff.no_such_subject", subject=subject_id)
    return int(found[0])
