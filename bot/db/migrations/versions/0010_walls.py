"""Grants, row-level security by site, and triggers that keep facts insert-only."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

RUNTIME = "suiyao_runtime"

# Facts: what was written stays as it was written.
INSERT_ONLY = (
    "definition",
    "status_change",
    "consent",
    "link_attempt",
    "regimen_assignment",
    "dose_level_change",
    "hold",
    "resume",
    "cycle_start",
    "habit",
    "dose_prompt",
    "dose_report",
    "dose_judgement",
    "delivery_attempt",
    "alert",
    "alert_step",
    "audit_entry",
    "seal",
)
UPDATABLE = (
    "deployment",
    "data_key",
    "site",
    "staff_member",
    "staff_site",
    "participant",
    "correspondent",
    "care_link",
    "contact",
    "invitation",
    "dose_event",
    "timer",
    "inbox_message",
    "media_item",
    "outbound_message",
    "channel_account",
    "conversation",
    "question",
    "audit_head",
)
OF_PARTICIPANT = (
    "status_change",
    "care_link",
    "consent",
    "invitation",
    "regimen_assignment",
    "dose_level_change",
    "hold",
    "resume",
    "cycle_start",
    "habit",
    "dose_event",
    "dose_report",
    "timer",
    "inbox_message",
    "media_item",
    "outbound_message",
    "conversation",
    "question",
    "alert",
)
# table -> (column, visible parent): seen where the parent is seen.
OF_PARENT = {
    "dose_judgement": ("dose_id", "SELECT dose_id FROM dose_event"),
    "dose_prompt": ("dose_id", "SELECT dose_id FROM dose_event"),
    "delivery_attempt": ("message_id", "SELECT message_id FROM outbound_message"),
    "alert_step": ("alert_id", "SELECT alert_id FROM alert"),
    "correspondent": ("correspondent_id", "SELECT correspondent_id FROM care_link"),
    "contact": ("correspondent_id", "SELECT correspondent_id FROM care_link"),
    "link_attempt": ("contact_id", "SELECT contact_id FROM contact"),
    "audit_entry": ("chain", "SELECT 'participant:' || participant_id FROM participant"),
    "audit_head": ("chain", "SELECT 'participant:' || participant_id FROM participant"),
    "data_key": ("key_id", "SELECT key_id FROM participant UNION ALL SELECT key_id FROM correspondent"),
    "sealed": ("key_id", "SELECT key_id FROM data_key"),
}


def upgrade() -> None:
    op.execute(f"GRANT USAGE ON SCHEMA public TO {RUNTIME}")
    op.execute(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {RUNTIME}")
    op.execute(f"GRANT UPDATE ON {', '.join(UPDATABLE)} TO {RUNTIME}")
    # Words of strangers go after seven days: the one kind of row that may disappear.
    op.execute(f"GRANT DELETE, UPDATE (ciphertext) ON sealed TO {RUNTIME}")
    _insert_only()
    _only_states_change()
    _sites()


def _insert_only() -> None:
    op.execute(
        """
        CREATE FUNCTION suiyao_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'insert-only: % on % is refused', TG_OP, TG_TABLE_NAME; END $$
        """
    )
    for table in INSERT_ONLY:
        op.execute(
            f"CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION suiyao_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION suiyao_refuse()"
        )


def _only_states_change() -> None:
    """Where a conversation stands is overwritten at each turn; what was said and sent never is."""
    op.execute(
        """
        CREATE FUNCTION suiyao_only_states() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF OLD.kind <> 'state' THEN RAISE EXCEPTION 'sealed values do not change'; END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER only_states BEFORE UPDATE ON sealed FOR EACH ROW EXECUTE FUNCTION suiyao_only_states()"
    )


def _sites() -> None:
    """`suiyao.sites` is 'all' for services, a list of site ids for a person; unset sees nothing."""
    op.execute(
        """
        CREATE FUNCTION suiyao_sees_all() RETURNS boolean LANGUAGE sql STABLE AS
        $$ SELECT coalesce(current_setting('suiyao.sites', true), '') = 'all' $$
        """
    )
    op.execute(
        """
        CREATE FUNCTION suiyao_sees(site bigint) RETURNS boolean LANGUAGE sql STABLE AS
        $$ SELECT site::text = ANY (string_to_array(coalesce(current_setting('suiyao.sites', true), ''), ',')) $$
        """
    )
    _policy("site", "suiyao_sees(site_id)")
    _policy("participant", "suiyao_sees(site_id)")
    for table in OF_PARTICIPANT:
        _policy(table, "participant_id IN (SELECT participant_id FROM participant)")
    for table, (column, parent) in OF_PARENT.items():
        _policy(table, f"{column} IN ({parent})")


def _policy(table: str, condition: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY sites ON {table} USING (CASE WHEN suiyao_sees_all() THEN true ELSE {condition} END)"
    )
