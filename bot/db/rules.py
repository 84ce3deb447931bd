"""Who signed which rules of a study. Insert-only: a new version of the rules needs a new signature."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, Json, SealedId, Word


class RuleSignature(Base):
    """`rules_hash` over all `parts` (kind and name of each definition, with its hash); the name as it was at the time."""

    __tablename__ = "rule_signature"
    __table_args__ = (Index("ix_rule_signature_study_rules_hash", "study", "rules_hash"),)
    rule_signature_id: Mapped[Id]
    study: Mapped[Word]
    rules_hash: Mapped[Word]
    parts: Mapped[Json]
    staff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("staff_member.staff_id"))
    name_sealed: Mapped[SealedId]
    meaning: Mapped[Word]
    signed_at: Mapped[Instant]
