"""The common ground of all tables. Row classes carry no behaviour; times are always UTC instants."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Annotated, Any

from sqlalchemy import BigInteger, Date, DateTime, Identity, LargeBinary, MetaData, Text, Time, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Ref = Annotated[int, mapped_column(BigInteger)]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
LocalDate = Annotated[date, mapped_column(Date)]
LocalTime = Annotated[time, mapped_column(Time)]
Word = Annotated[str, mapped_column(Text)]
Blob = Annotated[bytes, mapped_column(LargeBinary)]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
JsonList = Annotated[list[Any], mapped_column(JSONB)]
SealedId = Annotated[uuid.UUID, mapped_column(Uuid)]
OptionalRef = Annotated[int | None, mapped_column(BigInteger)]
OptionalWord = Annotated[str | None, mapped_column(Text)]
OptionalSealed = Annotated[uuid.UUID | None, mapped_column(Uuid)]
OptionalInstant = Annotated[datetime | None, mapped_column(DateTime(timezone=True))]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Recorded:
    """What every fact carries: when it was written down, by whom, as whom, through what, and why.

    `recorded_by` is `staff:7`, `correspondent:12`, `system` or `console`; `as_whom` is self, helped, caregiver,
    staff_by_phone, staff or system. `reason` is a code; free words go to `note_sealed`.
    """

    recorded_at: Mapped[Instant]
    recorded_by: Mapped[Word]
    as_whom: Mapped[Word]
    contact_id: Mapped[OptionalRef]
    inbox_id: Mapped[OptionalRef]
    reason: Mapped[OptionalWord]
    note_sealed: Mapped[OptionalSealed]
