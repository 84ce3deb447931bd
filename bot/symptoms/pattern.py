"""The small language in which danger rules say what to look for, and the search itself.

    胸痛                    these characters
    {chest}~{pain}          a word of a group, up to 4 characters of the same clause, a word of another group
    {chest}~~{pain}         up to 12 characters of the same clause
    {loose}~~~{number>=7}回 up to 12 characters, also across a comma or full stop, never across ? ! ; or a line's end
    {stool}<~~>{black}      the same in either order; <~> and <~~~> likewise, one of them between two &
    {fever} & {rigors}      both anywhere in the message, in any order
    {degrees>=38.0}         a body temperature; {armpit>=37.7} one from the armpit; {number>=2} a count
    {number>=50<93}         from 50 and less than 93; {number<1} less than 1
    吐了(两次|{few})         any one of several

No regular expressions, so a rule cannot be made slow: the search is proportional to the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from math import inf
from operator import add
from typing import NamedTuple

from bot.symptoms.measures import KINDS, Reading
from bot.symptoms.passage import CLAUSE_ENDS, SENTENCE_ENDS, Passage

GAPS = {"~": 4, "~~": 12, "~~~": 12}
SINGLES = ""
NOT_ACROSS = SENTENCE_ENDS - {"。"}
"""Dictation sets full stops where a speaker only breathes."""
LATIN = "{"
"""Words that sort before this begin with a Latin letter or a digit."""
MOST_NEAR = 4
"""Of the places of one piece, those after another that are looked at."""
MOST_MATCHES = 64
"""Matches of one chain that are looked at; whoever repeats himself more often is taken at his word."""


@dataclass(frozen=True, slots=True)
class Element:
    """One piece of a chain: any of `words`, or a `measure` of at least `least` and less than `below`.

    `gap` characters may stand before it, with `across` also a comma or full stop.
    """

    words: frozenset[str] = frozenset()
    measure: str = ""
    least: float = 0.0
    below: float = inf
    gap: int = 0
    across: bool = False


Chain = tuple[Element, ...]
Pattern = tuple[Chain, ...]


class Match(NamedTuple):
    """Where a chain was found, and the places of the gaps inside it. A tuple: thousands are made and sorted."""

    start: int
    end: int
    gaps: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Hits:
    """Where each word and each reading of a message stands, in order. `places`: of groups of words already looked for."""

    words: Mapping[str, list[Match]]
    readings: Mapping[str, list[Reading]]
    places: dict[frozenset[str], list[Match]] = field(default_factory=dict)


_PIECE = re.compile(
    r"\s*(?P<gap>~{1,3})\s*|\{\s*(?P<name>[a-z_]+)\s*(?:(?P<sign>>=|<)\s*(?P<bound>[0-9.]+)\s*"
    r"(?:<\s*(?P<below>[0-9.]+)\s*)?)?\}"
    r"|\((?P<several>[^()~&]+)\)|(?P<literal>[^(){}~]+)"
)


_EITHER_ORDER = re.compile(r"<(~{1,3})>")


def in_every_order(text: str) -> list[str]:
    """A<~~>B written out as A~~B and B~~A, for every part of a pattern that holds it."""
    return ["&".join(parts) for parts in product(*map(_either, text.split("&")))]


def _either(part: str) -> tuple[str, ...]:
    one, *rest = _EITHER_ORDER.split(part)
    return (f"{one}{rest[0]}{rest[1]}", f"{rest[1]}{rest[0]}{one}") if len(rest) == 2 else (part,)


def parse_pattern(text: str, groups: Mapping[str, tuple[str, ...]], *, single: bool = False) -> Pattern:
    """Raises ValueError with the reason for an unknown group or measure, a stray sign, or nothing to look for.

    `single`: one character alone may be looked for; beside & it always may.
    """
    parts = text.split("&")
    return tuple(_parse_chain(part.strip(), groups, single or len(parts) > 1) for part in parts)


def _parse_chain(text: str, groups: Mapping[str, tuple[str, ...]], single: bool) -> Chain:
    elements: list[Element] = []
    gap, place = "", 0
    while place < len(text):
        found = _PIECE.match(text, place)
        if not found:
            raise ValueError(f"cannot be read from {text[place:]!r}")
        place = found.end()
        if found["gap"]:
            gap = found["gap"]
            continue
        element = _element(found, groups)
        elements.append(replace(element, gap=GAPS.get(gap, 0), across=gap == "~~~"))
        gap = ""
    if not elements or gap or text.startswith("~"):
        raise ValueError(f"{text!r} looks for nothing, or begins or ends with ~")
    if len(elements) == 1 and not single and any(len(word) < 2 for word in elements[0].words):
        raise ValueError(f"{text!r} is a single character, which is found everywhere")
    return tuple(elements)


def _element(found: re.Match[str], groups: Mapping[str, tuple[str, ...]]) -> Element:
    name, bound = found["name"], found["bound"]
    if found["literal"]:
        return Element(words=_as_written({found["literal"].strip()}))
    if found["several"]:
        return Element(words=_as_written(_any_of(found["several"].split("|"), groups)))
    if bound:
        if name not in KINDS:
            raise ValueError(f"{name!r} is not a measure: {', '.join(KINDS)}")
        value, below = float(bound), float(found["below"] or inf)
        if found["sign"] == "<":
            return Element(measure=name, below=value)
        return Element(measure=name, least=value, below=below)
    return Element(words=_as_written(_group(name, groups)))


def _as_written(words: Iterable[str]) -> frozenset[str]:
    """疼得 is as often written 疼的."""
    return frozenset(words) | {word[0] + word[1:].replace("得", "的") for word in words}


def _any_of(words: Iterable[str], groups: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Words, and {groups} of words, one of which is meant."""
    several: set[str] = set()
    for word in (word.strip() for word in words):
        several |= _group(word[1:-1], groups) if word[:1] + word[-1:] == "{}" else {word}
    if any(word.strip("{}") != word or not word for word in several):
        raise ValueError("one of several is empty, or no word and no {group}")
    return frozenset(several)


