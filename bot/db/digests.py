"""The daily digest of a site as it was sent: one per site and day, never rewritten."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, Json, LocalDate


class Digest(Base):
    __tablename__ = "digest"
    __table_args__ = (Index("uq_digest_site_day", "site_id", "day", unique=True),)
    digest_id: Mapped[Id]
    site_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("site.site_id"))
    day: Mapped[LocalDate]
    content: Mapped[Json]  # subject ids, tiers, counts; no names, no words
    made_at: Mapped[Instant]
