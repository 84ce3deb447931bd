"""Questions about the study's rules, asked in a person's own words: which topic, and which drug is named.

It answers nothing. A sentence that does not ask, or asks about something else, is no topic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from bot.dialogue.numerals import plain
from bot.symptoms.danger import DangerLexicon
from bot.symptoms.passage import read_passage
from bot.symptoms.pattern import Hits, Pattern, find_chain, find_words, word_index
from bot.symptoms.word_rules import STRICT, RuleId, Words, WordsError, compiler, read_file

Topic = Literal["vomited", "double", "missed", "how", "together"]


class QuestionsError(WordsError):
    """A file of questions has faults. One line each: file, key, value and what is wrong."""


@dataclass(frozen=True, slots=True)
class Questions:
    """`topics` in the order in which they are looked for. `elsewhere`: words of a sentence that is about no dose."""

    version: str
    topics: tuple[tuple[Topic, tuple[Pattern, ...]], ...]
    asking: tuple[str, ...]
    elsewhere: tuple[str, ...]
    drugs: Mapping[str, tuple[str, ...]]
    index: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """`topic` None: something is asked, and no fixed text answers it. `drugs`: those that were named."""

    topic: Topic | None
    drugs: tuple[str, ...]


class _QuestionsFile(BaseModel):
    model_config = STRICT
    version: Annotated[str, Field(min_length=1)]
    asking: Words
    elsewhere: Words
    words: dict[RuleId, Words] = {}
    drugs: dict[RuleId, Words]
    topics: dict[Topic, Words]


def parse_questions(text: str, file: str) -> Questions:
    """Raises QuestionsError naming file, key and value of every fault found."""
    raw = read_file(_QuestionsFile, text, file, QuestionsError)
    making = compiler(raw.words, {})
    topics = tuple(
        (topic, making.patterns(patterns, f"{file}: topics.{topic}"))
        for topic, patterns in raw.topics.items()
    )
    if making.faults:
        raise QuestionsError("\n".join(making.faults))
    words = {
        word
        for _, patterns in topics
        for pattern in patterns
        for chain in pattern
        for element in chain
        for word in element.words
    }
    asking = tuple(plain(word, {}) for word in raw.asking)
    drugs = {drug: tuple(plain(word, {}) for word in some) for drug, some in raw.drugs.items()}
    elsewhere = tuple(plain(word, {}) for word in raw.elsewhere)
    return Questions(raw.version, topics, asking, elsewhere, drugs, word_index(words))


def asked(text: str, questions: Questions, writing: DangerLexicon) -> Asked | None:
    """What a text of any length asks; None where it asks nothing. `writing`: how writing is made plain. Never raises."""
    passage = read_passage(text, writing.simplify, writing.sounds)
    if not any(sign in passage.text for sign in questions.asking):
        return None
    hits = Hits(find_words(passage, questions.index), {})
    topics = (
        topic
        for topic, patterns in questions.topics
        if any(all(find_chain(chain, hits, passage) for chain in pattern) for pattern in patterns)
    )
    named = tuple(drug for drug, words in questions.drugs.items() if any(w in passage.text for w in words))
    about_dose = named or not any(word in passage.text for word in questions.elsewhere)
    return Asked(next(topics, None) if about_dose else None, named)
