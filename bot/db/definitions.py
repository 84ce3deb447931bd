"""Studies, scripts, rules and catalogues as they were published: content-addressed, never changed."""

from __future__ import annotations

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Instant, Word


class Definition(Base):
    __tablename__ = "definition"
    __table_args__ = (Index("ix_definition_kind_name_effective_from", "kind", "name", "effective_from"),)
    hash: Mapped[str] = mapped_column(Text, primary_key=True)  # SHA-256 of kind, name and body
    kind: Mapped[Word]  # study, script, lexicon, danger, catalogue
    name: Mapped[Word]
    body: Mapped[Word]
    effective_from: Mapped[Instant]
    published_at: Mapped[Instant]
    published_by: Mapped[Word]
