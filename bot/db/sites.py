"""Sites and their staff. Preferences of a site are columns here; rules of a study are not."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Id, Instant, LocalTime, SealedId, Word


class Site(Base):
    __tablename__ = "site"
    __table_args__ = (CheckConstraint("telegram_mode IN ('off', 'notice', 'full')", name="telegram_mode"),)
    site_id: Mapped[Id]
    code: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[Word]
    zone: Mapped[Word]  # IANA
    language: Mapped[Word]
    phone: Mapped[Word]  # the clinic's own number, shown to patients
    telegram_mode: Mapped[Word]
    digest_at: Mapped[LocalTime]
    escalate_minutes: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[Instant]


class StaffMember(Base):
    __tablename__ = "staff_member"
    __table_args__ = (
        CheckConstraint(
            "role IN ('nurse', 'coordinator', 'investigator', 'monitor', 'administrator')", name="role"
        ),
    )
    staff_id: Mapped[Id]
    role: Mapped[Word]
    language: Mapped[Word]
    key_id: Mapped[SealedId] = mapped_column(ForeignKey("data_key.key_id"))
    name_sealed: Mapped[SealedId]
    active: Mapped[bool] = mapped_column(Boolean)
    created_at: Mapped[Instant]


class StaffSite(Base):
    """Who works where. `on_call_order`: whom an alert reaches first."""

    __tablename__ = "staff_site"
    staff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("staff_member.staff_id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("site.site_id"), primary_key=True)
    on_call_order: Mapped[int] = mapped_column(Integer)
