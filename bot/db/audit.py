"""Hash chains: one per participant, one per staff member, one for the system. Rows hold ids and keyed hashes only."""

from __future__ import annotations

from sqlalchemy import BigInteger, Date, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Blob, Instant, Json, LocalDate, Ref, Word


class AuditEntry(Base):
    __tablename__ = "audit_entry"
    chain: Mapped[str] = mapped_column(Text, primary_key=True)  # participant:12, staff:3, system
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[Instant]
    actor: Mapped[Word]
    action: Mapped[Word]
    detail: Mapped[Json]
    hash: Mapped[Blob]  # SHA-256 over the previous hash and this row in canonical form


class AuditHead(Base):
    __tablename__ = "audit_head"
    chain: Mapped[str] = mapped_column(Text, primary_key=True)
    seq: Mapped[Ref]
    hash: Mapped[Blob]


class Seal(Base):
    """A signature, once a day, over all heads and lengths."""

    __tablename__ = "seal"
    day: Mapped[LocalDate] = mapped_column(Date, primary_key=True)
    chains: Mapped[Ref]
    entries: Mapped[Ref]
    digest: Mapped[Blob]  # over all heads, and what it takes to compute it again
    signature: Mapped[Blob]
    sealed_at: Mapped[Instant]