def _group(name: str, groups: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    if name not in groups:
        raise ValueError(f"there is no group of words {name!r}")
    return frozenset(groups[name])


def word_index(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The words by their first two characters, those of one character under SINGLES."""
    index: dict[str, tuple[str, ...]] = {SINGLES: ()}
    for word in sorted(words):
        start = word[:2] if len(word) > 1 else SINGLES
        index[start] = (*index.get(start, ()), word)
    return index


def find_words(passage: Passage, index: Mapping[str, tuple[str, ...]]) -> dict[str, list[Match]]:
    """All places of all words, each list in order. `index` as `word_index` makes it."""
    text = passage.text
    found: dict[str, list[Match]] = {}
    for place, start in enumerate(map(add, text, text[1:] + "\n")):
        for word in index.get(start, ()):
            if text.startswith(word, place) and (word > LATIN or _is_whole(text, place, word)):
                found.setdefault(word, []).append(Match(place, place + len(word)))
    singles = set(index[SINGLES])
    for place, character in enumerate(text):
        if character in singles:
            found.setdefault(character, []).append(Match(place, place + 1))
    return found


def _is_whole(text: str, place: int, word: str) -> bool:
    """A Latin word must not be part of a longer one; Chinese has no such marks."""
    end = place + len(word)
    before = place > 0 and _latin(text[place - 1]) and _latin(word[0])
    return not before and not (end < len(text) and _latin(text[end]) and _latin(word[-1]))


def _latin(character: str) -> bool:
    return "a" <= character <= "z"


def merged(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    """The same patterns with all that are one plain word made into one, which is searched at once."""
    plain_words: set[str] = set()
    others = []
    for pattern in patterns:
        alone = pattern[0][0] if len(pattern) == len(pattern[0]) == 1 else None
        if alone and alone.words:
            plain_words |= alone.words
        else:
            others.append(pattern)
    together: list[Pattern] = [((Element(words=frozenset(plain_words)),),)] if plain_words else []
    return (*together, *others)


def find_chain(chain: Chain, hits: Hits, passage: Passage) -> list[Match]:
    """The places of a chain, earliest first, at most one more than MOST_MATCHES."""
    places = []
    for element in chain:
        places.append(_places(element, hits))
        if not places[-1]:
            return []
    matches = places[0]
    for element, some in zip(chain[1:], places[1:], strict=True):
        matches = _joined(matches, element, some, passage.text)
        if not matches:
            return []
    return matches[: MOST_MATCHES + 1]


def _places(element: Element, hits: Hits) -> list[Match]:
    if element.measure:
        found = hits.readings[element.measure]
        return [Match(r.start, r.end) for r in found if element.least <= r.value < element.below]
    places = hits.places.get(element.words)
    if places is None:
        words = hits.words.keys() & element.words
        places = hits.places[element.words] = sorted(match for word in words for match in hits.words[word])
    return places


def _joined(matches: list[Match], element: Element, places: list[Match], text: str) -> list[Match]:
    starts = [place.start for place in places]
    joined: dict[tuple[int, int], Match] = {}
    stops = NOT_ACROSS if element.across else CLAUSE_ENDS
    for match in matches:
        first = bisect_left(starts, match.end)
        for place in places[first : first + MOST_NEAR]:
            if place.start > match.end + max(element.gap, 1):
                break
            between = text[match.end : place.start]
            if between == " " or (len(between) <= element.gap and stops.isdisjoint(between)):
                gaps = (*match.gaps, (match.end, place.start)) if between else match.gaps
                joined.setdefault((match.start, place.end), Match(match.start, place.end, gaps))
    return sorted(joined.values())
