"""Every rehearsed day has its seal, also where the process that makes it dies; and a day without one is found."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from bot.rehearsal.faults import KINDS, Killed
from bot.services import sealing_day
from bot.services.context import Ctx
from tests.rehearsal.conftest import Play, broken

seal = sealing_day.seal_yesterday


async def today(ctx: Ctx) -> date:
    async with ctx.begin() as tx:
        return tx.now.date()


async def test_who_dies_of_sealing_does_it_again(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: Counter[date] = Counter()

    async def dies_at_first(ctx: Ctx) -> bool:
        day = await today(ctx)
        tried[day] += 1
        if tried[day] == 1:
            raise Killed("before the seal")
        return await seal(ctx)

    monkeypatch.setattr(sealing_day, "seal_yesterday", dies_at_first)
    outcome = await play(participants=2, days=3)
    *whole, _ = sorted(tried)  # the play ends on the last day
    assert len(whole) >= 3 and min(tried[day] for day in whole) >= 2
    assert broken(outcome) == []


async def test_a_day_that_is_not_sealed(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    left_out: set[date] = set()

    async def now_and_then(ctx: Ctx) -> bool:
        day = await today(ctx)
        if day.day % 2:
            return await seal(ctx)
        left_out.add(day)
        return False

    monkeypatch.setattr(sealing_day, "seal_yesterday", now_and_then)
    outcome = await play(participants=2, days=4)
    found = [one for one in broken(outcome) if one.startswith("6: ")]
    assert left_out and found == broken(outcome)
    assert all(any(f"seal of {day}: there is none" in one for day in left_out) for one in found)
    assert found


async def test_seals_hold_through_every_fault_and_a_restore(play: Play) -> None:
    outcome = await play(participants=3, days=8, faults=frozenset(KINDS), intensity=3)
    assert outcome.faults["restore"] == 1 and sum(outcome.faults.values()) >= 10
    assert broken(outcome) == []
    assert outcome.promises[5]["number"] == 6 and outcome.promises[5]["checked"] >= 50
