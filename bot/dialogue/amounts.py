"""How much a sentence tells that was taken. Other than what is planned: asked back with buttons, and staff have the words.

It never says that somebody took too much, and never how much to take.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from bot.dialogue.lexicon import Lexicon, normal
from bot.dialogue.numerals import ENGLISH, NUMERAL, close_up, integer, pairs, plain

LONGEST = 400  # signs: more is a letter, which a person reads
MOST = 9  # what an intake may be recorded as; more than that a person asks
_SIMPLIFY = pairs("兩两顆颗個个幾几膠胶餘余還还種种樣样")
_LEFT = r"(剩下?了?|还有|余下?|只有|left\s|have\s)?"
_MG = re.compile(rf"([0-9]+(?:\.[0-9]+)?|{NUMERAL})\s*(?:毫克|mg\b)")
_ENGLISH = "|".join(ENGLISH)
_BARE = re.compile(
    rf"\b(?:took|taken)\s+([0-9]{{1,2}}|{_ENGLISH})\b(?!\s*(?::|\.[0-9]|am|pm|o'clock|mg|hours?|days?|minutes?|weeks?))"
)
_PARTS_OF_DAY = re.compile("早|上午|中午|下午|晚|夜")


@dataclass(frozen=True, slots=True)
class Amount:
    """`usual`: one capsule of a medicine. `capsules`: at least so many; `mg`: as told. `counted`: not only "once more"."""

    usual: bool
    capsules: int = 1
    mg: tuple[Decimal, ...] = ()
    counted: bool = True

    def differs(self, planned_mg: Iterable[Decimal]) -> bool:
        return not self.usual or not set(self.mg) <= set(planned_mg)


def told_amount(text: str, lexicon: Lexicon) -> Amount | None:
    """None: no amount is told, or that of what is no medicine of the study."""
    word, intake = normal(text[:LONGEST]), lexicon.intake
    named = sum(word.count(name) for name in intake.study)
    if not named and any(part in word for part in intake.other):
        return None
    shown = close_up(plain(text[:LONGEST], _SIMPLIFY))
    counts = _counts(shown, lexicon)
    mg = tuple(_milligrams(shown))
    half = any(part in shown for part in intake.half)
    again = any(part in word for part in intake.more if not any(unit in part for unit in intake.unit))
    if not (counts or mg or half or again):
        return None
    kinds = max(1, named, 2 if "各" in shown or "两种" in shown or "两样" in shown else 1)
    twice = "各" in shown and len(set(_PARTS_OF_DAY.findall(shown))) > 1
    several = twice or bool(set(counts) - {1}) or len(counts) > kinds
    usual = not (several or half or again)
    return Amount(usual, 1 if usual else min(MOST, max([2, *counts])), mg, bool(several or mg or half))


def _counts(shown: str, lexicon: Lexicon) -> list[int]:
    """Numbers of capsules, 0 for one that cannot be read (好几粒). What is left over in the box is not counted."""
    units = "|".join(map(re.escape, sorted(lexicon.intake.unit, key=len, reverse=True)))
    if not units:
        return []
    counted = re.compile(
        rf"{_LEFT}({NUMERAL}|几|数|\b(?:{_ENGLISH}|several|few))\s*(?:(?:{units})|个(?=了?$))"
    )
    found = [number for left, number in counted.findall(shown) if not left]
    return [_number(number) for number in found or _BARE.findall(shown)]


def _number(word: str) -> int:
    return ENGLISH.get(word) or integer(word) or 0


def _milligrams(shown: str) -> list[Decimal]:
    return [Decimal(one) if one[0].isascii() else Decimal(integer(one) or 0) for one in _MG.findall(shown)]
