"""Many rules over one text at once: each word is looked for once, and only rules that could be met are looked at.

A pattern is looked at only when its witness was found: of each, the piece that is written least often.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.symptoms.measures import readings
from bot.symptoms.passage import Passage
from bot.symptoms.pattern import Element, Hits, Pattern, find_words, word_index
from bot.symptoms.word_rules import WordRule, words_of

Place = tuple[int, int]
"""The number of a rule, and of one of its patterns."""


@dataclass(frozen=True, slots=True)
class Net:
    """`index`: see pattern.word_index. `witnesses`: by word or kind of measure, the patterns that need it."""

    rules: tuple[WordRule, ...]
    index: Mapping[str, tuple[str, ...]]
    witnesses: Mapping[str, tuple[Place, ...]]

    def cast(self, passage: Passage) -> tuple[Hits, list[tuple[WordRule, list[Pattern]]]]:
        """What stands in the text, and the rules that may be met by it, with the patterns to look at, in order."""
        hits = Hits(find_words(passage, self.index), readings(passage.text))
        seen = [*hits.words, *(f"{{{kind}" for kind, found in hits.readings.items() if found)]
        places = sorted({place for word in seen for place in self.witnesses.get(word, ())})
        suspects: dict[int, list[Pattern]] = {}
        for rule, pattern in places:
            suspects.setdefault(rule, []).append(self.rules[rule].patterns[pattern])
        return hits, [(self.rules[rule], patterns) for rule, patterns in suspects.items()]


def net_of(rules: Iterable[WordRule]) -> Net:
    rules = tuple(rules)
    witnesses: dict[str, list[Place]] = {}
    for number, rule in enumerate(rules):
        for at, pattern in enumerate(rule.patterns):
            for key in _witness(pattern):
                witnesses.setdefault(key, []).append((number, at))
    return Net(rules, word_index(words_of(rules)), {key: tuple(some) for key, some in witnesses.items()})


def _witness(pattern: Pattern) -> list[str]:
    rarest = min((element for chain in pattern for element in chain), key=_frequency)
    return [f"{{{rarest.measure}"] if rarest.measure else sorted(rarest.words)


def _frequency(element: Element) -> float:
    """A guess: long words are rare, single characters and numbers are everywhere."""
    if element.measure:
        return 3.0 if element.measure == "number" else 0.1
    return sum(10.0 ** (1 - len(word)) for word in element.words)
