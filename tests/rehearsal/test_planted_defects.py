"""Defects planted on purpose: the rehearsal finds each of them, so that finding nothing means something."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError

from bot.db.embedded import EmbeddedPostgres
from bot.messages import Inbound
from bot.rehearsal import rates
from bot.rehearsal.faults import Killed
from bot.services import alerts, danger, inbox, reminding, restoring
from bot.services.context import Ctx, Tx
from bot.services.inbox import Receipt
from schedules import adherence, dosing
from schedules.adherence import DoseFact, Standing
from tests.rehearsal.conftest import Play, broken


def often(monkeypatch: pytest.MonkeyPatch, what: str, chance: float) -> None:
    """Of each person and day."""
    known = rates.load()
    more = dataclasses.replace(known, daily=known.daily | {what: chance})
    monkeypatch.setattr(rates, "load", lambda: more)


async def test_acknowledged_before_the_commit(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = inbox.receive

    async def hasty(ctx: Ctx, inbound: Inbound) -> Receipt:
        try:
            return await kept(ctx, inbound)
        except (Killed, SQLAlchemyError):
            return Receipt(0, 0, True)

    monkeypatch.setattr(inbox, "receive", hasty)
    faults = frozenset({"killed_before_commit", "lost_before_commit"})
    outcome = await play(participants=2, days=2, faults=faults, intensity=32)
    assert any("1: acknowledged and not recorded" in one for one in broken(outcome))


LOCK = "FOR UPDATE SKIP LOCKED"


async def test_a_claim_without_a_lock(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked: list[str] = []

    def whoever(_1: Any, _2: Any, statement: str, values: Any, *_: Any) -> tuple[str, Any]:
        claims = "locked AS" in statement and LOCK in statement
        unlocked.extend([statement] if claims else [])
        return statement.replace(LOCK, "") if claims else statement, values

    # A tap that is handled twice meets a settled question, and a dose report its key: words are what the lock is for.
    often(monkeypatch, "aside", 1.0)
    event.listen(Engine, "before_cursor_execute", whoever, retval=True)
    try:
        outcome = await play(participants=3, days=3, faults=frozenset({"rival"}), intensity=60)
    finally:
        event.remove(Engine, "before_cursor_execute", whoever)
    assert unlocked
    assert any(one.startswith(("1:", "2:", "3:")) for one in broken(outcome))


GUARD = "ON CONFLICT (channel, account, external_id) DO NOTHING"


async def test_a_missing_unique_key(play: Play, postgres: EmbeddedPostgres, database_name: str) -> None:
    """No index, and statements that know of none."""
    guarded: list[str] = []

    def forget(_1: Any, _2: Any, statement: str, values: Any, *_: Any) -> tuple[str, Any]:
        guarded.extend([statement] if GUARD in statement else [])
        return statement.replace(GUARD, ""), values

    postgres.sql("DROP INDEX uq_inbox_message_external", database_name)
    event.listen(Engine, "before_cursor_execute", forget, retval=True)
    try:
        outcome = await play(
            participants=2, days=2, faults=frozenset({"repeated", "repeated_later"}), intensity=8
        )
    finally:
        event.remove(Engine, "before_cursor_execute", forget)
    assert guarded
    assert any("1: recorded 2 times" in one for one in broken(outcome))


async def test_hours_by_the_wall_clock(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the night in which the clocks change, twelve hours by the clock are eleven."""

    def by_the_clock(since: datetime, until: datetime) -> timedelta:
        berlin = ZoneInfo("Europe/Berlin")
        return until.astimezone(berlin).replace(tzinfo=None) - since.astimezone(berlin).replace(tzinfo=None)

    setting = {"zone": "Europe/Berlin", "first_day": date(2027, 3, 27), "days": 2}
    monkeypatch.setattr(dosing, "elapsed", by_the_clock)
    outcome = await play(**setting, persona="the morning after", hour=20, participants=4)
    assert any(one.startswith("8:") for one in broken(outcome))


async def test_a_forgotten_second_look(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was due in the evening comes out at night, after an outage."""
    monkeypatch.setattr(reminding, "held_back", lambda tx, course, limit: None)
    outcome = await play(participants=3, days=5, faults=frozenset({"house_down"}), intensity=12, hour=20)
    assert any("3: unsolicited in quiet hours" in one for one in broken(outcome))


@pytest.mark.parametrize("where", ["not told", "not raised"])
async def test_a_swallowed_alert(play: Play, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    async def nothing(*_: Any) -> None:
        return None

    often(monkeypatch, "danger_words", 0.5)
    if where == "not told":
        monkeypatch.setattr(alerts, "_tell_first", nothing)
    else:
        monkeypatch.setattr(danger, "raise_alert", nothing)
    outcome = await play(participants=3, days=2)
    assert any(one.startswith("4:") for one in broken(outcome))


async def test_an_alert_that_ends_with_its_refusal(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is next hears of it only when the clock runs out."""

    async def nothing(*_: Any) -> None:
        return None

    often(monkeypatch, "danger_words", 0.7)
    monkeypatch.setattr(alerts, "refused", nothing)
    outcome = await play(participants=3, days=4, faults=frozenset({"rejected"}), intensity=8)
    assert any("4: on the wire after" in one for one in broken(outcome))


async def test_a_restore_that_lets_old_reminders_out(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(tx: Tx) -> int:
        return 0

    monkeypatch.setattr(restoring, "_expire_reminders", nothing)
    outcome = await play(participants=3, days=6, faults=frozenset({"restore"}))
    assert any(one.startswith("9: fired although it was due before") for one in broken(outcome))


async def test_unanswered_counted_as_taken(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = adherence.standing

    def kind(fact: DoseFact, as_of: datetime) -> Standing | None:
        where = kept(fact, as_of)
        return Standing.IN_WINDOW if where is Standing.UNANSWERED else where

    monkeypatch.setattr(adherence, "standing", kind)
    outcome = await play(participants=3, days=5, persona="never")  # a page that nobody opens asks nothing
    assert any(one.startswith("8:") for one in broken(outcome))
