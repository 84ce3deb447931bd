"""Planned doses as remembered, what was said about them, and what was concluded.

A dose event is never deleted: a plan that changed before it was asked about marks it superseded. Whether a dose is open,
unanswered or never asked is computed for an instant and never stored here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import (
    Base,
    Id,
    Instant,
    LocalDate,
    LocalTime,
    OptionalInstant,
    OptionalRef,
    OptionalWord,
    Recorded,
    Word,
)


class DoseEvent(Base):
    __tablename__ = "dose_event"
    __table_args__ = (
        # Planning twice changes nothing: one living row for a dose of a cycle.
        Index(
            "uq_dose_event_living",
            "participant_id",
            "drug",
            "cycle",
            "cycle_day",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
        ),
        Index("ix_dose_event_participant_id_due_at", "participant_id", "due_at"),
    )
    dose_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    drug: Mapped[Word]
    cycle: Mapped[int] = mapped_column(Integer)
    cycle_day: Mapped[int] = mapped_column(Integer)
    dose_mg: Mapped[str] = mapped_column(Numeric(8, 3))
    local_date: Mapped[LocalDate]
    local_time: Mapped[LocalTime]
    zone: Mapped[Word]
    due_at: Mapped[Instant]
    definition: Mapped[Word]  # hash of the study that planned it
    planned_at: Mapped[Instant]
    superseded_at: Mapped[OptionalInstant]


class DosePrompt(Base):
    """A conversation asked about a dose. Whether it reached anybody is told by its messages."""

    __tablename__ = "dose_prompt"
    __table_args__ = (Index("ix_dose_prompt_conversation_id", "conversation_id"),)
    dose_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("dose_event.dose_id"), primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    mode: Mapped[Word]  # take, did, hold_check
    asked_at: Mapped[Instant]


class DoseReport(Recorded, Base):
    """One claim about one dose (or, with `dose_id` null, about a dose that no plan had)."""

    __tablename__ = "dose_report"
    __table_args__ = (
        CheckConstraint("status IN ('taken', 'not_taken', 'cannot_say')", name="status"),
        Index("ix_dose_report_dose_id", "dose_id"),
        Index("ix_dose_report_participant_id", "participant_id", "recorded_at"),
        # One message says one thing about one dose, however often it is handled.
        Index("uq_dose_report_inbox_dose", "inbox_id", "dose_id", unique=True),
    )
    dose_report_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    dose_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("dose_event.dose_id"))
    drug: Mapped[Word]
    status: Mapped[Word]
    taken_at: Mapped[OptionalInstant]  # as claimed
    precision: Mapped[OptionalWord]  # now, told, as_planned
    quantity: Mapped[int] = mapped_column(Integer)
    supersedes: Mapped[OptionalRef]


class DoseJudgement(Base):
    __tablename__ = "dose_judgement"
    __table_args__ = (Index("ix_dose_judgement_dose_id", "dose_id", "recorded_at"),)
    dose_judgement_id: Mapped[Id]
    dose_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("dose_event.dose_id"))
    status: Mapped[Word]
    extra: Mapped[int] = mapped_column(Integer)  # intakes that belong to no planned dose
    definition: Mapped[Word]
    cause: Mapped[Word]  # report:17, hold:4
    recorded_at: Mapped[Instant]


class DoseIncident(Recorded, Base):
    """Something that happened to a dose already taken: vomited after it. It changes no report and no judgement."""

    __tablename__ = "dose_incident"
    __table_args__ = (
        CheckConstraint("kind IN ('vomited')", name="kind"),
        Index("ix_dose_incident_participant_id", "participant_id", "recorded_at"),
    )
    dose_incident_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    dose_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("dose_event.dose_id"))
    kind: Mapped[Word]
    happened_at: Mapped[OptionalInstant]


class EdgeAnswer(Recorded, Base):
    """What was said the day after a cycle's last dose, or on the day a cycle should have begun."""

    __tablename__ = "edge_answer"
    __table_args__ = (Index("ix_edge_answer_participant_id", "participant_id", "due_on"),)
    edge_answer_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    kind: Mapped[Word]  # off_week, cycle_start
    cycle: Mapped[int] = mapped_column(Integer)
    due_on: Mapped[LocalDate]
    capsules_left: Mapped[OptionalWord]  # no, yes, unknown
    taken: Mapped[OptionalWord]  # no, yes: since the last day, or of the new cycle
