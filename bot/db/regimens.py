"""What staff decided about a participant's treatment: insert-only, each effective from an instant.

A correction is a new row that names the one it supersedes; what was believed at any time stays readable.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, LocalDate, LocalTime, OptionalRef, OptionalWord, Recorded, Word


def _participant() -> Mapped[int]:
    return mapped_column(BigInteger, ForeignKey("participant.participant_id"))


class RegimenAssignment(Recorded, Base):
    __tablename__ = "regimen_assignment"
    __table_args__ = (Index("ix_regimen_assignment_participant_id", "participant_id"),)
    regimen_assignment_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    arm: Mapped[Word]
    effective_from: Mapped[Instant]


class DoseLevelChange(Recorded, Base):
    __tablename__ = "dose_level_change"
    __table_args__ = (Index("ix_dose_level_change_participant_id", "participant_id"),)
    dose_level_change_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    drug: Mapped[Word]
    level: Mapped[Word]
    effective_from: Mapped[Instant]


class Hold(Recorded, Base):
    """A stop ordered by the site (`confirmed`), or told by the participant and not yet confirmed."""

    __tablename__ = "hold"
    __table_args__ = (Index("ix_hold_participant_id", "participant_id"),)
    hold_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    drug: Mapped[OptionalWord]  # null: every drug
    effective_from: Mapped[Instant]
    confirmed: Mapped[bool]
    supersedes: Mapped[OptionalRef]


class Resume(Recorded, Base):
    """The end of a hold. Also what rejects an unconfirmed one (effective from the hold's own start)."""

    __tablename__ = "resume"
    __table_args__ = (Index("ix_resume_hold_id", "hold_id"),)
    resume_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    hold_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hold.hold_id"))
    effective_from: Mapped[Instant]


class CycleStart(Recorded, Base):
    """Day 1 of a cycle, released by staff (the first by the assignment). The latest row of a cycle counts."""

    __tablename__ = "cycle_start"
    __table_args__ = (Index("ix_cycle_start_participant_id", "participant_id", "cycle"),)
    cycle_start_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    cycle: Mapped[int] = mapped_column(Integer)
    local_date: Mapped[LocalDate]
    effective_from: Mapped[Instant]


class Habit(Recorded, Base):
    """Hour, zone and quiet hours of one participant, all of them, from an instant on."""

    __tablename__ = "habit"
    __table_args__ = (Index("ix_habit_participant_id", "participant_id", "effective_from"),)
    habit_id: Mapped[Id]
    participant_id: Mapped[int] = _participant()
    dose_time: Mapped[LocalTime]
    zone: Mapped[Word]
    quiet_from: Mapped[LocalTime]
    quiet_to: Mapped[LocalTime]
    effective_from: Mapped[Instant]
