"""Answers about symptoms as they were given, and the provisional grades that rules made of them. Insert-only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, Json, LocalDate, OptionalRef, Recorded, Word


class SymptomReport(Recorded, Base):
    """One finished (or closed) symptom check. `answers` are coded; free words are sealed in `note_sealed`."""

    __tablename__ = "symptom_report"
    __table_args__ = (Index("ix_symptom_report_participant_id", "participant_id", "recorded_at"),)
    symptom_report_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    conversation_id: Mapped[OptionalRef]
    questionnaire: Mapped[Word]
    definition: Mapped[Word]  # hash of the questionnaire
    occasion: Mapped[Word]  # weekly, told (by the participant), dose (felt ill), staff
    due_on: Mapped[LocalDate | None]  # the week's check that it answers
    answers: Mapped[Json]
    complete: Mapped[bool] = mapped_column(Boolean)


class SymptomCheck(Base):
    """A weekly check that was due: asked or not, answered or not, computed from what points here."""

    __tablename__ = "symptom_check"
    __table_args__ = (Index("uq_symptom_check_due", "participant_id", "due_on", unique=True),)
    symptom_check_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    due_on: Mapped[LocalDate]
    conversation_id: Mapped[OptionalRef]
    asked_at: Mapped[Instant]


class ProvisionalGrade(Base):
    """What a rule made of the answers. Never shown to a patient; staff alone write an adverse event."""

    __tablename__ = "provisional_grade"
    __table_args__ = (
        Index("ix_provisional_grade_symptom_report_id", "symptom_report_id"),
        Index("ix_provisional_grade_participant_id", "participant_id", "term"),
    )
    provisional_grade_id: Mapped[Id]
    symptom_report_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("symptom_report.symptom_report_id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    term: Mapped[Word]
    grade: Mapped[int] = mapped_column(Integer)
    ctcae_version: Mapped[Word]
    basis: Mapped[Word]  # rule id@version
    definition: Mapped[Word]
    raw: Mapped[Json]
    before: Mapped[int | None] = mapped_column(Integer)  # grade of the check before, if there was one
    baseline: Mapped[int | None] = mapped_column(Integer)  # grade of this person's first check
    recorded_at: Mapped[Instant]


class ProResponse(Recorded, Base):
    """A licensed questionnaire as answered: `39A` -> score. What was not asked or not answered is not in it."""

    __tablename__ = "pro_response"
    __table_args__ = (Index("ix_pro_response_participant_id", "participant_id", "due_on"),)
    pro_response_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    questionnaire: Mapped[Word]
    definition: Mapped[Word]  # hash of the wording that was shown
    due_on: Mapped[LocalDate]
    scores: Mapped[Json]
    complete: Mapped[bool] = mapped_column(Boolean)
