"""What a service has made of a note or a command: an outcome for the conversation, words, another conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.dialogue.turn import JSON, Say


@dataclass(frozen=True, slots=True)
class Begin:
    """A conversation to begin next."""

    script: str
    slots: Mapping[str, JSON] = field(default_factory=dict)
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    outcome: str | None = None
    says: tuple[Say, ...] = ()
    begin: Begin | None = None
    ends_all: bool = False  # nothing that was asked of this person is to be answered any more ...
    but: tuple[str, ...] = ()  # ... except in these conversations


NOTHING = Done()
