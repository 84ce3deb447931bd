"""What waits for one contact is found without going through what waits for all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_outbound_message_queued_of",
        "outbound_message",
        ["contact_id", "lane", "message_id"],
        postgresql_where=sa.text("state = 'queued'"),
    )
