"""A patient's words in the form in which they are searched: plain characters, known sentence and clause ends.

The form is for matching only; what was written is stored elsewhere and never changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from bot.dialogue.numerals import plain
from bot.symptoms.sounds import SoundTable, from_latin, spelled

SENTENCE_ENDS = frozenset("。!?;\n")
CLAUSE_ENDS = SENTENCE_ENDS | frozenset(",:")
"""、 is no clause end: it joins a list, and 没有发烧、胸痛 denies both."""

_DENIED_SO_FAR = re.compile(r"(?:都|也|全)(?:没有|没得|没|无)了?$")
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

    def said_before(self, place: int) -> str:
        """The sentence before a place. 一点劲都没有 腰疼: the blank ends a denial of what came before it."""
        start = self.sentence_start(place)
        ends = [
            at for at in self.pauses if start < at <= place and _DENIED_SO_FAR.search(self.text[start:at])
        ]
        return (
            "".join(f"{self.text[begin:end]}," for begin, end in pairwise([start, *sorted(ends)]))
            + (self.text[max([start, *ends]) : place])
        )

    def breath(self, place: int, farthest: int = 40) -> str:
        """What was said before a place in one breath: since the last sign, or blank after more than two characters."""
        start = self.clause_start(place, farthest)
        while start > 0 and start in self.pauses and start - self.clause_start(start - 1, 2) < 3:
            start = self.clause_start(start - 1, 2)
        return self.text[start:place]

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


def read_passage(text: str, simplify: Mapping[int, str], sounds: SoundTable | None = None) -> Passage:
    """Any text, of any length; in time proportional to its length."""
    said = _LATIN_STOP.sub("。", plain(text, simplify))
    said = from_latin(said, sounds) if sounds else said
    kept, pauses, length = [], set(), 0
    for piece in _BLANK_BESIDE_CHINESE.split(said):
        kept.append(piece)
        length += len(piece)
        pauses.add(length)
    whole = "".join(kept)
    return Passage(spelled(whole, sounds) if sounds else whole, frozenset(pauses))
