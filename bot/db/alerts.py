"""What staff must know or do. An alert is a fact; what happened to it are steps; the last step is its state."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, OptionalRef, OptionalSealed, OptionalWord, Word


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
