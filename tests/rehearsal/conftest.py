"""A rehearsed study for tests: small, on a fresh database of the run's cluster."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.backup import Vault
from bot.rehearsal.outcome import Outcome
from bot.rehearsal.rehearse import rehearse
from bot.rehearsal.setting import Setting
from bot.setting_forms import asyncpg_url
from tests.support import house

Play = Callable[..., Awaitable[Outcome]]


@pytest.fixture
def play(postgres: EmbeddedPostgres, database_name: str, database_url: str) -> Play:
    """Rehearse with these changes to the setting."""

    async def _play(**changes: Any) -> Outcome:
        setting = Setting(**{"participants": 4, "days": 9, **changes})
        vault, url = Vault(postgres, database_name), asyncpg_url(database_url)
        return await rehearse(url, setting, house.keyring(), house.wording(), vault=vault)

    return _play


def broken(outcome: Outcome) -> list[str]:
    """Violations as lines that say which promise, what and where."""
    return [
        f"{promise['number']}: {one['what']} | {one['where']} | {one['at']}"
        for promise in outcome.promises
        for one in promise["violations"]
    ]
