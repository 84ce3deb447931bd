"""A symptom check as data: what is ticked on which screen, and what is asked about each thing that was ticked.

The questions are worded by us. It only says what can be answered; what an answer means stands in the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from bot.dialogue.faults import ScriptError, faults_of, read_toml
from bot.symptoms.shorthand import spelled_out

MOST_ON_SCREEN = 6
BESIDES_SCREENS = 3  # taps of an uneventful week: open it, who answers, nothing to add
YES, NO = "yes", "no"
NOT_TOLD, LEFT = "not_told", "left"  # would rather not say; ticked, asked, and never answered
OUTSIDE_ORDER = (NOT_TOLD, LEFT)
COLDEST, HOTTEST = 34.0, 43.9

Reply = str | float
_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,15}$")]  # "off-" + id is an answer's id of at most 20
_AnswerId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,19}$")]
_TextId = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)+$", max_length=80)]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(_Row):
    """`hears`: answers of the lexicon whose words mean this one; its own id if nothing is said."""

    id: _AnswerId
    label: _TextId
    hears: tuple[str, ...] = ()


class Question(_Row):
    """A follow-up. `ordered`: the answers stand from the mildest to the worst.

    A temperature is written as a number, in degrees Celsius; its answers are what can be tapped instead.
    """

    id: _Id
    kind: Literal["choice", "temperature"] = "choice"
    text: _TextId
    ordered: bool = True
    answers: tuple[Answer, ...]


class Symptom(_Row):
    """Something that can be ticked. `words`: the same, typed instead of tapped."""

    label: _TextId
    words: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()


class Questionnaire(_Row):
    """A check. `most_taps`: what a week without symptoms may cost the person at most."""

    name: _Id
    version: str
    most_taps: int
    hello: Mapping[Literal["weekly", "told", "dose"], _TextId]
    screens: Annotated[tuple[Annotated[tuple[_Id, ...], Field(min_length=1)], ...], Field(min_length=1)]
    symptoms: Mapping[_Id, Symptom]

    @cached_property
    def keys(self) -> dict[str, Question]:
        """Every follow-up by its key: `numbness.pain`."""
        return {f"{name}.{one.id}": one for name, one in self._questions()}

    def _questions(self) -> Iterator[tuple[str, Question]]:
        order = [name for screen in self.screens for name in screen]
        yield from ((name, question) for name in order for question in self.symptoms[name].questions)

    def rank(self, key: str, answer: object) -> int | None:
        """How bad an answer is among the ordered answers of its question; None outside that order."""
        if key in self.symptoms:
            return {NO: 0, YES: 1}.get(str(answer))
        question = self.keys.get(key)
        if question is None or not question.ordered:
            return None
        ids = [one.id for one in question.answers]
        return ids.index(answer) if isinstance(answer, str) and answer in ids else None

    def text_ids(self) -> frozenset[str]:
        """Every text that this check shows to a patient."""
        texts = {*self.hello.values(), *(one.label for one in self.symptoms.values())}
        for _, question in self._questions():
            texts |= {question.text, *(one.label for one in question.answers)}
        return frozenset(texts)

    def slots(self) -> dict[str, JsonValue]:
        """The rows that the conversation walks through."""
        return {
            "screens": [{"symptoms": [self._item(name) for name in screen]} for screen in self.screens],
            "questions": [_asked(name, question) for name, question in self._questions()],
        }

    def _item(self, name: str) -> dict[str, JsonValue]:
        symptom = self.symptoms[name]
        return {"id": name, "label": symptom.label, "words": list(symptom.words)}

    def clean(self, answers: Mapping[str, object]) -> dict[str, Reply]:
        """What of any mapping is an answer to this check. Follow-ups count only where their symptom was ticked."""
        kept: dict[str, Reply] = {
            name: str(answers[name]) for name in self.symptoms if answers.get(name) in (YES, NO)
        }
        for key, question in self.keys.items():
            reply = _reply(question, answers.get(key))
            if reply is not None and kept.get(key.partition(".")[0]) == YES:
                kept[key] = reply
        return kept

    def unanswered(self, answers: Mapping[str, object]) -> list[str]:
        """Follow-ups of what was ticked that have no answer yet."""
        return [
            key for key in self.keys if answers.get(key.partition(".")[0]) == YES and answers.get(key) is None
        ]


def _asked(name: str, question: Question) -> dict[str, JsonValue]:
    answers: list[JsonValue] = [
        {"id": one.id, "label": one.label, "hears": list(one.hears or (one.id,))} for one in question.answers
    ]
    return {
        "symptom": name,
        "key": f"{name}.{question.id}",
        "kind": question.kind,
        "text": question.text,
        "answers": answers,
    }


def _reply(question: Question, given: object) -> Reply | None:
    if isinstance(given, bool):
        return None
    if isinstance(given, int | float):
        fits = question.kind == "temperature" and COLDEST <= given <= HOTTEST
        return float(given) if fits else None
    known = {*OUTSIDE_ORDER, *(one.id for one in question.answers)}
    return given if isinstance(given, str) and given in known else None


def parse_questionnaire(text: str, name: str) -> Questionnaire:
    """Raises ScriptError with one line for each fault, beginning with the file's name."""
    try:
        found = Questionnaire.model_validate(spelled_out(read_toml(text, name)))
    except ValidationError as error:
        raise faults_of(error, name) from error
    faults = [f"{name}: {fault}" for fault in _faults(found)]
    if faults:
        raise ScriptError(faults)
    return found


def _faults(check: Questionnaire) -> Iterator[str]:
    shown = [name for screen in check.screens for name in screen]
    yield from (f"screens: there is no symptom {name!r}" for name in shown if name not in check.symptoms)
    yield from (f"symptoms.{name}: stands on no screen" for name in check.symptoms if name not in shown)
    yield from (f"screens: {name!r} stands twice" for name in sorted(set(shown)) if shown.count(name) > 1)
    for number, screen in enumerate(check.screens, 1):
        if len(screen) > MOST_ON_SCREEN:
            yield f"screens.{number}: {len(screen)} symptoms, at most {MOST_ON_SCREEN} can be taken in at once"
    taps = BESIDES_SCREENS + len(check.screens)
    if taps > check.most_taps:
        yield f"most_taps = {check.most_taps}: a week without symptoms takes {taps}"
    for name, symptom in check.symptoms.items():
        yield from (f"symptoms.{name}.{fault}" for fault in _symptom_faults(symptom))


def _symptom_faults(symptom: Symptom) -> Iterator[str]:
    ids = [question.id for question in symptom.questions]
    yield from (f"questions: {one!r} stands twice" for one in sorted(set(ids)) if ids.count(one) > 1)
    for question in symptom.questions:
        answers: list[Any] = [one.id for one in question.answers]
        if len(set(answers)) != len(answers):
            yield f"questions.{question.id}: an answer stands twice in {answers}"
        if len(answers) < (1 if question.kind == "temperature" else 2):
            yield f"questions.{question.id}: too few answers"
        yield from (f"questions.{question.id}: {one!r} is kept" for one in OUTSIDE_ORDER if one in answers)
