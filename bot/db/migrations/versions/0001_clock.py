"""The one clock: suiyao_now() is the machine's in production and the virtual instant in a rehearsal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deployment",
        sa.Column("deployment_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("virtual_now", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_check", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("mark IN ('live', 'demo', 'rehearsal')", name=op.f("ck_deployment_mark")),
        sa.CheckConstraint(
            "(mark = 'rehearsal') = (virtual_now IS NOT NULL)", name=op.f("ck_deployment_clock")
        ),
        sa.PrimaryKeyConstraint("deployment_id", name=op.f("pk_deployment")),
    )
    # One row at most: two marks would be two clocks.
    op.execute("CREATE UNIQUE INDEX uq_deployment_only ON deployment ((true))")
    op.execute(
        """
        CREATE FUNCTION suiyao_now() RETURNS timestamptz LANGUAGE sql STABLE AS
        $$ SELECT coalesce((SELECT virtual_now FROM deployment), clock_timestamp()) $$
        """
    )
