"""Medicines and matters beside the study drugs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

OF_A_SITE = "participant_id IN (SELECT participant_id FROM participant)"


def upgrade() -> None:
    _table("companion_choice", ("matter", "choice"), "since")
    op.create_index("ix_companion_choice_participant_id", "companion_choice", ["participant_id", "matter"])
    _table("companion_answer", ("matter", "answer"), "due_on")
    op.create_index("ix_companion_answer_participant_id", "companion_answer", ["participant_id", "due_on"])
    for table in ("companion_choice", "companion_answer"):
        _wall(table)


def _table(name: str, words: tuple[str, ...], day: str) -> None:
    key = f"{name}_id"
    columns: list[Any] = [sa.Column(word, sa.Text(), nullable=False) for word in words]
    op.create_table(
        name,
        sa.Column(key, sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.Column(day, sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("as_whom", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f(f"fk_{name}_participant_id")
        ),
        sa.PrimaryKeyConstraint(key, name=op.f(f"pk_{name}")),
    )


def _wall(table: str) -> None:
    """Grants, insert-only and site policy, as in revision 0010."""
    op.execute(f"GRANT SELECT, INSERT ON {table} TO suiyao_runtime")
    for name, event, each in (
        ("insert_only", "UPDATE OR DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} EXECUTE FUNCTION suiyao_refuse()"
        )
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY sites ON {table} USING (CASE WHEN suiyao_sees_all() THEN true ELSE {OF_A_SITE} END)"
    )
