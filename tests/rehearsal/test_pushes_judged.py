"""A word that must not stand in a push is found on a button and in a letter to staff, too."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bot.messages import Choice
from bot.rehearsal import rates
from bot.services import alerts, prompting
from bot.services.outbox import Draft
from tests.rehearsal.conftest import Play, broken


async def test_words_on_a_button_and_in_a_letter(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = prompting._draft

    def outspoken(*given: Any) -> Draft:
        draft = kept(*given)
        choices = tuple(Choice("该吃药了", one.press, one.url) for one in draft.choices)
        return dataclasses.replace(draft, choices=choices)

    def naming(**given: Any) -> Draft:
        return Draft(**{**given, "text": given["text"] + "\n发烧"})

    known = rates.load()
    more = dataclasses.replace(known, daily=known.daily | {"danger_words": 0.7})
    monkeypatch.setattr(rates, "load", lambda: more)
    monkeypatch.setattr(prompting, "_draft", outspoken)
    monkeypatch.setattr(alerts, "Draft", naming)
    found = broken(await play(participants=2, days=2))
    assert any(one.startswith("7: says 药 | RE") for one in found)
    assert any(one.startswith("7: says 发烧 | nurse.re") for one in found)
