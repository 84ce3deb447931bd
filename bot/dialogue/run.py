"""One turn while it is being made: the slots, what was said so far, and how references become values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from bot.dialogue.lexicon import Lexicon
from bot.dialogue.notes import Note
from bot.dialogue.rows import SETTLED_BOTH, Part, Script
from bot.dialogue.turn import JSON, Phrase, Say, Value


@dataclass(slots=True)
class Run:
    """Lives for one turn only. `now` is aware and in the participant's zone."""

    script: Script
    slots: dict[str, JSON]
    now: datetime
    lexicon: Lexicon
    says: list[Say] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    settled: Phrase | None = None
    recorded: Phrase | None = None  # of the items before: still to be told when several are answered at once

    def next_item(self) -> None:
        """What the item before has become is told beside what the next one becomes."""
        self.recorded, self.settled = self.told(), None

    def told(self) -> Phrase | None:
        """What the answered question is changed to show."""
        if self.recorded is None or self.settled is None:
            return self.settled or self.recorded
        return Phrase(SETTLED_BOTH, {"first": self.recorded, "second": self.settled})

    def put(self, slots: Mapping[str, JSON]) -> None:
        """Sets slots; references are looked up first."""
        for name, given in slots.items():
            self.slots[name] = self._kept(given)

    def put_under(self, slot: str, key: str, given: JSON) -> None:
        """Sets one entry of a slot that is a table."""
        table = self.slots.get(slot)
        self.slots[slot] = {**(table if isinstance(table, dict) else {}), key: self._kept(given)}

    def _kept(self, given: JSON) -> JSON:
        found = self.value(given)
        return found.isoformat() if isinstance(found, date | time) else found  # a datetime is a date, too

    def value(self, given: JSON) -> Any:
        """What a reference stands for; all else stands for itself. Raises KeyError for a missing slot."""
        if not isinstance(given, str) or given[:1] not in ("$", "@"):
            return given
        if given == "$now":
            return self.now
        if given.startswith("@"):
            known, _, path = given[1:].partition("$")
            return Phrase(known + (str(self._slot(path)) if path else ""))
        path, _, meaning = given[1:].partition(":")
        return self._meant(self._slot(path), meaning)

    def _meant(self, found: Any, meaning: str) -> Any:
        match meaning:
            case "moment":
                return datetime.fromisoformat(found).astimezone(self.now.tzinfo) if found else None
            case "clock":
                return time.fromisoformat(found)
            case "day":
                moment = datetime.fromisoformat(found)  # a bare date is one wherever it is read
                return (moment.astimezone(self.now.tzinfo) if moment.tzinfo else moment).date()
            case _:
                return found

    def _slot(self, path: str) -> Any:
        found: Any = self.slots
        for name in path.split("."):
            found = found[name]
        return found

    def listed(self, reference: str) -> tuple[str, ...]:
        """A list of words; empty without a reference."""
        return tuple(str(one) for one in self.value(reference)) if reference else ()

    def number(self, slot: str) -> int:
        """A slot that counts; 0 before the first time."""
        found = self.slots.get(slot)
        return found if isinstance(found, int) else 0

    def truth(self, reference: str) -> bool:
        """Whether a slot is there, not empty and not false. No reference: true."""
        return not reference or bool(self.loosely(reference))

    def in_order(self, references: Sequence[str]) -> bool:
        """Whether these moments follow one another; one that is not known is left out."""
        found = [moment for moment in map(self.value, references) if moment]
        return all(earlier <= later for earlier, later in pairwise(found))

    def loosely(self, reference: str) -> Any:
        """The value of a reference, or None where a slot is missing."""
        try:
            return self.value(reference)
        except KeyError:
            return None

    def items(self, reference: str, where: Mapping[str, str]) -> list[dict[str, JSON]]:
        """The items of a list that are as `where` says."""
        return [
            one for one in self.value(reference) if all(str(one.get(key)) == it for key, it in where.items())
        ]

    def yes_items(self, reference: str, if_yes: Mapping[str, str]) -> list[dict[str, JSON]]:
        """The items whose named fields have a yes in the slots that `if_yes` names."""
        tables = {name: self.loosely(table) or {} for name, table in if_yes.items()}
        return [
            one
            for one in self.items(reference, {})
            if all(table.get(one[name]) == "yes" for name, table in tables.items())
        ]

    def phrase(self, text: str, names: Sequence[str]) -> Phrase:
        """A text by id, or by the slot that holds its id, with the named values."""
        values: dict[str, Value] = {name: self.value(self.script.values[name]) for name in names}
        return Phrase(str(self.value(text)) if text.startswith("$") else text, values)

    def phrases(self, parts: Sequence[Part], names: Sequence[str]) -> tuple[Phrase, ...]:
        """The lines of a message. A text id that is empty in a slot gives no line."""
        lines: list[Phrase] = []
        for part in parts:
            if self.truth(part.when):
                for run in self._each(part):
                    lines += [run.phrase(text, (*names, *part.with_)) for text in part.text if run._has(text)]
        return tuple(lines)

    def _has(self, text: str) -> bool:
        return not text.startswith("$") or self.truth(text)

    def _each(self, part: Part) -> Sequence[Run]:
        if not part.each:
            return (self,)
        skipped = int(self.loosely(part.skip) or 0) if part.skip else 0
        return [self.having(part.as_, item) for item in self.items(part.each, part.where)[skipped:]]

    def having(self, name: str, item: JSON) -> Run:
        """The same turn with one slot more, for looking things up only."""
        return replace(self, slots={**self.slots, name: item})
