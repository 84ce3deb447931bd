"""The exact rehearsal: everything holds without faults, and the same seed is the same order of events."""

from __future__ import annotations

import json
from datetime import date

import pytest

from bot.db.embedded import EmbeddedPostgres
from bot.rehearsal.faults import KINDS
from bot.rehearsal.rehearse import rehearse
from bot.rehearsal.report_html import page
from bot.rehearsal.report_text import lines
from bot.rehearsal.setting import Setting
from bot.setting_forms import asyncpg_url
from tests.rehearsal.conftest import Play, broken
from tests.support import house
from tests.support.database import fresh_database, runtime_url


async def test_without_faults_every_promise_holds(play: Play) -> None:
    outcome = await play(participants=3, days=6)
    assert broken(outcome) == []
    assert [one["number"] for one in outcome.promises] == list(range(1, 10))
    # Nothing holds because nothing was looked at.
    assert all(one["checked"] for one in outcome.promises if one["number"] not in (4, 9))
    assert json.loads(outcome.as_json())["violations"] == 0
    assert "Every promise held." in list(lines(outcome))
    assert "<svg" in page(outcome)


async def test_a_restored_backup_loses_its_gap_and_nothing_else(play: Play) -> None:
    outcome = await play(participants=3, days=6, faults=frozenset({"restore"}))
    assert broken(outcome) == []
    assert outcome.faults == {"restore": 1}
    assert outcome.promises[-1]["checked"] >= 3


@pytest.mark.parametrize("first_day", [date(2027, 3, 26), date(2026, 10, 23)], ids=["spring", "autumn"])
async def test_berlin_changes_its_clocks(play: Play, first_day: date) -> None:
    """Evening doses that are told the morning after: the night between has 23 hours, or 25."""
    setting = {"zone": "Europe/Berlin", "first_day": first_day, "days": 4, "participants": 3}
    outcome = await play(**setting, persona="the morning after", hour=20)
    assert broken(outcome) == []
    assert outcome.counts["answered_doses"] >= 4


async def test_the_same_seed_is_the_same_order_of_events(postgres: EmbeddedPostgres) -> None:
    found = []
    for _ in range(2):
        with fresh_database(postgres) as name:
            setting = Setting(participants=2, days=3, faults=frozenset(KINDS), intensity=3)
            url = asyncpg_url(runtime_url(postgres, name))
            outcome = await rehearse(url, setting, house.keyring(), house.wording())
            found.append((outcome.fingerprint, outcome.faults, broken(outcome)))
    assert found[0] == found[1]
    assert sum(found[0][1].values()) >= 5
