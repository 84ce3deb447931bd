"""Fixtures for tests with real processes: the fake Bot API in the test's own loop."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.rehearsal.bot_api.server import FakeBotApi


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as running:
        yield running
