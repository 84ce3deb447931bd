"""Timers, inbox, outbox and the attempts to deliver."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _channel_account()
    _timer()
    _inbox_message()
    _inbox_message_indexes()
    _outbound_message()
    _outbound_message_indexes()
    _delivery_attempt()
    _media_item()


def _channel_account() -> None:
    op.create_table(
        "channel_account",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("next_free_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("channel", "account", name=op.f("pk_channel_account")),
    )


def _timer() -> None:
    op.create_table(
        "timer",
        sa.Column("timer_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", postgresql.JSONB(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'fired', 'cancelled', 'expired', 'parked')", name=op.f("ck_timer_state")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_timer_participant_id")
        ),
        sa.PrimaryKeyConstraint("timer_id", name=op.f("pk_timer")),
    )
    op.create_index(
        "ix_timer_due_at", "timer", ["due_at"], unique=False, postgresql_where=sa.text("state = 'waiting'")
    )
    op.create_index("ix_timer_participant_id", "timer", ["participant_id", "state"], unique=False)
    op.create_index("uq_timer_kind_key", "timer", ["kind", "key"], unique=True)


def _inbox_message() -> None:
    op.create_table(
        "inbox_message",
        sa.Column("inbox_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=True),
        sa.Column("correspondent_id", sa.BigInteger(), nullable=True),
        sa.Column("lock_key", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed_id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'handled', 'parked')", name=op.f("ck_inbox_message_state")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_inbox_message_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_inbox_message_participant_id")
        ),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_inbox_message")),
    )


def _inbox_message_indexes() -> None:
    op.create_index("ix_inbox_message_contact_id", "inbox_message", ["contact_id"], unique=False)
    op.create_index(
        "ix_inbox_message_participant_id", "inbox_message", ["participant_id", "received_at"], unique=False
    )
    op.create_index(
        "ix_inbox_message_pending",
        "inbox_message",
        ["lock_key", "inbox_id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index(
        "uq_inbox_message_external", "inbox_message", ["channel", "account", "external_id"], unique=True
    )


def _outbound_message() -> None:
    op.create_table(
        "outbound_message",
        sa.Column("message_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unique_key", sa.Text(), nullable=True),
        sa.Column("participant_id", sa.BigInteger(), nullable=True),
        sa.Column("contact_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("pushed", sa.Boolean(), nullable=False),
        sa.Column("text_id", sa.Text(), nullable=False),
        sa.Column("text_hash", sa.Text(), nullable=False),
        sa.Column("sealed_id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("inbox_id", sa.BigInteger(), nullable=True),
        sa.Column("edits", sa.BigInteger(), nullable=True),
        sa.Column("repeats", sa.BigInteger(), nullable=True),
        sa.Column("repeat_if_unknown", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("send_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'refused', 'unknown', 'expired', 'cancelled')",
            name=op.f("ck_outbound_message_state"),
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.contact_id"], name=op.f("fk_outbound_message_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"],
            ["participant.participant_id"],
            name=op.f("fk_outbound_message_participant_id"),
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_outbound_message")),
        sa.UniqueConstraint("unique_key", name=op.f("uq_outbound_message_unique_key")),
    )


def _outbound_message_indexes() -> None:
    op.create_index(
        "ix_outbound_message_contact_id", "outbound_message", ["contact_id", "message_id"], unique=False
    )
    op.create_index(
        "ix_outbound_message_participant_id",
        "outbound_message",
        ["participant_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_outbound_message_queued",
        "outbound_message",
        ["channel", "account", "lane", "message_id"],
        unique=False,
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_outbound_message_sending",
        "outbound_message",
        ["contact_id", "lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index("ix_outbound_message_token", "outbound_message", ["token"], unique=False)


def _delivery_attempt() -> None:
    op.create_table(
        "delivery_attempt",
        sa.Column("delivery_attempt_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["outbound_message.message_id"], name=op.f("fk_delivery_attempt_message_id")
        ),
        sa.PrimaryKeyConstraint("delivery_attempt_id", name=op.f("pk_delivery_attempt")),
    )
    op.create_index("ix_delivery_attempt_message_id", "delivery_attempt", ["message_id"], unique=False)


def _media_item() -> None:
    op.create_table(
        "media_item",
        sa.Column("media_item_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("inbox_id", sa.BigInteger(), nullable=False),
        sa.Column("participant_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_sealed", sa.Uuid(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'kept', 'lost')", name=op.f("ck_media_item_state")),
        sa.ForeignKeyConstraint(
            ["inbox_id"], ["inbox_message.inbox_id"], name=op.f("fk_media_item_inbox_id")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.participant_id"], name=op.f("fk_media_item_participant_id")
        ),
        sa.PrimaryKeyConstraint("media_item_id", name=op.f("pk_media_item")),
    )
    op.create_index("ix_media_item_participant_id", "media_item", ["participant_id"], unique=False)
    op.create_index("uq_media_item_inbox_id", "media_item", ["inbox_id"], unique=True)
