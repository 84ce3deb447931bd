"""Words of danger while the messenger, the mail server or both are away: who is told, and what the console shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from bot.rehearsal import town as rehearsed_town
from bot.rehearsal.evidence import Findings
from bot.rehearsal.opening import opened
from bot.rehearsal.promises import alerts_in_time
from bot.rehearsal.setting import Setting
from bot.rehearsal.town import Town
from bot.services import alert_inbox, alerts
from bot.setting_forms import asyncpg_url
from tests.support import house

ON_THE_CONSOLE = "on the console at once, while no channel of its staff was up"
A_MOMENT = timedelta(seconds=1)
A_WHILE = timedelta(seconds=40)
BOTH = ("email", "telegram")


@pytest.fixture
async def town(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """Two people, one at each site, in the evening of the first day. They use the page: heard at once, whatever is away."""
    monkeypatch.setattr(rehearsed_town, "OF_KINDS", [int(one == "web") for one in rehearsed_town.KINDS])
    setting = Setting(participants=2, days=1)
    async with opened(asyncpg_url(database_url), setting, house.keyring(), house.wording()) as town:
        await town.run(setting.start + timedelta(hours=12))
        yield town


async def told(town: Town, site: str, away: tuple[str, ...]) -> Findings:
    """Somebody of that site writes of a fever while these channels are away, and it is waited until they are back."""
    faults, now = town.house.faults, town.house.now
    faults.spans += [(f"outage:{channel}", now, now + A_WHILE) for channel in away]
    [person] = [one for one in town.people if one.ledger.site == site]
    town.at(now + A_MOMENT, partial(town.life.danger, person, "发烧39度", "urgent"))
    await town.run(now + 2 * A_WHILE)
    return await alerts_in_time.count(town.evidence())


@pytest.mark.parametrize(("site", "away"), [("REA", ("email",)), ("REB", ("email",)), ("REA", ("telegram",))])
async def test_an_alert_goes_by_whatever_is_up(town: Town, site: str, away: tuple[str, ...]) -> None:
    found = await told(town, site, away)
    assert (found.violations, found.checked) == ([], 3)


async def test_while_all_is_away_it_stands_on_the_console(town: Town) -> None:
    found = await told(town, "REB", BOTH)
    assert (found.violations, found.checked) == ([], 4)
    assert found.allowed[ON_THE_CONSOLE] == 1


async def test_another_channel_that_nobody_tries(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> None:
        return None

    monkeypatch.setattr(alerts, "turned_away", nothing)
    found = await told(town, "REB", ("email",))
    assert [one.what.partition(" after ")[0] for one in found.violations] == ["on the wire"]


async def test_a_console_that_shows_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> list[Any]:
        return []

    monkeypatch.setattr(alert_inbox, "entries", nothing)
    found = await told(town, "REB", BOTH)
    assert [one.what for one in found.violations] == ["not on the console at once"]
