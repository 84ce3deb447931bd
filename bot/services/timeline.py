"""A participant's facts, read from their rows into the values that `schedules` computes with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from sqlalchemy import Executable, Row, Select, literal, null, select, type_coerce, union_all

from bot.db.built import built
from bot.db.companions import CompanionChoice
from bot.db.people import Participant, StatusChange
from bot.db.regimens import CycleStart, DoseLevelChange, Habit, Hold, RegimenAssignment, Resume
from bot.services.context import Tx
from schedules import regimen
from schedules.companions import Companion
from schedules.study import Study


@dataclass(frozen=True, slots=True)
class Course:
    """Everything decided about one participant, as far as recorded."""

    participant_id: int
    study_hash: str
    study: Study
    timeline: regimen.Timeline
    status: str  # active, paused, ended
    zone: str
    dose_time: time
    quiet_from: time
    quiet_to: time
    claimed_holds: frozenset[str]  # drugs that the participant says were stopped, not yet confirmed
    companions: tuple[Companion, ...] = ()  # what staff chose beside the study drugs


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows about one participant, in the order in which they take effect; of one instant, the later written last."""

    assignments: list[Row[Any]]
    levels: list[Row[Any]]
    holds: list[Row[Any]]
    resumes: list[Row[Any]]
    cycles: list[Row[Any]]
    habits: list[Row[Any]]
    statuses: list[Row[Any]]


def timeline_of(facts: Facts) -> regimen.Timeline:
    """What these facts say together. An end that was taken back ends nothing."""
    end = end_of(facts.statuses)
    return regimen.Timeline(
        assignments=tuple(regimen.Assignment(row.effective_from, row.arm) for row in facts.assignments),
        cycles=_cycles(facts.cycles),
        habits=tuple(regimen.Habit(row.effective_from, row.zone, row.dose_time) for row in facts.habits),
        levels=tuple(regimen.DoseLevel(row.drug, row.effective_from, row.level) for row in facts.levels),
        holds=_holds(facts),
        ends_at=None if end is None else end.effective_from,
    )


TABLES: dict[str, Any] = {
    "assignments": RegimenAssignment,
    "levels": DoseLevelChange,
    "holds": Hold,
    "resumes": Resume,
    "cycles": CycleStart,
    "habits": Habit,
    "statuses": StatusChange,
}
# Read beside them, and no part of what a dose is.
_READ: dict[str, Any] = {**TABLES, "companions": CompanionChoice}
_COLUMNS = {
    column.name: column
    for table in _READ.values()
    for column in table.__table__.columns
    if column.name in {
        "effective_from", "arm", "drug", "level", "hold_id", "confirmed", "supersedes", "cycle_start_id", "cycle",
        "local_date", "zone", "dose_time", "quiet_from", "quiet_to", "status_change_id", "status", "reason",
        "matter", "choice", "rhythm",
    }
}  # fmt: skip


def _part(kind: str, table: Any, participant_id: Any) -> Select[Any]:
    """One table in the shape of all of them; what it does not have is null."""
    own = table.__table__.columns
    given = [
        (own[name] if name in own else type_coerce(null(), column.type).cast(column.type)).label(name)
        for name, column in _COLUMNS.items()
    ]
    key = next(iter(table.__table__.primary_key.columns)).label("row_id")
    return (
        select(literal(kind).label("kind"), key, *given, Participant.study)
        .join(Participant, Participant.participant_id == table.participant_id)
        .where(table.participant_id == participant_id)
    )


# Asked with every reminder and every answer: one question to the database instead of seven.
@built
def _facts(participant_id: Any) -> Executable:
    parts = (_part(kind, table, participant_id) for kind, table in _READ.items())
    return union_all(*parts).order_by("effective_from", "row_id")


async def load(tx: Tx, participant_id: int) -> Course:
    rows = await tx.all(_facts(participant_id))
    study_hash, study = tx.ctx.book.study(rows[0].study, tx.now)
    facts = Facts(**{kind: [row for row in rows if row.kind == kind] for kind in TABLES})
    latest = _at(facts.habits, tx.now) or facts.habits[0]
    return Course(
        participant_id,
        study_hash,
        study,
        timeline_of(facts),
        status_of(facts.statuses, tx.now),
        latest.zone,
        latest.dose_time,
        latest.quiet_from,
        latest.quiet_to,
        _claimed(facts),
        _companions(rows),
    )


