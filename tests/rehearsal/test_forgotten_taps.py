"""While nobody serves, a messenger forgets taps after 150 seconds, and keeps words: the one is known, the other were lost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.rehearsal.real import verdict
from bot.rehearsal.real.crowd import chat_of_tap

TAP = {"update_id": 2, "callback_query": {"message": {"chat": {"id": 1001}}}}
WORDS = {"update_id": 3, "message": {"chat": {"id": 1001}}}


async def test_a_forgotten_tap_is_listed_and_forgotten_words_are_a_breach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def rows(*_: Any) -> list[Any]:
        return [SimpleNamespace(external_id="u1", state="handled")]

    monkeypatch.setattr(verdict, "rows", rows)
    api = cast("Any", SimpleNamespace(queue=SimpleNamespace(made=[1, 2, 3], lost=[TAP, WORDS])))
    found = await verdict.every_update_once(cast("Any", None), api)
    assert [(one.what, one.where) for one in found.violations] == [
        ("recorded 0 times", "u3"),
        ("waited until it was forgotten", "u3"),
    ]
    assert found.allowed.total() == 1
    assert (chat_of_tap(TAP), chat_of_tap(WORDS)) == (1001, None)
