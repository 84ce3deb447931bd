"""Where a conversation stands, and the questions it has asked. A conversation belongs to (participant, correspondent)."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import (
    Base,
    Id,
    Instant,
    OptionalInstant,
    OptionalRef,
    OptionalSealed,
    OptionalWord,
    SealedId,
    Word,
)


class Conversation(Base):
    __tablename__ = "conversation"
    __table_args__ = (
        CheckConstraint("(participant_id IS NULL) = (correspondent_id IS NULL)", name="owner"),
        Index("ix_conversation_participant_id", "participant_id", "correspondent_id"),
        Index("ix_conversation_contact_id", "contact_id"),
    )
    conversation_id: Mapped[Id]
    participant_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    correspondent_id: Mapped[OptionalRef]
    contact_id: Mapped[OptionalRef]  # of a stranger who is being linked
    script: Mapped[Word]
    definition: Mapped[Word]  # hash of the script it began with, and keeps
    state_sealed: Mapped[SealedId]  # slots may hold the person's words
    topic: Mapped[OptionalWord]  # what it is about (doses:2026-11-02T08:00), so that it is begun once
    started_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]
    outcome: Mapped[OptionalWord]


class Question(Base):
    """One question with its token. The first answer wins, on whatever channel it comes."""

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'answered', 'closed')", name="state"),
        Index("ix_question_conversation_id", "conversation_id", "state"),
        Index("ix_question_participant_id", "participant_id", "correspondent_id", "state"),
    )
    token: Mapped[str] = mapped_column(Text, primary_key=True)
    conversation_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("conversation.conversation_id"))
    participant_id: Mapped[OptionalRef]
    correspondent_id: Mapped[OptionalRef]
    contact_id: Mapped[OptionalRef]
    state: Mapped[Word]
    asked_at: Mapped[Instant]
    settled_at: Mapped[OptionalInstant]
    settled_sealed: Mapped[OptionalSealed]  # the text that took its place on the screen
    answered_by: Mapped[OptionalRef]  # inbox_id
