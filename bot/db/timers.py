"""Everything that waits. One row, one unique key, one limit after which it is too late to be true."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, Json, OptionalInstant, OptionalWord, Word


class Timer(Base):
    __tablename__ = "timer"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'fired', 'cancelled', 'expired', 'parked')", name="state"),
        Index("uq_timer_kind_key", "kind", "key", unique=True),
        Index("ix_timer_due_at", "due_at", "participant_id", postgresql_where=text("state = 'waiting'")),
        Index("ix_timer_participant_id", "participant_id", "state", "due_at"),
    )
    timer_id: Mapped[Id]
    kind: Mapped[Word]
    key: Mapped[Word]
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    due_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    payload: Mapped[Json]
    state: Mapped[Word]
    tries: Mapped[int]
    created_at: Mapped[Instant]
    settled_at: Mapped[OptionalInstant]
    outcome: Mapped[OptionalWord]  # why it was (not) sent, for "why did X not get it?"
