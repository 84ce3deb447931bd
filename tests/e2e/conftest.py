"""The house for these tests. A due dose is caught up on three seconds after consent instead of thirty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.services import planning, reminding
from tests.e2e.house import House, open_house


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "CATCH_UP_AFTER", timedelta(seconds=3))
    monkeypatch.setattr(reminding, "A_MOMENT", timedelta(seconds=1))


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as opened:
        yield opened
