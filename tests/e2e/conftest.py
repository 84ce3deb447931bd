"""The house for these tests. Catching up on a due dose comes three seconds after consent instead of thirty."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.services import wishes
from tests.e2e.house import House, open_house


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes, "CATCH_UP_AFTER", timedelta(seconds=3))


@pytest.fixture
async def house(database_url: str) -> AsyncIterator[House]:
    async with open_house(database_url) as opened:
        yield opened
