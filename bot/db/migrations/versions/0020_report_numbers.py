"""The running role may take the number of a symptom report before it writes it."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("GRANT USAGE ON SEQUENCE symptom_report_symptom_report_id_seq TO suiyao_runtime")
