"""Who is what, and what befalls whom, dealt like cards: what is rare does not wait for luck where there are people enough."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

TWO_PHONES = ("both", "helped", "notice")
# What befalls one person each, for certain, in his first cycle; the rates add to it by chance. A small rehearsal has
# the first of them: among twelve people no more than two leave.
LOTS = (
    *("hold", "hold_typed_late", "reduction", "arm_change", "other_hour", "travel", "pause"),
    *("danger_words", "correction", "off_day_dose", "withdrawal", "death"),
    *("pause_of_two", "withdrawal_of_two", "progression"),
    *("early", "late", "typed_late", "forgotten"),
)
EVENT_OF = {
    "hold_typed_late": "hold",
    "pause_of_two": "pause",
    "withdrawal_of_two": "withdrawal",
}  # of the others by their own names

One = TypeVar("One")


def deal(cards: Sequence[One], weights: Sequence[int], people: int, chance: Random) -> list[One]:
    """A card for each: every one of them where there are people enough, the rest by weight, in any order."""
    dealt = [*cards] if people >= len(cards) else []
    dealt += chance.choices(cards, weights, k=people - len(dealt))
    chance.shuffle(dealt)
    return dealt


def lots(kinds: Sequence[str], chance: Random) -> dict[int, str]:
    """Person's number -> his lot. `kinds`: what phones each has."""
    left, dealt = list(range(len(kinds))), dict[int, str]()
    chance.shuffle(left)
    for lot in LOTS:
        for_two = lot.endswith("_of_two")
        fits = [one for one in left if not for_two or kinds[one] in TWO_PHONES]
        if fits:
            dealt[fits[0]] = lot
            left.remove(fits[0])
    return dealt
