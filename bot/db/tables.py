"""Every table, gathered in one place for migrations and tests."""

from __future__ import annotations

from bot.db import (
    access,
    alerts,
    audit,
    companions,
    conversations,
    definitions,
    deployments,
    digests,
    doses,
    inbox,
    labs,
    media,
    outbox,
    people,
    privacy,
    regimens,
    rules,
    sites,
    symptoms,
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
    labs,
    media,
    outbox,
    conversations,
    alerts,
    symptoms,
    rules,
    labs,
    companions,
    access,
    digests,
    audit,
)
metadata = Base.metadata
