"""Participants, who writes for them, on which address, and what they agreed to."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.db.base import (
    Base,
    Blob,
    Id,
    Instant,
    OptionalInstant,
    OptionalRef,
    OptionalWord,
    Recorded,
    SealedId,
    Word,
)


class Participant(Base):
    __tablename__ = "participant"
    __table_args__ = (
        UniqueConstraint("study", "subject_id"),
        CheckConstraint("sex IN ('male', 'female')", name="sex"),
        Index("ix_participant_site_id", "site_id"),
        Index("ix_participant_key_id", "key_id"),
    )
    participant_id: Mapped[Id]
    study: Mapped[Word]
    site_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("site.site_id"))  # the current one
    subject_id: Mapped[Word]
    sex: Mapped[Word]
    birth_year: Mapped[int] = mapped_column(Integer)
    language: Mapped[Word]
    key_id: Mapped[SealedId] = mapped_column(ForeignKey("data_key.key_id"))
    name_sealed: Mapped[SealedId]
    phone_sealed: Mapped[SealedId]
    enrolled_at: Mapped[Instant]


class StatusChange(Recorded, Base):
    """Active, paused, ended. `reason` of an end: death, progression, withdrawal, lost, completed."""

    __tablename__ = "status_change"
    __table_args__ = (
        CheckConstraint("status IN ('active', 'paused', 'ended')", name="status"),
        Index("ix_status_change_participant_id", "participant_id", "effective_from"),
    )
    status_change_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    status: Mapped[Word]
    effective_from: Mapped[Instant]


class Correspondent(Base):
    """Somebody who writes: the participant or a caregiver. Each has an own key and own consents."""

    __tablename__ = "correspondent"
    __table_args__ = (Index("ix_correspondent_key_id", "key_id"),)
    correspondent_id: Mapped[Id]
    key_id: Mapped[SealedId] = mapped_column(ForeignKey("data_key.key_id"))
    language: Mapped[Word]
    created_at: Mapped[Instant]


class CareLink(Base):
    __tablename__ = "care_link"
    __table_args__ = (
        CheckConstraint("relation IN ('self', 'family')", name="relation"),
        Index("ix_care_link_participant_id", "participant_id"),
        Index("ix_care_link_correspondent_id", "correspondent_id"),
    )
    care_link_id: Mapped[Id]
    correspondent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("correspondent.correspondent_id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    relation: Mapped[Word]
    since: Mapped[Instant]
    until: Mapped[OptionalInstant]


class Contact(Base):
    """One address on one channel account: of a correspondent, of a staff member, or of nobody we know yet.

    Look-up is by keyed hash; the address itself is sealed. Pacing of this very address lives here too, so that a
    provider's wish to wait holds back nobody else.
    """

    __tablename__ = "contact"
    __table_args__ = (
        CheckConstraint("state IN ('stranger', 'active', 'blocked', 'left', 'moved')", name="state"),
        Index("uq_contact_address", "channel", "account", "address_lookup", unique=True),
        Index("ix_contact_correspondent_id", "correspondent_id"),
        Index("ix_contact_staff_id", "staff_id"),
    )
    contact_id: Mapped[Id]
    channel: Mapped[Word]
    account: Mapped[Word]
    address_lookup: Mapped[bytes] = mapped_column(LargeBinary)
    address_sealed: Mapped[SealedId]
    key_id: Mapped[SealedId] = mapped_column(
        ForeignKey("data_key.key_id")
    )  # under which words from here are kept
    correspondent_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("correspondent.correspondent_id")
    )
    staff_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("staff_member.staff_id"))
    state: Mapped[Word]
    created_at: Mapped[Instant]
    bound_at: Mapped[OptionalInstant]
    held_until: Mapped[OptionalInstant]  # the provider asked this address to wait
    next_send_at: Mapped[OptionalInstant]  # at most one message a second to one chat


class Consent(Recorded, Base):
    """What was shown and what was answered. `text_hash` is the catalogue's, `matter` health_data or telegram_abroad."""

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint("decision IN ('given', 'refused', 'withdrawn')", name="decision"),
        Index("ix_consent_correspondent_id", "correspondent_id", "participant_id"),
    )
    consent_id: Mapped[Id]
    correspondent_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("correspondent.correspondent_id"))
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    matter: Mapped[Word]
    decision: Mapped[Word]
    text_ids: Mapped[Word]
    text_hash: Mapped[Word]


class EligibilityAnswer(Base):
    """How one condition of the study was judged at enrolment, by whom, under which edition of the study. Insert-only."""

    __tablename__ = "eligibility_answer"
    __table_args__ = (
        CheckConstraint("answer IN ('met', 'not_met', 'unsure')", name="answer"),
        Index("ix_eligibility_answer_participant_id", "participant_id"),
    )
    eligibility_answer_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    criterion: Mapped[Word]
    answer: Mapped[Word]
    study_version: Mapped[Word]
    definition: Mapped[Word]  # hash of the study
    recorded_at: Mapped[Instant]
    recorded_by: Mapped[Word]


class Invitation(Base):
    """A way in: single use, short-lived. Only a keyed hash of its code is kept."""

    __tablename__ = "invitation"
    invitation_id: Mapped[Id]
    participant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("participant.participant_id"))
    relation: Mapped[OptionalWord]  # self, family, or whoever says so
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[Instant]
    created_by: Mapped[Word]
    expires_at: Mapped[Instant]
    used_at: Mapped[OptionalInstant]
    used_by_contact: Mapped[OptionalRef]
    voided_at: Mapped[OptionalInstant]


class LinkAttempt(Base):
    """Each try to link, right or wrong: what throttling counts."""

    __tablename__ = "link_attempt"
    __table_args__ = (
        Index("ix_link_attempt_contact_id", "contact_id", "attempted_at"),
        Index("ix_link_attempt_code_hash", "code_hash", "attempted_at"),
    )
    link_attempt_id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("contact.contact_id"))
    code_hash: Mapped[Blob]
    linked: Mapped[bool]
    attempted_at: Mapped[Instant]
