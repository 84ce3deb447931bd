"""Everybody of a staff member's sites, whoever needs somebody first. A fixed number of statements, however many people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.inbox import InboxMessage
from bot.db.people import Participant
from bot.db.regimens import CycleStart, RegimenAssignment
from bot.db.symptoms import ProvisionalGrade
from bot.services import needs, timeline, unsealing
from bot.services.access import Session, note_read
from bot.services.context import Tx
from bot.services.needs import Need

NEWS = timedelta(days=14)  # a change for the worse is news for as long


@dataclass(frozen=True, slots=True)
class Worse:
    """A symptom whose provisional grade went up."""

    term: str
    before: int
    grade: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the list. `cycle` and `cycle_day` are today's; None before the first or after a cycle's last day."""

    participant_id: int
    subject_id: str
    site: str
    zone: str
    name: str
    status: str
    arm: str
    cycle: int | None
    cycle_day: int | None
    last_heard: datetime | None
    need: Need | None
    worse: tuple[Worse, ...]


@dataclass(frozen=True, slots=True)
class Worklist:
    needing: tuple[Line, ...]
    others: tuple[Line, ...]
    ended: tuple[Line, ...]


async def load(tx: Tx, session: Session) -> Worklist:
    """Worst first, then longest waiting; those who need nobody by subject id. Reading names is written down."""
    people = await tx.all(
        select(Participant).where(Participant.site_id.in_(session.site_ids)).order_by(Participant.subject_id)
    )
    found = {
        need.participant_id: need for site in session.sites for need in await needs.of_site(tx, site.site_id)
    }
    lines = await _lines(tx, session, people, found)
    in_need = [line for line in lines if line.need is not None]
    in_need.sort(key=lambda line: _rank(line.need))
    calm = [line for line in lines if line.need is None]
    return Worklist(
        tuple(in_need),
        tuple(line for line in calm if line.status != "ended"),
        tuple(line for line in calm if line.status == "ended"),
    )


def _rank(need: Need | None) -> tuple[Any, ...]:
    assert need is not None
    return (needs.WORST[need.tier], bool(need.taken_by), need.since, need.subject_id)


async def _lines(tx: Tx, session: Session, people: list[Row[Any]], found: dict[int, Need]) -> list[Line]:
    ids = [person.participant_id for person in people]
    names: dict[Any, str] = {}
    if session.may("names"):
        names = await unsealing.texts(tx, [person.name_sealed for person in people])
        note_read(tx, session, "names", ids)
    statuses = await timeline.statuses_of(tx, ids)
    arms = {row.participant_id: row.arm for row in await _latest(tx, RegimenAssignment, ids)}
    cycles = await _cycles(tx, ids)
    heard = await _last_heard(tx, ids)
    worse = await _worse(tx, ids)
    sites = {site.site_id: site for site in session.sites}
    lines = []
    for person in people:
        site, who = sites[person.site_id], person.participant_id
        today = tx.now.astimezone(ZoneInfo(site.zone)).date()
        cycle, day = _today(cycles.get(who, {}), today, _cycle_days(tx, person.study))
        lines.append(
            Line(
                who,
                person.subject_id,
                site.code,
                site.zone,
                names.get(person.name_sealed, ""),
                statuses.get(who, "active"),
                arms.get(who, ""),
                cycle,
                day,
                heard.get(who),
                found.get(who),
                tuple(worse.get(who, ())),
            )
        )
    return lines


def _cycle_days(tx: Tx, study: str) -> int:
    return tx.ctx.book.study(study, tx.now)[1].cycle_days


def _today(cycles: dict[int, date], today: date, cycle_days: int) -> tuple[int | None, int | None]:
    started = [(first, number) for number, first in cycles.items() if first <= today]
    if not started:
        return None, None
    first, number = max(started)
    day = (today - first).days + 1
    return (number, day) if day <= cycle_days else (number, None)


async def _latest(tx: Tx, table: Any, ids: list[int]) -> list[Row[Any]]:
    """The row in force of each participant; of two from one instant, the later written."""
    key = next(iter(table.__table__.primary_key.columns))
    return await tx.all(
        select(table)
        .ext(distinct_on(table.participant_id))
        .where(table.participant_id.in_(ids), table.effective_from <= tx.now)
        .order_by(table.participant_id, table.effective_from.desc(), key.desc())
    )


async def _cycles(tx: Tx, ids: list[int]) -> dict[int, dict[int, date]]:
    """Of each cycle the row written last: a corrected start replaces the earlier one."""
    rows = await tx.all(
        select(CycleStart.participant_id, CycleStart.cycle, CycleStart.local_date)
        .ext(distinct_on(CycleStart.participant_id, CycleStart.cycle))
        .where(CycleStart.participant_id.in_(ids))
        .order_by(CycleStart.participant_id, CycleStart.cycle, CycleStart.cycle_start_id.desc())
    )
    found: dict[int, dict[int, date]] = {}
    for row in rows:
        found.setdefault(row.participant_id, {})[row.cycle] = row.local_date
    return found


async def _last_heard(tx: Tx, ids: list[int]) -> dict[int, datetime]:
    rows = await tx.all(
        select(InboxMessage.participant_id, func.max(InboxMessage.received_at).label("at"))
        .where(InboxMessage.participant_id.in_(ids))
        .group_by(InboxMessage.participant_id)
    )
    return {row.participant_id: row.at for row in rows}


async def _worse(tx: Tx, ids: list[int]) -> dict[int, list[Worse]]:
    """Of each symptom the newest grade, where it is higher than the one before; the highest first."""
    rows = await tx.all(
        select(ProvisionalGrade)
        .ext(distinct_on(ProvisionalGrade.participant_id, ProvisionalGrade.term))
        .where(ProvisionalGrade.participant_id.in_(ids), ProvisionalGrade.recorded_at > tx.now - NEWS)
        .order_by(
            ProvisionalGrade.participant_id,
            ProvisionalGrade.term,
            ProvisionalGrade.recorded_at.desc(),
            ProvisionalGrade.provisional_grade_id.desc(),
        )
    )
    found: dict[int, list[Worse]] = {}
    for row in sorted(rows, key=lambda row: -row.grade):
        if row.grade > (row.before or 0):
            news = Worse(row.term, row.before or 0, row.grade, row.recorded_at)
            found.setdefault(row.participant_id, []).append(news)
    return found
