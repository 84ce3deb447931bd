"""A site's licensed PRO-CTCAE wording, checked against the structure: which questions are asked, in which words.

The words come from a site's file and go into its database; none stands in this product.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from bot.dialogue.faults import ScriptError, faults_of
from bot.symptoms.pro_ctcae import PRESENCE, Instrument

LANGUAGES = ("zh_Hans_CN", "en")
LETTERS = "ABC"
NOT_ANSWERABLE = (
    "na"  # "not applicable", "prefer not to answer": offered where the form has it, counts as missing
)
LONGEST_QUESTION, LONGEST_ANSWER = 600, 80

Words = Mapping[str, str]  # by language


class Worded(BaseModel):
    """One question as it is asked. `answers`: score ("0"-"4", or na) -> label."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    item: int
    attribute: str
    text: Words
    answers: Mapping[str, Words]


class ProWording(BaseModel):
    """What is published: content-addressed like every definition. Questions of one item stand together, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
    structure: str  # version of the structure that it was checked against
    questions: Annotated[tuple[Worded, ...], Field(min_length=1)]

    def text_ids(self) -> frozenset[str]:
        return frozenset()

    def body(self) -> str:
        return json.dumps(self.model_dump(), ensure_ascii=False, sort_keys=True, indent=1)

    def slots(self, language: str) -> list[JsonValue]:
        """The rows that the conversation walks through. A later attribute is asked only where the one before is above 0."""
        found: list[JsonValue] = []
        for question, letter, after in _lettered(self.questions):
            found.append(
                {
                    "key": f"{question.item}{letter}",
                    "after": after,
                    "text": _in(question.text, language),
                    "answers": [
                        {"id": f"s{score}", "label": _in(words, language), "opens": _opens(score)}
                        for score, words in question.answers.items()
                    ],
                }
            )
        return found

    def scores(self, answers: Mapping[str, object]) -> dict[str, int]:
        """What of a conversation's answers is a score: `39A` -> 2."""
        known = {f"{one.item}{letter}" for one, letter, _ in _lettered(self.questions)}
        found = {key: str(value)[1:] for key, value in answers.items() if key in known}
        return {key: int(score) for key, score in found.items() if score.isdigit()}


@dataclass(frozen=True, slots=True)
class Piece:
    """What one row of a file says: the words of one question in one language."""

    where: str
    item: int
    attribute: str
    language: str
    text: str
    answers: Mapping[str, str]


def parse_pro_wording(text: str, name: str) -> ProWording:
    """A published definition. It was checked against the structure when it was loaded."""
    try:
        return ProWording.model_validate_json(text)
    except ValidationError as error:
        raise faults_of(error, name) from None


def wording_of(name: str, instrument: Instrument, pieces: Sequence[Piece]) -> ProWording:
    """Put the rows together. Raises ScriptError: every fault with the place in the file, nothing guessed."""
    faults = [fault for piece in pieces for fault in _piece_faults(instrument, piece)]
    if not pieces:
        faults.append("no question was found")
    if not faults:
        faults = list(_whole_faults(instrument, pieces))
    if faults:
        raise ScriptError(faults)
    by_key: dict[tuple[int, str], dict[str, Piece]] = {}
    for piece in pieces:
        by_key.setdefault((piece.item, piece.attribute), {})[piece.language] = piece
    numbers = list(dict.fromkeys(piece.item for piece in pieces))
    questions = [
        _worded(number, attribute, by_key[number, attribute])
        for number in numbers
        for attribute in instrument.attributes(instrument.structures[number])
    ]
    return ProWording(name=name, structure=instrument.version, questions=tuple(questions))


def _worded(number: int, attribute: str, pieces: Mapping[str, Piece]) -> Worded:
    scores = pieces[LANGUAGES[0]].answers
    return Worded(
        item=number,
        attribute=attribute,
        text={language: pieces[language].text for language in LANGUAGES},
        answers={
            score: {language: pieces[language].answers[score] for language in LANGUAGES} for score in scores
        },
    )


def _lettered(questions: Sequence[Worded]) -> Iterator[tuple[Worded, str, str]]:
    """Each question with its letter, and after which one it is asked: `first`, or the item's one before."""
    seen: dict[int, int] = {}
    for question in questions:
        place = seen.get(question.item, 0)
        seen[question.item] = place + 1
        before = f"{question.item}{LETTERS[place - 1]}" if place else "first"
        yield question, LETTERS[place], before


def _opens(score: str) -> str:
    return "yes" if score.isdigit() and int(score) > 0 else "no"


def _in(words: Words, language: str) -> str:
    return words.get(language) or words[LANGUAGES[0]]


def _piece_faults(instrument: Instrument, piece: Piece) -> Iterator[str]:
    structure = instrument.structures.get(piece.item)
    if structure is None:
        yield f"{piece.where}: item {piece.item} is not one of 1 to {max(instrument.structures)}"
        return
    asked = instrument.attributes(structure)
    if piece.attribute not in asked:
        yield f"{piece.where}: item {piece.item} asks for {', '.join(asked)}, not for {piece.attribute!r}"
        return
    if piece.language not in LANGUAGES:
        yield f"{piece.where}: language {piece.language!r} is not one of {', '.join(LANGUAGES)}"
    if not piece.text or len(piece.text) > LONGEST_QUESTION:
        yield f"{piece.where}: the question has {len(piece.text)} characters, not 1 to {LONGEST_QUESTION}"
    wanted = {"0", "1"} if structure == PRESENCE else {"0", "1", "2", "3", "4"}
    given = {score for score, label in piece.answers.items() if label}
    if given - {NOT_ANSWERABLE} != wanted:
        yield f"{piece.where}: answers {', '.join(sorted(given)) or 'none'}, not {', '.join(sorted(wanted))}"
    for score, label in piece.answers.items():
        if len(label) > LONGEST_ANSWER:
            yield f"{piece.where}: the answer for {score} is longer than {LONGEST_ANSWER} characters"


def _whole_faults(instrument: Instrument, pieces: Sequence[Piece]) -> Iterator[str]:
    found: dict[tuple[int, str, str], Piece] = {}
    for piece in pieces:
        key = (piece.item, piece.attribute, piece.language)
        if key in found:
            yield f"{piece.where}: item {piece.item} {piece.attribute} ({piece.language}) stands twice"
        found[key] = piece
    for number in dict.fromkeys(piece.item for piece in pieces):
        for attribute in instrument.attributes(instrument.structures[number]):
            for language in LANGUAGES:
                if (number, attribute, language) not in found:
                    yield f"item {number}: {attribute} has no words in {language}"
            offered = {
                language: set(found[number, attribute, language].answers)
                for language in LANGUAGES
                if (number, attribute, language) in found
            }
            if len({frozenset(one) for one in offered.values()}) > 1:
                yield f"item {number}: {attribute} offers other answers in one language than in the other"
