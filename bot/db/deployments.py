"""One row: what this database is for, and which instant it is in a rehearsal. And when it was restored from a backup."""

from __future__ import annotations

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped

from bot.db.base import Base, Blob, Id, Instant, OptionalInstant, OptionalWord, Word


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
    epoch: Mapped[OptionalWord]  # of these very tables: a restored copy has others, and is recognised by that


class RestoreGap(Base):
    """A backup was restored: what was recorded after `since` and before `until` is lost."""

    __tablename__ = "restore_gap"
    restore_gap_id: Mapped[Id]
    since: Mapped[Instant]
    until: Mapped[Instant]
    restored_by: Mapped[Word]
