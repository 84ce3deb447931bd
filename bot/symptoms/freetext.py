"""What a patient wrote in his own words. For now: the danger words in it, and whether they are meant now.

It never sets a grade and never reassures; whatever it does not find still goes to the conversation and to staff.
"""

from __future__ import annotations

from bot.symptoms.certainty import is_doubtful
from bot.symptoms.danger import TIERS, Certainty, Danger, DangerLexicon, DangerRule
from bot.symptoms.measures import readings
from bot.symptoms.passage import Passage, read_passage
from bot.symptoms.pattern import MOST_MATCHES, Chain, Hits, Match, Pattern, find_chain, find_words


def scan(text: str, lexicon: DangerLexicon) -> tuple[Danger, ...]:
    """The danger rules that a text of any length meets, what must be acted on first coming first:

    stated before doubtful, emergency before urgent, then the order of the file. One Danger per rule; a
    statement anywhere wins over a denial elsewhere. Never raises.
    """
    passage = read_passage(text, lexicon.simplify)
    hits = Hits(find_words(passage, lexicon.index), readings(passage.text))
    found = (_judge(rule, passage, hits) for rule in lexicon.rules)
    return tuple(sorted((danger for danger in found if danger), key=_rank))


def _rank(danger: Danger) -> tuple[bool, int]:
    return danger.certainty == "doubtful", TIERS.index(danger.tier)


def _judge(rule: DangerRule, passage: Passage, hits: Hits) -> Danger | None:
    if not rule.bare and rule.words.isdisjoint(hits.words):
        return None  # everyday words: most messages end here, for every rule
    if any(words in hits.words for words in rule.unless):
        return None
    innocent = [place for words in rule.innocent for place in hits.words.get(words, ())]
    best: tuple[Certainty, str] | None = None
    for pattern in rule.patterns:
        heard = _hear(pattern, rule, passage, hits, innocent)
        if heard and (best is None or heard[0] == "stated"):
            best = heard
        if best and best[0] == "stated":
            break
    if best is None:
        return None
    doubted = any(words in hits.words for words in rule.doubt)
    return Danger(rule.id, rule.version, rule.tier, "doubtful" if doubted else best[0], best[1])


def _hear(
    pattern: Pattern, rule: DangerRule, passage: Passage, hits: Hits, innocent: list[Match]
) -> tuple[Certainty, str] | None:
    """All chains of a pattern must be found; one that is only doubtful makes the whole doubtful."""
    certainty: Certainty = "stated"
    quotes = []
    for chain in pattern:
        heard = _hear_chain(chain, rule, passage, hits, innocent)
        if heard is None:
            return None
        certainty = "doubtful" if heard[0] == "doubtful" else certainty
        quotes.append(heard[1])
    return certainty, " + ".join(quotes)


def _hear_chain(
    chain: Chain, rule: DangerRule, passage: Passage, hits: Hits, innocent: list[Match]
) -> tuple[Certainty, str] | None:
    matches = [
        match
        for match in find_chain(chain, hits, passage)
        if not any(match.start < place.end and place.start < match.end for place in innocent)
    ]
    if not matches:
        return None
    for match in matches[:MOST_MATCHES]:
        if not is_doubtful(passage, match, rule):
            return "stated", passage.text[match.start : match.end]
    first = passage.text[matches[0].start : matches[0].end]
    return ("stated" if len(matches) > MOST_MATCHES else "doubtful"), first
