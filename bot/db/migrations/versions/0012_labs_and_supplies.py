"""Laboratory values, gates of cycles, medicine handed out and counted, and what happened to a dose after it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OF_A_SITE = "participant_id IN (SELECT participant_id FROM participant)"
TABLES = ("lab_result", "gate_outcome", "supply_event", "dose_incident")


def upgrade() -> None:
    _lab_result()
    _gate_outcome()
    _supply_event()
    _dose_incident()
    for table in TABLES:
        _wall(table)


def _key(table: str) -> tuple[Any, ...]:
    column = f"{table}_id"
    return (
        sa.Column(column, sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f(f"fk_{table}_participant_id")
        ),
        sa.PrimaryKeyConstraint(column, name=op.f(f"pk_{table}")),
    )


def _recorded() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("as_whom", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note_sealed", sa.Uuid(), nullable=True),
    )


def _lab_result() -> None:
    op.create_table(
        "lab_result",
        *_key("lab_result"),
        sa.Column("test", sa.Text(), nullable=False),
        sa.Column("collected_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("canonical", sa.Numeric(), nullable=False),
        sa.Column("lln", sa.Numeric(), nullable=True),
        sa.Column("uln", sa.Numeric(), nullable=True),
        sa.Column("baseline", sa.Numeric(), nullable=True),
        sa.Column("term", sa.Text(), nullable=True),
        sa.Column("grade", sa.Integer(), nullable=True),
        sa.Column("ctcae_version", sa.Text(), nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("supersedes", sa.BigInteger(), nullable=True),
        *_recorded(),
    )
    op.create_index("ix_lab_result_participant_id", "lab_result", ["participant_id", "collected_on"])


def _gate_outcome() -> None:
    op.create_table(
        "gate_outcome",
        *_key("gate_outcome"),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=True),
        sa.Column("fact_on", sa.Date(), nullable=True),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
    )
    op.create_index("ix_gate_outcome_participant_id", "gate_outcome", ["participant_id", "cycle"])


def _supply_event() -> None:
    op.create_table(
        "supply_event",
        *_key("supply_event"),
        sa.Column("drug", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("mg", sa.Numeric(8, 3), nullable=True),
        sa.Column("supersedes", sa.BigInteger(), nullable=True),
        *_recorded(),
        sa.CheckConstraint("kind IN ('dispensed', 'returned', 'counted')", name=op.f("ck_supply_event_kind")),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_supply_event_quantity")),
    )
    op.create_index("ix_supply_event_participant_id", "supply_event", ["participant_id", "drug"])


def _dose_incident() -> None:
    op.create_table(
        "dose_incident",
        *_key("dose_incident"),
        sa.Column("dose_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=True),
        *_recorded(),
        sa.ForeignKeyConstraint(["dose_id"], ["dose_event.dose_id"], name=op.f("fk_dose_incident_dose_id")),
        sa.CheckConstraint("kind IN ('vomited')", name=op.f("ck_dose_incident_kind")),
    )
    op.create_index("ix_dose_incident_participant_id", "dose_incident", ["participant_id", "recorded_at"])


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
