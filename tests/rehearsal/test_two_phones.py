"""People with two phones, or with a relative's beside their own, stop and come back on one of them; that counts for all."""

from __future__ import annotations

import dataclasses

import pytest

from bot.rehearsal import rates, town
from bot.rehearsal.dealing import TWO_PHONES
from tests.rehearsal.conftest import Play, broken

OF_TWO = " by people with two phones"


async def test_stopping_on_one_phone(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    known = rates.load()
    cycle = dict.fromkeys(known.cycle, 0.0) | {"pause": 1.0, "withdrawal": 0.5}
    monkeypatch.setattr(rates, "load", lambda: dataclasses.replace(known, cycle=cycle))
    monkeypatch.setattr(town, "OF_KINDS", [100 * (kind in TWO_PHONES) for kind in town.KINDS])
    outcome = await play(participants=4, days=20)
    assert outcome.played["people with two phones"] == 4
    assert outcome.played["pauses" + OF_TWO] and outcome.played["withdrawals" + OF_TWO]
    assert broken(outcome) == []
