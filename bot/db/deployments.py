"""One row: what this database is for, and which instant it is in a rehearsal."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from bot.db.base import Base, Blob, Id, Instant, OptionalInstant, Word


class Deployment(Base):
    __tablename__ = "deployment"
    __table_args__ = (
        CheckConstraint("mark IN ('live', 'demo', 'rehearsal')", name="mark"),
        CheckConstraint("(mark = 'rehearsal') = (virtual_now IS NOT NULL)", name="clock"),
    )
    deployment_id: Mapped[Id]
    mark: Mapped[Word]
    virtual_now: Mapped[OptionalInstant]
    key_check: Mapped[
        Blob
    ]  # a known word under the keys: a wrong key is found at start, not at the first name
    created_at: Mapped[Instant]
