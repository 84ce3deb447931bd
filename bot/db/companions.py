"""Medicines and matters beside the study drugs: what staff have set for a participant, and what was answered. Insert-only."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, LocalDate, Recorded, Word


class CompanionChoice(Recorded, Base):
    """The latest row of a matter counts, from its instant on: acyclovir, aspirin, tmp_smx, contraception, pregnancy_test."""

    __tablename__ = "companion_choice"
    __table_args__ = (Index("ix_companion_choice_participant_id", "participant_id", "matter"),)
    companion_choice_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    matter: Mapped[Word]
    choice: Mapped[Word]  # off, on
    rhythm: Mapped[Word]  # of a medicine: asked about weekly or daily
    effective_from: Mapped[Instant]
    since: Mapped[LocalDate]  # of a medicine: when it was begun (trimethoprim raises creatinine)


class CompanionAnswer(Recorded, Base):
    """What was said about one matter on one day: taken, missed, stopped; read; something new, nothing new."""

    __tablename__ = "companion_answer"
    __table_args__ = (Index("ix_companion_answer_participant_id", "participant_id", "due_on"),)
    companion_answer_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    matter: Mapped[Word]
    due_on: Mapped[LocalDate]
    answer: Mapped[Word]
