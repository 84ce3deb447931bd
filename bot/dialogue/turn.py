"""The values that go in and out of the dialogue engine. A State is all that a conversation remembers.

Nothing here holds a patient's text: a Phrase names a catalogue text and the values to put into it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal, TypeAlias

from pydantic import JsonValue

from bot.dialogue.notes import Note

JSON: TypeAlias = JsonValue
Value: TypeAlias = "str | int | float | datetime | date | time | Phrase"

END = "end"  # the step that every script may name and none may define
SILENCE = "silence"  # the outcome that tells a conversation that nobody will answer any more
LONGEST_WORDS = 4096  # characters of a patient's words that are kept; a Telegram message holds no more


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text of the catalogue with its values. Datetimes are aware and in the participant's zone."""

    text_id: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be tapped. `answer` (ASCII, at most 20) is what comes back."""

    answer: str
    label: Phrase


@dataclass(frozen=True, slots=True)
class Say:
    """ONE message: its phrases are joined by newlines. `question`: the conversation waits for its answer.

    `in_place`: it takes the place of the message on which was tapped, where the channel can edit.
    """

    phrases: tuple[Phrase, ...]
    options: tuple[Option, ...] = ()
    question: bool = False
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation stands between two messages. Slots are JSON only; moments are ISO with offset."""

    script: str
    step: str
    slots: Mapping[str, JSON]
    misheard: int = 0  # answers in a row that were not understood

    def to_json(self) -> dict[str, JSON]:
        return {
            "script": self.script,
            "step": self.step,
            "slots": dict(self.slots),
            "misheard": self.misheard,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, JSON]) -> State:
        """Raises ValueError when `saved` was not made by `to_json`."""
        script, step, slots, misheard = (saved.get(key) for key in ("script", "step", "slots", "misheard"))
        if not (isinstance(script, str) and isinstance(step, str) and isinstance(slots, dict)):
            raise ValueError("not a saved conversation state")
        if not isinstance(misheard, int):
            raise ValueError("not a saved conversation state: misheard")
        return cls(script, step, slots, misheard)


@dataclass(frozen=True, slots=True)
class Heard:
    """What reached the conversation. An outcome is the result of a note, or SILENCE; no patient's word."""

    kind: Literal["choice", "text", "media", "outcome"]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What follows from one thing heard. No state: the conversation is over.

    `settled` is what the answered question's message is edited to show. When the state waits for an outcome,
    the note that it waits for is the last of `notes`.
    """

    state: State | None
    says: tuple[Say, ...] = ()
    notes: tuple[Note, ...] = ()
    settled: Phrase | None = None
    understood: bool = True
