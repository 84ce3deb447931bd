"""What looks like another message to the database and is the same to whoever gets it: planted, and each found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.rehearsal import rates
from bot.services import alerts, outbox, prompting
from bot.services.context import Tx
from bot.services.outbox import Draft, Target
from tests.rehearsal.conftest import Play, broken

STORY: dict[str, Any] = {"participants": 2, "days": 9, "persona": "never"}


def in_danger(monkeypatch: pytest.MonkeyPatch) -> None:
    known = rates.load()
    monkeypatch.setattr(rates, "load", lambda: replace(known, daily=known.daily | {"danger_words": 0.3}))


async def test_a_right_study_tells_nothing_twice(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    in_danger(monkeypatch)
    assert broken(await play(**STORY)) == []


async def test_a_second_row_with_a_key_of_its_own(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = outbox.put

    async def twice(tx: Tx, to: Target, draft: Draft) -> int | None:
        if draft.inbox_id is None and draft.edits is None:
            await kept(tx, to, replace(draft, unique_key=None))
        return await kept(tx, to, draft)

    for module in (alerts, outbox, prompting):
        monkeypatch.setattr(module, "put", twice)
    in_danger(monkeypatch)
    found = {one.partition(" | ")[0] for one in broken(await play(**STORY))}
    assert found >= {
        "3: asked about 2 times as for the first time",
        "3: asked 'did you?' 2 times at once",
        "3: reminded 4 times of one question, and 2 are allowed",
        "3: asked 2 times on one occasion",
        "3: asked again within hours",
        "3: one question twice within minutes",
        "3: two digests in half a day",
        "3: 2 letters of one alert, and called 1 times",
        "3: the same letter twice within minutes",
    }


@pytest.mark.parametrize("looks", [True, False])
async def test_a_reminder_beside_what_is_brought_up_again(
    play: Play, monkeypatch: pytest.MonkeyPatch, looks: bool
) -> None:
    """Both are due when the house is there again; the second looks whether the first has just been sent."""

    async def never(*_: Any) -> bool:
        return False

    if not looks:
        monkeypatch.setattr(prompting, "_just_told", never)
    lines = broken(
        await play(participants=3, days=5, persona="never", faults=frozenset({"house_down"}), intensity=12)
    )
    assert any("3: one question twice within minutes" in one for one in lines) is not looks
    assert lines == [] or not looks
