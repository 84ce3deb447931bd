"""Symptom checks and reports, provisional grades, sign-in of staff, digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _login_attempt()
    _digest()
    _staff_code()
    _staff_login()
    _staff_session()
    _symptom_check()
    _symptom_report()
    _provisional_grade()
    _walls()


def _login_attempt() -> None:
    op.create_table(
        "login_attempt",
        sa.Column("login_attempt_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name_lookup", sa.LargeBinary(), nullable=False),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("login_attempt_id", name=op.f("pk_login_attempt")),
    )
    op.create_index(
        "ix_login_attempt_name_lookup", "login_attempt", ["name_lookup", "attempted_at"], unique=False
    )


def _digest() -> None:
    op.create_table(
        "digest",
        sa.Column("digest_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"], name=op.f("fk_digest_site_id")),
        sa.PrimaryKeyConstraint("digest_id", name=op.f("pk_digest")),
    )
    op.create_index("uq_digest_site_day", "digest", ["site_id", "day"], unique=True)


def _staff_code() -> None:
    op.create_table(
        "staff_code",
        sa.Column("staff_code_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_member.staff_id"], name=op.f("fk_staff_code_staff_id")),
        sa.PrimaryKeyConstraint("staff_code_id", name=op.f("pk_staff_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_staff_code_code_hash")),
    )


def _staff_login() -> None:
    op.create_table(
        "staff_login",
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("name_lookup", sa.LargeBinary(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("totp_sealed", sa.Uuid(), nullable=True),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=True),
        sa.Column("activation_hash", sa.LargeBinary(), nullable=True),
        sa.Column("activation_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_member.staff_id"], name=op.f("fk_staff_login_staff_id")
        ),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_login")),
        sa.UniqueConstraint("name_lookup", name=op.f("uq_staff_login_name_lookup")),
    )


def _staff_session() -> None:
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_member.staff_id"], name=op.f("fk_staff_session_staff_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
    )
    op.create_index("ix_staff_session_staff_id", "staff_session", ["staff_id"], unique=False)


def _symptom_check() -> None:
    op.create_table(
        "symptom_check",
        sa.Column("symptom_check_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_symptom_check_participant_id")
        ),
        sa.PrimaryKeyConstraint("symptom_check_id", name=op.f("pk_symptom_check")),
    )
    op.create_index("uq_symptom_check_due", "symptom_check", ["participant_id", "due_on"], unique=True)


def _symptom_report() -> None:
    op.create_table(
        "symptom_report",
        sa.Column("symptom_report_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("conversation_id", sa.BigInteger(), nullable=True),
        sa.Column("questionnaire", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("answers", postgresql.JSONB(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("as_whom", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_symptom_report_participant_id")
        ),
        sa.PrimaryKeyConstraint("symptom_report_id", name=op.f("pk_symptom_report")),
    )
    op.create_index(
        "ix_symptom_report_participant_id", "symptom_report", ["participant_id", "recorded_at"], unique=False
    )


def _provisional_grade() -> None:
    op.create_table(
        "provisional_grade",
        sa.Column("provisional_grade_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("symptom_report_id", sa.BigInteger(), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("grade", sa.Integer(), nullable=False),
        sa.Column("ctcae_version", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("raw", postgresql.JSONB(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.participant_id"],
            name=op.f("fk_provisional_grade_participant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["symptom_report_id"],
            ["symptom_report.symptom_report_id"],
            name=op.f("fk_provisional_grade_symptom_report_id"),
        ),
        sa.PrimaryKeyConstraint("provisional_grade_id", name=op.f("pk_provisional_grade")),
    )
    op.create_index(
        "ix_provisional_grade_participant_id", "provisional_grade", ["participant_id", "term"], unique=False
    )
    op.create_index(
        "ix_provisional_grade_symptom_report_id", "provisional_grade", ["symptom_report_id"], unique=False
    )


def _walls() -> None:
    """Grants, insert-only facts and site policies of these tables, as in revision 0010."""
    names = ", ".join(TABLES)
    op.execute(f"GRANT SELECT, INSERT ON {names} TO suiyao_runtime")
    op.execute("GRANT UPDATE ON staff_login, staff_session, staff_code, symptom_check TO suiyao_runtime")
    for table in ("symptom_report", "provisional_grade", "login_attempt", "digest"):
        op.execute(
            f"CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION suiyao_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION suiyao_refuse()"
        )
    for table in ("symptom_report", "symptom_check", "provisional_grade"):
        _policy(table, "participant_id IN (SELECT participant_id FROM participant)")
    _policy("digest", "suiyao_sees(site_id)")


def _policy(table: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY sites ON {table} USING (CASE WHEN suiyao_sees_all() THEN true ELSE {condition} END)"
    )


TABLES = (
    "symptom_report",
    "symptom_check",
    "provisional_grade",
    "staff_login",
    "staff_session",
    "login_attempt",
    "staff_code",
    "digest",
)
