"""A patient's words in the form in which they are searched: plain characters, known sentence and clause ends.

The form is for matching only; what was written is stored elsewhere and never changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.dialogue.numerals import plain

SENTENCE_ENDS = frozenset("。!?;\n")
CLAUSE_ENDS = SENTENCE_ENDS | frozenset(",:")
"""、 is no clause end: it joins a list, and 没有发烧、胸痛 denies both."""

_LATIN_STOP = re.compile(r"(?<=[a-z])\.(?=\s|$)")
_BLANK_BESIDE_CHINESE = re.compile(r" (?=[\u3400-\u9fff])|(?<=[\u3400-\u9fff]) ")


@dataclass(frozen=True, slots=True)
class Passage:
    """`text` has no blanks beside Chinese characters; `pauses` are the places where one stood."""

    text: str
    pauses: frozenset[int]

    def clause_start(self, place: int, farthest: int = 40) -> int:
        """Where the clause around a place begins, at most `farthest` characters before it."""
        return self._back(place, farthest, CLAUSE_ENDS, self.pauses)

    def sentence_start(self, place: int, farthest: int = 40) -> int:
        return self._back(place, farthest, SENTENCE_ENDS, frozenset())

    def clause_end(self, place: int, farthest: int = 24) -> int:
        limit = min(len(self.text), place + farthest)
        while place < limit and self.text[place] not in CLAUSE_ENDS and place not in self.pauses:
            place += 1
        return place

    def _back(self, place: int, farthest: int, ends: frozenset[str], pauses: frozenset[int]) -> int:
        limit = max(0, place - farthest)
        while place > limit and self.text[place - 1] not in ends and place not in pauses:
            place -= 1
        return place


def read_passage(text: str, simplify: Mapping[int, str]) -> Passage:
    """Any text, of any length; in time proportional to its length."""
    said = _LATIN_STOP.sub("。", plain(text, simplify))
    kept, pauses, length = [], set(), 0
    for piece in _BLANK_BESIDE_CHINESE.split(said):
        kept.append(piece)
        length += len(piece)
        pauses.add(length)
    return Passage("".join(kept), frozenset(pauses))
