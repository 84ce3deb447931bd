"""What staff must know or do. An alert is a fact; what happened to it are steps; the last step is its state."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, OptionalInstant, OptionalRef, OptionalSealed, OptionalWord, Word


class Alert(Base):
    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint("tier IN ('emergency', 'urgent', 'routine')", name="tier"),
        Index("ix_alert_participant_id", "participant_id", "raised_at"),
    )
    alert_id: Mapped[Id]
    unique_key: Mapped[str] = mapped_column(Text, unique=True)
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    kind: Mapped[Word]  # danger, relay, media, parked, contact_lost, hold_claimed, dose, shared_invitation
    tier: Mapped[Word]
    rule: Mapped[Word]  # id@version of the rule that raised it
    definition: Mapped[OptionalWord]
    inbox_id: Mapped[OptionalRef]
    dose_id: Mapped[OptionalRef]
    hold_id: Mapped[OptionalRef]
    words_sealed: Mapped[OptionalSealed]
    raised_at: Mapped[Instant]
    due_at: Mapped[OptionalInstant]  # by when somebody looks; from the study's clocks


class AlertStep(Base):
    __tablename__ = "alert_step"
    __table_args__ = (
        CheckConstraint(
            "step IN ('told', 'seen', 'acknowledged', 'acted', 'closed', 'escalated', 'reopened')",
            name="step",
        ),
        Index("ix_alert_step_alert_id", "alert_id"),
    )
    alert_step_id: Mapped[Id]
    alert_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alert.alert_id"))
    step: Mapped[Word]
    taken_at: Mapped[Instant]
    taken_by: Mapped[Word]
    outcome: Mapped[OptionalWord]
    note_sealed: Mapped[OptionalSealed]


class AlertRepeat(Base):
    """A finding that was handled before and is no worse: counted here, with its rule, instead of told again."""

    __tablename__ = "alert_repeat"
    __table_args__ = (Index("ix_alert_repeat_participant_id", "participant_id", "recorded_at"),)
    alert_repeat_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    symptom_report_id: Mapped[int] = mapped_column(BigInteger)
    alert_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("alert.alert_id"))  # by which it was handled
    rule: Mapped[Word]
    finding: Mapped[Word]  # rule, and the term where it is about each
    tier: Mapped[Word]
    window_days: Mapped[int] = mapped_column(Integer)
    definition: Mapped[Word]
    recorded_at: Mapped[Instant]
