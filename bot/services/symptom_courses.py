"""How each symptom of one participant went: the provisional grades in order of time, with the answers behind them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.db.symptoms import ProvisionalGrade, SymptomCheck, SymptomReport
from bot.services.context import Tx


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    grade: int
    version: str
    basis: str
    raw: dict[str, Any]
    as_whom: str
    occasion: str


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One symptom, oldest first."""

    term: str
    points: tuple[Point, ...]

    @property
    def worst(self) -> int:
        return max(point.grade for point in self.points)


@dataclass(frozen=True, slots=True)
class Checks:
    """Weekly checks that were asked, and how many of them were answered."""

    asked: int
    answered: int
    last: Row[Any] | None


async def trajectories(tx: Tx, participant_id: int) -> list[Trajectory]:
    """The symptom whose latest grade is highest comes first, then what was worst.

    Grades are provisional: staff alone write adverse events.
    """
    rows = await tx.all(
        select(ProvisionalGrade, SymptomReport.as_whom, SymptomReport.occasion)
        .join(SymptomReport, SymptomReport.symptom_report_id == ProvisionalGrade.symptom_report_id)
        .where(ProvisionalGrade.participant_id == participant_id)
        .order_by(ProvisionalGrade.recorded_at, ProvisionalGrade.provisional_grade_id)
    )
    found: dict[str, list[Point]] = {}
    for row in rows:
        point = Point(
            row.recorded_at, row.grade, row.ctcae_version, row.basis, row.raw, row.as_whom, row.occasion
        )
        found.setdefault(row.term, []).append(point)
    lines = [Trajectory(term, tuple(points)) for term, points in found.items()]
    return sorted(lines, key=lambda line: (-line.points[-1].grade, -line.worst, line.term))


async def checks(tx: Tx, participant_id: int) -> Checks:
    due = await tx.all(select(SymptomCheck.due_on).where(SymptomCheck.participant_id == participant_id))
    reports = await tx.all(
        select(SymptomReport)
        .where(SymptomReport.participant_id == participant_id)
        .order_by(SymptomReport.recorded_at)
    )
    answered = {row.due_on for row in reports if row.due_on is not None}
    return Checks(len(due), len(answered & {row.due_on for row in due}), reports[-1] if reports else None)
