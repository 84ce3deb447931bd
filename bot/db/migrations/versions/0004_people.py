"""Participants, correspondents, contacts, consents, invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _correspondent()
    _participant()
    _care_link()
    _consent()
    _contact()
    _invitation()
    _status_change()
    _link_attempt()


def _correspondent() -> None:
    op.create_table(
        "correspondent",
        sa.Column("correspondent_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.key_id"], name=op.f("fk_correspondent_key_id")),
        sa.PrimaryKeyConstraint("correspondent_id", name=op.f("pk_correspondent")),
    )


def _participant() -> None:
    op.create_table(
        "participant",
        sa.Column("participant_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("study", sa.Text(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("name_sealed", sa.Uuid(), nullable=False),
        sa.Column("phone_sealed", sa.Uuid(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("sex IN ('male', 'female')", name=op.f("ck_participant_sex")),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.key_id"], name=op.f("fk_participant_key_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_participant_site_id")),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_participant")),
        sa.UniqueConstraint("study", "subject_id", name=op.f("uq_participant_study_subject_id")),
    )
    op.create_index("ix_participant_site_id", "participant", ["site_id"], unique=False)


def _care_link() -> None:
    op.create_table(
        "care_link",
        sa.Column("care_link_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("correspondent_id", sa.BigInteger(), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("relation IN ('self', 'family')", name=op.f("ck_care_link_relation")),
        sa.ForeignKeyConstraint(
            ["correspondent_id"],
            ["correspondent.correspondent_id"],
            name=op.f("fk_care_link_correspondent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_care_link_participant_id")
        ),
        sa.PrimaryKeyConstraint("care_link_id", name=op.f("pk_care_link")),
    )
    op.create_index("ix_care_link_correspondent_id", "care_link", ["correspondent_id"], unique=False)
    op.create_index("ix_care_link_participant_id", "care_link", ["participant_id"], unique=False)


def _consent() -> None:
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("correspondent_id", sa.BigInteger(), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("matter", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("text_ids", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("as_whom", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Uuid(), nullable=True),
        sa.CheckConstraint("decision IN ('given', 'refused', 'withdrawn')", name=op.f("ck_consent_decision")),
        sa.ForeignKeyConstraint(
            ["correspondent_id"], ["correspondent.correspondent_id"], name=op.f("fk_consent_correspondent_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_consent_participant_id")
        ),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_consent")),
    )
    op.create_index(
        "ix_consent_correspondent_id", "consent", ["correspondent_id", "participant_id"], unique=False
    )


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("contact_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("address_lookup", sa.LargeBinary(), nullable=False),
        sa.Column("address_sealed", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("correspondent_id", sa.BigInteger(), nullable=True),
        sa.Column("staff_id", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_send_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('stranger', 'active', 'blocked', 'left', 'moved')", name=op.f("ck_contact_state")
        ),
        sa.ForeignKeyConstraint(
            ["correspondent_id"], ["correspondent.correspondent_id"], name=op.f("fk_contact_correspondent_id")
        ),
        sa.ForeignKeyConstraint(["key_id"], ["data_key.key_id"], name=op.f("fk_contact_key_id")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.staff_id"], name=op.f("fk_contact_staff_id")),
        sa.PrimaryKeyConstraint("contact_id", name=op.f("pk_contact")),
    )
    op.create_index("ix_contact_correspondent_id", "contact", ["correspondent_id"], unique=False)
    op.create_index("ix_contact_staff_id", "contact", ["staff_id"], unique=False)
    op.create_index("uq_contact_address", "contact", ["channel", "account", "address_lookup"], unique=True)


def _invitation() -> None:
    op.create_table(
        "invitation",
        sa.Column("invitation_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by_contact", sa.BigInteger(), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_invitation_participant_id")
        ),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitation_code_hash")),
    )


def _status_change() -> None:
    op.create_table(
        "status_change",
        sa.Column("status_change_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("as_whom", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Uuid(), nullable=True),
        sa.CheckConstraint("status IN ('active', 'paused', 'ended')", name=op.f("ck_status_change_status")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_status_change_participant_id")
        ),
        sa.PrimaryKeyConstraint("status_change_id", name=op.f("pk_status_change")),
    )
    op.create_index(
        "ix_status_change_participant_id", "status_change", ["participant_id", "effective_from"], unique=False
    )


def _link_attempt() -> None:
    op.create_table(
        "link_attempt",
        sa.Column("link_attempt_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("linked", sa.Boolean(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_link_attempt_contact_id")
        ),
        sa.PrimaryKeyConstraint("link_attempt_id", name=op.f("pk_link_attempt")),
    )
    op.create_index("ix_link_attempt_code_hash", "link_attempt", ["code_hash", "attempted_at"], unique=False)
    op.create_index(
        "ix_link_attempt_contact_id", "link_attempt", ["contact_id", "attempted_at"], unique=False
    )
