"""Whether words in the middle of something else are about a dose of the study: surely, perhaps, or not at all.

It decides about the way they go, never about what was taken: that is asked, or heard by the question about the dose.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.dialogue.lexicon import Lexicon, normal

ANSWERS = ("taken", "not_taken", "all_taken", "forgot", "told_to_stop")
OF_TAKING = (
    "吃",
    "服",
    "药",
    "停",
    "took",
    "taken",
    "medicine",
    "stop",
)  # 好了 or 忘了 alone answer many questions
LONGEST = 400  # signs: more is a letter, which a person reads


@dataclass(frozen=True, slots=True)
class DoseWords:
    """`dose`: about a medicine, and nothing else. `bare`: of taking, but not what. `among`: a medicine and other things.

    `named`: a medicine of the study by name. `more`: one more than was meant. `denied`: not taken, or in doubt.
    """

    kind: Literal["dose", "bare", "among"]
    named: bool = False
    more: bool = False
    denied: bool = False


def dose_words(text: str, lexicon: Lexicon) -> DoseWords | None:
    """None: not about taking anything, about what is no medicine of the study, or nothing that was taken."""
    word, intake = normal(text[:LONGEST]), lexicon.intake
    whole = _any(OF_TAKING, word) and lexicon.answer(text, ANSWERS) is not None
    if not (whole or lexicon.speaks_of_eating(text)):
        return None
    named, more = _any(intake.study, word), _any(intake.more, word)
    if _any(intake.other, word) and not named:
        return None
    marked = named or more or _any(intake.medicine, word)
    denied = _unreal(text, lexicon)
    came_up = marked and lexicon.answer(text, ("vomited",)) is not None
    if whole or came_up or not _rest(word, lexicon):
        return DoseWords("dose" if marked else "bare", named, more, denied)
    return DoseWords("among", named, more) if marked and not denied else None


def _any(parts: Iterable[str], word: str) -> bool:
    return any(part in word for part in parts)


def _rest(word: str, lexicon: Lexicon) -> str:
    """What is left of the words without all that may stand in such a sentence."""
    intake = lexicon.intake
    eating = tuple(map(normal, lexicon.eating))
    parts = {*eating, *intake.study, *intake.medicine, *intake.more, *intake.fill} - {""}
    return re.sub("|".join(map(re.escape, sorted(parts, key=len, reverse=True))), "", word) if parts else word


def _unreal(text: str, lexicon: Lexicon) -> bool:
    """Denied, asked, supposed or only meant: a doubt that is not that of one too many."""
    folded, of_more = unicodedata.normalize("NFKC", text).casefold(), " ".join(lexicon.intake.more)
    return any(part in folded for part in lexicon.doubt if part not in of_more)
