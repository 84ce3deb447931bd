"""Answers at the edges of a cycle."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLE = "edge_answer"
OF_A_SITE = "participant_id IN (SELECT participant_id FROM participant)"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("edge_answer_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("capsules_left", sa.Text(), nullable=True),
        sa.Column("taken", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("as_whom", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_edge_answer_participant_id")
        ),
        sa.PrimaryKeyConstraint("edge_answer_id", name=op.f("pk_edge_answer")),
    )
    op.create_index("ix_edge_answer_participant_id", TABLE, ["participant_id", "due_on"])
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
