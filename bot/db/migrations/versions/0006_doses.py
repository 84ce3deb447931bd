"""Planned doses, reports and judgements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _dose_event()
    _dose_judgement()
    _dose_prompt()
    _dose_report()


def _dose_event() -> None:
    op.create_table(
        "dose_event",
        sa.Column("dose_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("drug", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("cycle_day", sa.Integer(), nullable=False),
        sa.Column("dose_mg", sa.Numeric(precision=8, scale=3), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("local_time", sa.Time(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_dose_event_participant_id")
        ),
        sa.PrimaryKeyConstraint("dose_id", name=op.f("pk_dose_event")),
    )
    op.create_index(
        "ix_dose_event_participant_id_due_at", "dose_event", ["participant_id", "due_at"], unique=False
    )
    op.create_index(
        "uq_dose_event_living",
        "dose_event",
        ["participant_id", "drug", "cycle", "cycle_day"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )


def _dose_judgement() -> None:
    op.create_table(
        "dose_judgement",
        sa.Column("dose_judgement_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dose_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("extra", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dose_id"], ["dose_event.dose_id"], name=op.f("fk_dose_judgement_dose_id")),
        sa.PrimaryKeyConstraint("dose_judgement_id", name=op.f("pk_dose_judgement")),
    )
    op.create_index("ix_dose_judgement_dose_id", "dose_judgement", ["dose_id", "recorded_at"], unique=False)


def _dose_prompt() -> None:
    op.create_table(
        "dose_prompt",
        sa.Column("dose_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dose_id"], ["dose_event.dose_id"], name=op.f("fk_dose_prompt_dose_id")),
        sa.PrimaryKeyConstraint("dose_id", "conversation_id", name=op.f("pk_dose_prompt")),
    )
    op.create_index("ix_dose_prompt_conversation_id", "dose_prompt", ["conversation_id"], unique=False)


def _dose_report() -> None:
    op.create_table(
        "dose_report",
        sa.Column("dose_report_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("dose_id", sa.BigInteger(), nullable=True),
        sa.Column("drug", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("precision", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("supersedes", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("as_whom", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "status IN ('taken', 'not_taken', 'cannot_say')", name=op.f("ck_dose_report_status")
        ),
        sa.ForeignKeyConstraint(["dose_id"], ["dose_event.dose_id"], name=op.f("fk_dose_report_dose_id")),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_dose_report_participant_id")
        ),
        sa.PrimaryKeyConstraint("dose_report_id", name=op.f("pk_dose_report")),
    )
    op.create_index("ix_dose_report_dose_id", "dose_report", ["dose_id"], unique=False)
    op.create_index(
        "ix_dose_report_participant_id", "dose_report", ["participant_id", "recorded_at"], unique=False
    )
    op.create_index("uq_dose_report_inbox_dose", "dose_report", ["inbox_id", "dose_id"], unique=True)
