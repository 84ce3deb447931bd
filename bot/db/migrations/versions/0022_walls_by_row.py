"""The walls between sites ask about one row where few rows are looked at, and what is due is found by whom and when.

`IN (SELECT ...)` was planned as one table of everybody visible. Its cost was counted for each look at an index, so that the
planner read whole tables instead: all doses to find those of one person. `EXISTS` sees the same rows and leaves the choice.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

OF_PARTICIPANT = (
    "alert",
    "alert_repeat",
    "care_link",
    "companion_answer",
    "companion_choice",
    "consent",
    "conversation",
    "cycle_start",
    "dose_event",
    "dose_incident",
    "dose_level_change",
    "dose_report",
    "edge_answer",
    "eligibility_answer",
    "gate_outcome",
    "habit",
    "hold",
    "inbox_message",
    "invitation",
    "lab_result",
    "media_item",
    "outbound_message",
    "pro_response",
    "provisional_grade",
    "question",
    "regimen_assignment",
    "resume",
    "status_change",
    "supply_event",
    "symptom_check",
    "symptom_report",
    "timer",
)
# table -> (visible parent, column of both)
OF_PARENT = {
    "alert_step": ("alert", "alert_id"),
    "contact": ("care_link", "correspondent_id"),
    "correspondent": ("care_link", "correspondent_id"),
    "delivery_attempt": ("outbound_message", "message_id"),
    "dose_judgement": ("dose_event", "dose_id"),
    "dose_prompt": ("dose_event", "dose_id"),
    "link_attempt": ("contact", "contact_id"),
    "sealed": ("data_key", "key_id"),
}
KEY_OWNERS = ("participant", "correspondent")
CHAINS = ("audit_entry", "audit_head")


def upgrade() -> None:
    for owner in KEY_OWNERS:
        op.create_index(f"ix_{owner}_key_id", owner, ["key_id"])
    for table in OF_PARTICIPANT:
        _policy(table, _exists("participant", f"parent.participant_id = {table}.participant_id"))
    for table, (parent, column) in OF_PARENT.items():
        _policy(table, _exists(parent, f"parent.{column} = {table}.{column}"))
    for table in CHAINS:
        number = f"substring({table}.chain FROM '^participant:([0-9]+)$')::bigint"
        _policy(table, _exists("participant", f"parent.participant_id = {number}"))
    owned = (_exists(owner, "parent.key_id = data_key.key_id") for owner in KEY_OWNERS)
    _policy("data_key", " OR ".join(owned))
    op.drop_index("ix_timer_participant_id", "timer")
    op.create_index("ix_timer_participant_id", "timer", ["participant_id", "state", "due_at"])
    op.drop_index("ix_timer_due_at", "timer")
    op.create_index(
        "ix_timer_due_at",
        "timer",
        ["due_at", "participant_id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _exists(parent: str, joined: str) -> str:
    return f"EXISTS (SELECT FROM {parent} AS parent WHERE {joined})"


def _policy(table: str, condition: str) -> None:
    op.execute(
        f"ALTER POLICY sites ON {table} USING (CASE WHEN suiyao_sees_all() THEN true ELSE {condition} END)"
    )
