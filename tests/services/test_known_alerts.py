"""Values that need somebody: told when they are entered, once for the same value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from bot.db.alerts import Alert
from bot.services import companions, known_alerts, labs
from bot.services.labs import NewLab
from schedules.localtime import local
from tests.services.test_symptom_checks import STAFF_AUTHOR, Home, at
from tests.support.house import enrolled, opened


@pytest.fixture
async def home(unmade_url: str) -> AsyncIterator[Home]:
    async with opened(unmade_url, at(7, 20)) as town:
        yield Home(town.ctx, await enrolled(town, "ixazomib"), {})


async def entered(
    home: Home, value: str, test: str = "platelets", unit: str = "10^9/L", *, ago: int = 0
) -> list[str]:
    async with home.ctx.begin() as tx:
        on = local(tx.now, "Asia/Shanghai").date() - timedelta(days=ago)
        new = NewLab(test, Decimal(value), unit, on)
        await labs.record(tx, home.who.participant_id, new, STAFF_AUTHOR, "form")
        return await known_alerts.consider(tx, home.who.participant_id)


async def test_low_platelets_with_aspirin_are_told_when_they_are_entered(home: Home) -> None:
    async with home.ctx.begin() as tx:
        since = local(tx.now, "Asia/Shanghai").date()
        new = companions.NewChoice("aspirin", "on", since)
        await companions.choose(tx, home.who.participant_id, new, STAFF_AUTHOR)
    assert await entered(home, "50") == []
    assert await entered(home, "49") == ["aspirin_platelets@1"]
    assert await entered(home, "49") == [], "the same value is told once"
    assert await entered(home, "31") == ["aspirin_platelets@1"], "a lower one again"
    async with home.ctx.begin() as tx:
        alerts = await tx.all(select(Alert))
    assert {(one.tier, one.kind, one.words_sealed) for one in alerts} == {("urgent", "symptom", None)}
    assert all(one.due_at is not None for one in alerts)


async def test_the_same_value_of_another_day_is_told_again(home: Home) -> None:
    assert await entered(home, "25", ago=6) == ["platelets_very_low@1"]
    assert await entered(home, "120", ago=3) == []
    assert await entered(home, "25") == ["platelets_very_low@1"]


async def test_without_aspirin_on_record_only_what_labels_hold_at_is_told(home: Home) -> None:
    assert await entered(home, "30") == []
    assert await entered(home, "29") == ["platelets_very_low@1"]
    assert await entered(home, "0.9", "anc") == ["neutrophils_low@1"], "the platelets are told already"
    assert await entered(home, "0.4", "anc") == ["neutrophils_very_low@1", "neutrophils_low@1"]
    assert await entered(home, "70", "weight", "kg") == []
    assert await entered(home, "80", "creatinine", "umol/L", ago=3) == []
    assert await entered(home, "150", "creatinine", "umol/L", ago=2) == ["clearance_fell@1"]
    assert await entered(home, "80", "creatinine", "umol/L", ago=1) == [], "better is no alert"
