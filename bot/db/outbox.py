"""Intent, attempt, and the provider's word: what is to be said, each try to say it, and what came of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import (
    Base,
    Id,
    Instant,
    OptionalInstant,
    OptionalRef,
    OptionalWord,
    SealedId,
    Word,
)


class OutboundMessage(Base):
    __tablename__ = "outbound_message"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'refused', 'unknown', 'expired', 'cancelled')",
            name="state",
        ),
        Index(
            "ix_outbound_message_queued",
            "channel",
            "account",
            "lane",
            "message_id",
            postgresql_where=text("state = 'queued'"),
        ),
        # What else waits for the same contact. Without it each look for the next messages goes through all that wait.
        Index(
            "ix_outbound_message_queued_of",
            "contact_id",
            "lane",
            "message_id",
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_outbound_message_sending",
            "contact_id",
            "lease_until",
            postgresql_where=text("state = 'sending'"),
        ),
        Index("ix_outbound_message_contact_id", "contact_id", "message_id"),
        Index("ix_outbound_message_participant_id", "participant_id", "created_at"),
        Index("ix_outbound_message_token", "token"),
    )
    message_id: Mapped[Id]
    unique_key: Mapped[str | None] = mapped_column(Text, unique=True)  # makes a repeat impossible
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    contact_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contact.contact_id"))
    channel: Mapped[Word]
    account: Mapped[Word]
    lane: Mapped[int] = mapped_column(SmallInteger)
    purpose: Mapped[Word]  # reply, prompt, nudge, followup, reask, emergency, staff_alert, settle, notice
    pushed: Mapped[bool]  # it does not answer the participant's own act
    text_id: Mapped[Word]
    text_hash: Mapped[Word]  # of the catalogue
    sealed_id: Mapped[SealedId]  # exact text and choices
    token: Mapped[OptionalWord]  # the question it asks
    inbox_id: Mapped[OptionalRef]  # what it answers
    edits: Mapped[OptionalRef]  # an earlier message that it replaces on the screen
    repeats: Mapped[OptionalRef]  # an earlier message whose fate is unknown
    repeat_if_unknown: Mapped[bool]
    state: Mapped[Word]
    created_at: Mapped[Instant]
    send_after: Mapped[Instant]
    expires_at: Mapped[Instant]
    lease_until: Mapped[OptionalInstant]
    attempts: Mapped[int] = mapped_column(Integer)
    provider_id: Mapped[OptionalWord]
    settled_at: Mapped[OptionalInstant]
    shown_at: Mapped[OptionalInstant]  # the page: when it was really on a screen


class DeliveryAttempt(Base):
    __tablename__ = "delivery_attempt"
    __table_args__ = (Index("ix_delivery_attempt_message_id", "message_id"),)
    delivery_attempt_id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("outbound_message.message_id"))
    number: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant]
    outcome: Mapped[Word]
    code: Mapped[OptionalWord]


class ChannelAccount(Base):
    """A bot, a mailbox, the page: what all processes must know of it together."""

    __tablename__ = "channel_account"
    channel: Mapped[str] = mapped_column(Text, primary_key=True)
    account: Mapped[str] = mapped_column(Text, primary_key=True)
    next_free_at: Mapped[Instant]
    heard_at: Mapped[OptionalInstant]  # the last time that the provider surely reached us
