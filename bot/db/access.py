"""How staff sign in. Passwords as argon2id, sessions by hash of their token, and every try remembered."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import Base, Blob, Id, Instant, OptionalInstant, OptionalSealed, OptionalWord


class StaffLogin(Base):
    __tablename__ = "staff_login"
    staff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("staff_member.staff_id"), primary_key=True)
    name_lookup: Mapped[bytes] = mapped_column(LargeBinary, unique=True)  # keyed hash of the e-mail address
    password_hash: Mapped[OptionalWord]  # none until the activation code was used
    totp_sealed: Mapped[OptionalSealed]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger)  # a code works once
    activation_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    activation_expires_at: Mapped[OptionalInstant]
    changed_at: Mapped[Instant]


class StaffSession(Base):
    __tablename__ = "staff_session"
    __table_args__ = (Index("ix_staff_session_staff_id", "staff_id"),)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("staff_member.staff_id"))
    created_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    verified_at: Mapped[OptionalInstant]  # the last time that the password was given: for what needs it again
    expires_at: Mapped[Instant]
    ended_at: Mapped[OptionalInstant]


class LoginAttempt(Base):
    """Right or wrong: what throttling counts."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("ix_login_attempt_name_lookup", "name_lookup", "attempted_at"),)
    login_attempt_id: Mapped[Id]
    name_lookup: Mapped[Blob]
    succeeded: Mapped[bool]
    attempted_at: Mapped[Instant]


class StaffCode(Base):
    """A code with which a staff member links an own Telegram chat for alerts: single use, short-lived."""

    __tablename__ = "staff_code"
    staff_code_id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("staff_member.staff_id"))
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[Instant]
    used_at: Mapped[OptionalInstant]
    tries: Mapped[int] = mapped_column(Integer)
    purpose: Mapped[str] = mapped_column(Text)
