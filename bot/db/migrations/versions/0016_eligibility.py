"""The record of each condition of enrolment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLE = "eligibility_answer"
OF_A_SITE = "participant_id IN (SELECT participant_id FROM participant)"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("eligibility_answer_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("study_version", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "answer IN ('met', 'not_met', 'unsure')", name=op.f("ck_eligibility_answer_answer")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.participant_id"],
            name=op.f("fk_eligibility_answer_participant_id"),
        ),
        sa.PrimaryKeyConstraint("eligibility_answer_id", name=op.f("pk_eligibility_answer")),
    )
    op.create_index("ix_eligibility_answer_participant_id", TABLE, ["participant_id"])
    op.execute(f"GRANT SELECT, INSERT ON {TABLE} TO suiyao_runtime")
    for name, event, each in (
        ("insert_only", "UPDATE OR DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH {each} EXECUTE FUNCTION suiyao_refuse()"
        )
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY sites ON {TABLE} USING (CASE WHEN suiyao_sees_all() THEN true ELSE {OF_A_SITE} END)"
    )
