"""Voice notes, pictures and files whose bytes are still to be fetched from the provider, or were."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, OptionalInstant, OptionalSealed, Word


class MediaItem(Base):
    __tablename__ = "media_item"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'kept', 'lost')", name="state"),
        Index("uq_media_item_inbox_id", "inbox_id", unique=True),
        Index("ix_media_item_participant_id", "participant_id"),
    )
    media_item_id: Mapped[Id]
    inbox_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("inbox_message.inbox_id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    channel: Mapped[Word]
    account: Mapped[Word]
    state: Mapped[Word]
    tries: Mapped[int] = mapped_column(Integer)
    next_try_at: Mapped[Instant]
    kept_sealed: Mapped[OptionalSealed]
    settled_at: Mapped[OptionalInstant]
