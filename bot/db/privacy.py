"""The only tables that hold personal data, and they hold it encrypted.

Everything else refers to a sealed row by its id. Destroying a data key removes identity and words and leaves every count.
"""

from __future__ import annotations

import uuid

from sqlalchemy import ForeignKey, Index, LargeBinary, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Blob, Instant, OptionalInstant, SealedId, Word


class DataKey(Base):
    __tablename__ = "data_key"
    key_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    scope: Mapped[Word]  # participant, correspondent, staff, strangers
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)  # under the master key; null once destroyed
    created_at: Mapped[Instant]
    expires_at: Mapped[OptionalInstant]  # strangers: seven days
    destroyed_at: Mapped[OptionalInstant]


class Sealed(Base):
    __tablename__ = "sealed"
    __table_args__ = (Index("ix_sealed_key_id", "key_id"),)
    sealed_id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True)
    key_id: Mapped[SealedId] = mapped_column(ForeignKey("data_key.key_id"))
    kind: Mapped[Word]  # name, phone, address, inbound, outbound, note: bound into the ciphertext with the id
    ciphertext: Mapped[Blob]
    created_at: Mapped[Instant]
