"""A restored database is recognised by its tables, and remembers the gap between backup and restore."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deployment", sa.Column("epoch", sa.Text(), nullable=True))
    op.create_table(
        "restore_gap",
        sa.Column("restore_gap_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("restore_gap_id", name=op.f("pk_restore_gap")),
    )
    op.execute("GRANT SELECT, INSERT ON restore_gap TO suiyao_runtime")
    for name, event, each in (
        ("insert_only", "UPDATE OR DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON restore_gap FOR EACH {each} EXECUTE FUNCTION suiyao_refuse()"
        )