async def status(tx: Tx, participant_id: int) -> str:
    return status_of(await _statuses(tx, participant_id), tx.now)


async def end_reason(tx: Tx, participant_id: int) -> str | None:
    """Why it ended; None while it has not."""
    row = _in_force(await _statuses(tx, participant_id), tx.now)
    return row.reason if row is not None and row.status == "ended" else None


def status_of(changes: Sequence[Row[Any]], now: datetime) -> str:
    row = _in_force(changes, now)
    return "active" if row is None else str(row.status)


def end_of(changes: Sequence[Row[Any]]) -> Row[Any] | None:
    """The end that stands: the one written last. Whatever is dated later, a pause undoes it as little as going on after it.

    Only who writes after it that it goes on, from its day or a later one, takes it back.
    """
    end = max((row for row in changes if row.status == "ended"), key=_written, default=None)
    if end is None:
        return None
    later = (row for row in changes if row.status == "active" and _written(row) > _written(end))
    return None if any(row.effective_from >= end.effective_from for row in later) else end


def _in_force(changes: Sequence[Row[Any]], now: datetime) -> Row[Any] | None:
    end = end_of(changes)
    if end is not None and end.effective_from <= now:
        return end
    last = max((_written(row) for row in changes if row.status == "ended"), default=0)
    return _at([row for row in changes if row.status != "ended" or _written(row) == last], now)


def _written(row: Row[Any]) -> int:
    return int(row.status_change_id)


@built
def _status_changes(participant_id: Any) -> Executable:
    mine = select(StatusChange).where(StatusChange.participant_id == participant_id)
    return mine.order_by(StatusChange.effective_from, StatusChange.status_change_id)


async def statuses_of(tx: Tx, people: Sequence[int]) -> dict[int, str]:
    """Of many at once, with one statement. Who has no change of status is left out: he is active."""
    mine = select(StatusChange).where(StatusChange.participant_id.in_(people))
    found: dict[int, list[Row[Any]]] = {}
    for row in await tx.all(mine.order_by(StatusChange.effective_from, StatusChange.status_change_id)):
        found.setdefault(row.participant_id, []).append(row)
    return {who: status_of(changes, tx.now) for who, changes in found.items()}


async def _statuses(tx: Tx, participant_id: int) -> list[Row[Any]]:
    """In the order in which they take effect; of two from one instant, the later written counts."""
    return await tx.all(_status_changes(participant_id))


def _at(rows: list[Row[Any]], now: datetime) -> Row[Any] | None:
    started = [row for row in rows if row.effective_from <= now]
    return started[-1] if started else None


def _cycles(rows: list[Row[Any]]) -> tuple[regimen.Cycle, ...]:
    """Of each cycle the row written last: a corrected start replaces the earlier one."""
    latest = {row.cycle: row for row in sorted(rows, key=lambda row: row.cycle_start_id)}
    return tuple(regimen.Cycle(number, latest[number].local_date) for number in sorted(latest))


def _holds(facts: Facts) -> tuple[regimen.Hold, ...]:
    ends = {row.hold_id: row.effective_from for row in facts.resumes}
    return tuple(
        regimen.Hold(row.drug, row.effective_from, ends.get(row.hold_id))
        for row in facts.holds
        if row.confirmed
    )


def _companions(rows: Sequence[Row[Any]]) -> tuple[Companion, ...]:
    """In the order in which they were written."""
    chosen = sorted((row for row in rows if row.kind == "companions"), key=lambda row: row.row_id)
    return tuple(Companion(row.matter, row.choice, row.rhythm, row.effective_from) for row in chosen)


def _claimed(facts: Facts) -> frozenset[str]:
    """Drugs whose hold was told by the participant, and neither confirmed nor rejected.

    A hold of everything confirms whatever was told before it.
    """
    settled = {row.supersedes for row in facts.holds} | {row.hold_id for row in facts.resumes}
    of_all = max((row.hold_id for row in facts.holds if row.confirmed and row.drug is None), default=0)
    return frozenset(
        row.drug
        for row in facts.holds
        if not row.confirmed and row.hold_id not in settled and row.hold_id > of_all and row.drug
    )
