"""When an alert must have been seen, grades against the first check, repeats that were held back, signatures of rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

OF_A_SITE = "participant_id IN (SELECT participant_id FROM participant)"
TABLES = ("alert_repeat", "rule_signature")


def upgrade() -> None:
    op.add_column("alert", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("provisional_grade", sa.Column("baseline", sa.Integer(), nullable=True))
    _alert_repeat()
    _rule_signature()
    for table in TABLES:
        _insert_only(table)
    op.execute("ALTER TABLE alert_repeat ENABLE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY sites ON alert_repeat USING "
        f"(CASE WHEN suiyao_sees_all() THEN true ELSE {OF_A_SITE} END)"
    )


def _alert_repeat() -> None:
    op.create_table(
        "alert_repeat",
        sa.Column("alert_repeat_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("symptom_report_id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("finding", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_alert_repeat_participant_id")
        ),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.alert_id"], name=op.f("fk_alert_repeat_alert_id")),
        sa.PrimaryKeyConstraint("alert_repeat_id", name=op.f("pk_alert_repeat")),
    )
    op.create_index("ix_alert_repeat_participant_id", "alert_repeat", ["participant_id", "recorded_at"])


def _rule_signature() -> None:
    op.create_table(
        "rule_signature",
        sa.Column("rule_signature_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("study", sa.Text(), nullable=False),
        sa.Column("rules_hash", sa.Text(), nullable=False),
        sa.Column("parts", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("name_sealed", sa.Uuid(), nullable=False),
        sa.Column("meaning", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_member.staff_id"], name=op.f("fk_rule_signature_staff_id")
        ),
        sa.PrimaryKeyConstraint("rule_signature_id", name=op.f("pk_rule_signature")),
    )
    op.create_index("ix_rule_signature_study_rules_hash", "rule_signature", ["study", "rules_hash"])


def _insert_only(table: str) -> None:
    """Grants and triggers, as in revision 0010."""
    op.execute(f"GRANT SELECT, INSERT ON {table} TO suiyao_runtime")
    for name, event, each in (
        ("insert_only", "UPDATE OR DELETE", "ROW"),
        ("no_truncate", "TRUNCATE", "STATEMENT"),
    ):
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH {each} EXECUTE FUNCTION suiyao_refuse()"
        )
