"""Every table, gathered in one place for migrations and tests."""

from __future__ import annotations

from bot.db import (
    alerts,
    audit,
    conversations,
    definitions,
    deployments,
    doses,
    inbox,
    media,
    outbox,
    people,
    privacy,
    regimens,
    sites,
    timers,
)
from bot.db.base import Base

MODULES = (
    deployments,
    definitions,
    privacy,
    sites,
    people,
    regimens,
    doses,
    timers,
    inbox,
    media,
    outbox,
    conversations,
    alerts,
    audit,
)
metadata = Base.metadata
