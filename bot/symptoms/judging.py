"""Whether a rule about words is met by a message, where, and whether it is meant of this person, now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.symptoms.certainty import is_doubtful
from bot.symptoms.net import Net
from bot.symptoms.passage import Passage
from bot.symptoms.pattern import MOST_MATCHES, Hits, Match, Pattern, find_chain
from bot.symptoms.word_rules import WordRule

Certainty = Literal["stated", "doubtful"]
SPLIT_WORDS = frozenset(
    (
        *("今天", "昨天", "前天", "每天", "整天", "半天", "白天", "几天", "两天", "三天", "聊天"),
        *("医生", "先生", "学生", "奶奶", "大便", "小便"),
    )
)
"""What begins with the end of one of these is no word of its own."""


@dataclass(frozen=True, slots=True)
class Judged:
    """`places`: of the chains that decided. `words`: the patient's own, in plain form: personal data."""

    certainty: Certainty
    words: str
    places: tuple[Match, ...]


def judged(passage: Passage, net: Net) -> Iterator[tuple[WordRule, Judged]]:
    """Every rule that a message meets, in the order of the rules."""
    hits, suspects = net.cast(passage)
    for rule, patterns in suspects:
        heard = _judge(rule, patterns, passage, hits)
        if heard is not None:
            yield rule, heard


def _judge(rule: WordRule, patterns: list[Pattern], passage: Passage, hits: Hits) -> Judged | None:
    """What the message says of this rule; a statement anywhere wins over a denial elsewhere. None: nothing."""
    best: Judged | None = None
    innocent: list[Match] | None = None
    for pattern in patterns:
        found = [find_chain(chain, hits, passage) for chain in pattern]
        if not all(found):
            continue
        if innocent is None:
            if _anywhere(rule.unless, passage, hits):
                return None
            innocent = _in_one_breath(_places(rule.innocent, passage, hits), passage)
        heard = _hear(found, rule, passage, innocent)
        if heard and (best is None or heard.certainty == "stated"):
            best = heard
        if best and best.certainty == "stated":
            break
    if best and _anywhere(rule.doubt, passage, hits):
        return Judged("doubtful", best.words, best.places)
    return best


def _anywhere(patterns: tuple[Pattern, ...], passage: Passage, hits: Hits) -> bool:
    return any(all(find_chain(chain, hits, passage) for chain in pattern) for pattern in patterns)


def _places(patterns: tuple[Pattern, ...], passage: Passage, hits: Hits) -> list[Match]:
    return [place for pattern in patterns for chain in pattern for place in find_chain(chain, hits, passage)]


def _in_one_breath(places: list[Match], passage: Passage) -> list[Match]:
    """头有点晕 血压正常 speaks of no 晕血, 今天气短 of no 天气, 奶奶头疼 of no 奶头."""
    return [
        place
        for place in places
        if passage.pauses.isdisjoint(range(place.start + 1, place.end))
        and passage.text[max(0, place.start - 1) : place.start + 1] not in SPLIT_WORDS
    ]


def _hear(found: list[list[Match]], rule: WordRule, passage: Passage, innocent: list[Match]) -> Judged | None:
    """All chains of a pattern must be found; one that is only doubtful makes the whole doubtful."""
    certainty: Certainty = "stated"
    places: list[Match] = []
    for matches in found:
        heard = _hear_chain(matches, rule, passage, innocent)
        if heard is None:
            return None
        certainty = "doubtful" if heard[0] == "doubtful" else certainty
        places.append(heard[1])
    words = " + ".join(passage.text[place.start : place.end] for place in places)
    return Judged(certainty, words, tuple(places))


def _inside(one: Match, other: Match) -> bool:
    """晕 in 头晕: what is said of the longer word holds for it."""
    longer = not other.gaps and other.end - other.start > one.end - one.start
    return longer and other.start <= one.start and one.end <= other.end


def _hear_chain(
    matches: list[Match], rule: WordRule, passage: Passage, innocent: list[Match]
) -> tuple[Certainty, Match] | None:
    meant = [
        match
        for match in matches
        if not any(match.start < place.end and place.start < match.end for place in innocent)
    ]
    if not meant:
        return None
    many = len(meant) > MOST_MATCHES
    if len(meant) > 1:
        meant = [one for one in meant if not any(_inside(one, other) for other in meant)]
    for match in meant:
        if not is_doubtful(passage, match, rule):
            return "stated", match
    return ("stated" if many else "doubtful"), meant[0]
