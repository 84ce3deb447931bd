"""A medicine beside the study drugs is asked about weekly or daily, from an instant on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLE = "companion_choice"


def upgrade() -> None:
    """What was chosen before was weekly, and counted from when it was written."""
    op.add_column(TABLE, sa.Column("rhythm", sa.Text(), nullable=True))
    op.add_column(TABLE, sa.Column("effective_from", sa.DateTime(timezone=True), nullable=True))
    op.execute("ALTER TABLE companion_choice DISABLE TRIGGER insert_only")
    op.execute("UPDATE companion_choice SET rhythm = 'weekly', effective_from = recorded_at")
    op.execute("ALTER TABLE companion_choice ENABLE TRIGGER insert_only")
    for column in ("rhythm", "effective_from"):
        op.alter_column(TABLE, column, nullable=False)
