"""What people did, one row each, before anything was made of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, OptionalInstant, OptionalRef, OptionalWord, SealedId, Word


class InboxMessage(Base):
    __tablename__ = "inbox_message"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'handled', 'parked')", name="state"),
        # The same message is stored once, however often it is delivered.
        Index("uq_inbox_message_external", "channel", "account", "external_id", unique=True),
        Index("ix_inbox_message_pending", "lock_key", "inbox_id", postgresql_where=text("state = 'pending'")),
        Index("ix_inbox_message_participant_id", "participant_id", "received_at"),
        Index("ix_inbox_message_contact_id", "contact_id"),
    )
    inbox_id: Mapped[Id]
    channel: Mapped[Word]
    account: Mapped[Word]
    external_id: Mapped[Word]
    contact_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contact.contact_id"))
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    correspondent_id: Mapped[OptionalRef]
    lock_key: Mapped[int] = mapped_column(BigInteger)  # participant, or minus the contact of a stranger
    kind: Mapped[Word]
    sealed_id: Mapped[SealedId]  # words, press, media and raw update
    sent_at: Mapped[OptionalInstant]
    received_at: Mapped[Instant]
    state: Mapped[Word]
    tries: Mapped[int] = mapped_column(Integer)
    next_try_at: Mapped[Instant]
    settled_at: Mapped[OptionalInstant]
    outcome: Mapped[OptionalWord]
