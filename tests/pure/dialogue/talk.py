"""Plays a conversation for the tests: between every two lines its state goes through JSON text and back.

Everything said is put into words in both languages, so that a text that lacks one of its values is found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.dialogue import engine
from bot.dialogue.lexicon import parse_lexicon
from bot.dialogue.notes import Note
from bot.dialogue.script import Script, parse_script
from bot.dialogue.turn import JSON, SILENCE, Heard, Say, State, Turn
from bot.wording import load_wording

ROOT = Path(__file__).parents[3]
SCRIPTS = ROOT / "bot" / "dialogue" / "scripts"
LEXICON = parse_lexicon((SCRIPTS / "words.toml").read_text(encoding="utf-8"), "words.toml")
WORDING = load_wording(ROOT / "locales")
ZONE = ZoneInfo("Asia/Shanghai")
PHONE = "010-1234"


def names() -> list[str]:
    return sorted(path.stem for path in SCRIPTS.glob("*.toml") if path.stem != "words")


@cache
def script_of(name: str) -> Script:
    """Read once: nothing can change it."""
    return parse_script((SCRIPTS / f"{name}.toml").read_text(encoding="utf-8"), f"{name}.toml")


def at(text: str) -> datetime:
    """ "2026-11-04 08:05" in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@dataclass
class Talk:
    """One conversation. `hear` takes `tap:taken`, `outcome:linked`, `media`, `silence`, or plain words."""

    name: str
    slots: Mapping[str, JSON]
    now: datetime
    notes: list[Note] = field(default_factory=list)
    state: State | None = None
    turn: Turn = field(default_factory=lambda: Turn(None))

    def __post_init__(self) -> None:
        self.script = script_of(self.name)
        self._take(engine.begin(self.script, json.loads(json.dumps(self.slots)), self.now, LEXICON))

    def hear(self, line: str) -> Turn:
        assert self.state is not None, f"{line!r} after the end"
        kind, _, value = line.partition(":")
        if line == "media":
            heard = Heard("media")
        elif line == "silence":
            heard = Heard("outcome", SILENCE)
        elif kind in ("tap", "outcome"):
            heard = Heard("choice", value) if kind == "tap" else Heard("outcome", value)
        else:
            heard = Heard("text", line)
        return self._take(engine.advance(self.script, self.state, heard, self.now, LEXICON))

    def _take(self, turn: Turn) -> Turn:
        self.turn, self.notes = turn, [*self.notes, *turn.notes]
        self.state = (
            None if turn.state is None else State.from_json(json.loads(json.dumps(turn.state.to_json())))
        )
        for language in WORDING.texts:
            for say in turn.says:
                self._worded(say, language)
            if turn.settled:
                WORDING.text(language, turn.settled, now=self.now)
        return turn

    def _worded(self, say: Say, language: str) -> str:
        lines = [WORDING.text(language, phrase, now=self.now) for phrase in say.phrases]
        labels = [f"[{WORDING.text(language, option.label, now=self.now)}]" for option in say.options]
        assert lines
        assert all(line.strip() for line in lines)
        return "\n".join([*lines, *labels])

    @property
    def said(self) -> str:
        """What the last turn said, in Chinese, messages apart by an empty line."""
        return "\n\n".join(self._worded(say, "zh_Hans_CN") for say in self.turn.says)

    @property
    def settled(self) -> str:
        return WORDING.text("zh_Hans_CN", self.turn.settled, now=self.now) if self.turn.settled else ""

    @property
    def step(self) -> str:
        return self.state.step if self.state else "end"

    @property
    def answers(self) -> list[str]:
        """The answers that can be tapped now."""
        return [option.answer for say in self.turn.says if say.question for option in say.options]


def dose(drug: str, **changes: Any) -> dict[str, Any]:
    """A dose due on Wednesday 4 November 2026 at 08:00, to be taken."""
    first = {
        "ixazomib": ("2026-10-28T08:00:00+08:00", "4", "advice.food.ixazomib"),
        "lenalidomide": ("2026-11-02T08:00:00+08:00", "25", "advice.food.lenalidomide"),
    }[drug]
    made = {
        "dose_id": drug[0] + "1",
        "drug": drug,
        "due_at": "2026-11-04T08:00:00+08:00",
        "previous_at": first[0],
        "dose_mg": first[1],
        "advice": first[2],
        "mode": "take",
    }
    return {**made, **changes}
