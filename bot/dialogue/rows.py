"""A conversation as data: the rows that a script may be made of, and its text ids.

A nurse can read a script aloud; what a row means is said once, here. References in values: `$path` is a slot
(`$dose.due_at`); `:moment`, `:day` (ISO with offset) or `:clock` ("08:00") after it says what it means.
`$now` is the present moment, `@id` a text of the catalogue, `@drug.$dose.drug` the text whose id ends in the
value of a slot. Everything else is meant literally.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.dialogue.turn import JSON

Answering: TypeAlias = Literal[
    "words", "last_four", "clock", "quiet_hours", "moment", "eaten_at", "temperature"
]
AnswerId = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,20}$")]


class Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _several(given: Any) -> Any:
    return given if isinstance(given, list | tuple) else (given,)


def _parts(given: Any) -> Any:
    return [{"text": one} if isinstance(one, str) else one for one in _several(given)]


class Part(Row):
    """One line or a few of a message. `each`: said for every item of a list, which is then called `as`."""

    text: Annotated[tuple[str, ...], BeforeValidator(_several)]
    each: str = ""
    as_: str = Field("", alias="as")
    where: dict[str, str] = {}
    skip: str = ""  # a slot with a number: so many of the first items are left out
    when: str = ""  # a slot: said only if it is neither empty nor false
    with_: tuple[str, ...] = Field((), alias="with")  # values besides the step's


Text = Annotated[tuple[Part, ...], BeforeValidator(_parts)]


class Answer(Row):
    """An answer that can be tapped, typed as its number, or said in the lexicon's words for `hears`."""

    answer: AnswerId
    next: str
    label: str = ""  # choice.<answer> if nothing is said
    with_: tuple[str, ...] = Field((), alias="with")  # values of the label besides the step's
    hears: tuple[str, ...] = ()  # the answer's own words if nothing is said
    set: dict[str, JSON] = {}
    when: str = ""
    ordered: tuple[str, ...] = ()  # moments: offered only if they follow one another
    shown: bool = True  # false: understood in words, but no button

    @property
    def label_id(self) -> str:
        return self.label or f"choice.{self.answer}"


class Choose(Row):
    """One button for every item of a list, in its order; the chosen one is then called `as`."""

    each: str
    as_: str = Field(alias="as")
    answer: str = ""  # the item's own id; d1, d2 and so on if nothing is said
    hears: str = ""  # the item's list of answers whose words mean it
    label: str
    with_: tuple[str, ...] = Field((), alias="with")
    next: str


class Tick(Row):
    """Several may be chosen: a tap marks or unmarks an item, and the same message shows it.

    One more button ends it: `none` while nothing is marked, `done` then. Each item's `item` (its id) is written with
    yes or no into the slot `into`; of one that is left, what was marked. `note` is made at every mark.
    """

    each: str
    as_: str = Field(alias="as")
    item: str
    label: str
    words: str = ""  # the item's list of words, typed instead of tapped
    into: str
    note: str = ""
    fields: dict[str, JSON] = {}
    next: str
    none: str = "choice.none_of_these"
    done: str = "choice.ticked"


class Typed(Row):
    """What may be written instead of tapped. The understood value goes into the slot `into`."""

    as_: Answering = Field(alias="as")
    into: str
    next: str
    set: dict[str, JSON] = {}
    after: str = ""  # moment, eaten_at: the answer lies after this
    chosen: str = ""  # moment: where to go when one of several readings is tapped
    unsure: dict[str, str] = {}  # moment: the text for each way of being unclear
    unsure_next: str = ""  # eaten_at: where to ask properly
    despite_danger: bool = False  # heard here even if danger words in it were answered before


class Step(Row):
    """What every step may have: slots to set, names of values for its texts, what the question becomes."""

    set: dict[str, JSON] = {}
    with_: tuple[str, ...] = Field((), alias="with")
    settled: str = ""


class SayStep(Step):
    """One message, then on."""

    kind: Literal["say"]
    text: Text
    next: str


class AskStep(Step):
    """A question. `again` is the same question in other words; `silence` the way on when nobody answers."""

    kind: Literal["ask"]
    text: Text
    again: Text
    answers: tuple[Answer, ...] = ()
    choose: Choose | None = None
    tick: Tick | None = None
    typed: Typed | None = None
    silence: str = ""


class DoStep(Step):
    """A note for the services: goes on at once (`next`), or waits for what came of it (`outcomes`)."""

    kind: Literal["do"]
    note: str
    fields: dict[str, JSON] = {}
    next: str = ""
    outcomes: dict[str, str] = {}


class BranchStep(Step):
    kind: Literal["branch"]
    on: str
    cases: dict[str, str]
    otherwise: str


class EachStep(Step):
    """The next item of a list. Sets `as`, `number` (from 1), `count`, `before`, `left`, `many`.

    `if_yes`: only items of which the named field has a yes in a slot (`symptom = "$answers"`).
    """

    kind: Literal["each"]
    items: str
    if_yes: dict[str, str] = {}
    as_: str = Field(alias="as")
    next: str
    done: str


class BackStep(Step):
    """One item back in the list that an `each` walks through with the same `as`."""

    kind: Literal["back"]
    as_: str = Field(alias="as")
    next: str


class KeepStep(Step):
    """Writes a value under a key into the slot `into`, beside what is kept there already."""

    kind: Literal["keep"]
    into: str
    key: str
    value: str
    next: str


class CountStep(Step):
    """How many items of a list are as `where` says."""

    kind: Literal["count"]
    items: str
    where: dict[str, str] = {}
    into: str
    next: str


class LimitStep(Step):
    """Counts its own visits in a slot: `next` up to `most` times, then `spent`."""

    kind: Literal["limit"]
    slot: str
    most: int = Field(ge=1, le=20)
    next: str
    spent: str


class SinceStep(Step):
    """Where now lies: before the moment, at most so many minutes after it (`within`), or later."""

    kind: Literal["since"]
    moment: str
    minutes: str
    early: str
    within: str
    later: str


AnyStep = Annotated[
    SayStep
    | AskStep
    | DoStep
    | BranchStep
    | EachStep
    | BackStep
    | KeepStep
    | CountStep
    | LimitStep
    | SinceStep,
    Field(discriminator="kind"),
]


class Script(Row):
    """One conversation. `needs` are the slots it is begun with; `values` the named values of its texts."""

    name: str
    about: str
    start: str
    needs: tuple[str, ...] = ()
    defaults: dict[str, JSON] = {}
    values: dict[str, str] = {}
    steps: dict[str, AnyStep]

    def text_uses(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """Every text id with the names of the values that it gets there. Ids made of slots are left out."""
        uses = [use for step in self.steps.values() for use in _uses(step)]
        named = [one[1:] for one in self.values.values() if one.startswith("@") and "$" not in one]
        return (*uses, *((text, frozenset[str]()) for text in named), *ENGINE_TEXTS.items())

    def text_ids(self) -> frozenset[str]:
        """Every text id that this conversation can say, the engine's own included."""
        return frozenset(text for text, _ in self.text_uses())

    def text_families(self) -> frozenset[str]:
        """Beginnings of the ids that are made of slots: `drug.` for `@drug.$dose.drug`."""
        made = (
            value[1:].partition("$")[0]
            for value in self.values.values()
            if value.startswith("@") and "$" in value
        )
        return frozenset(made) - {""}


def _uses(step: AnyStep) -> list[tuple[str, frozenset[str]]]:
    uses = [(step.settled, step.with_)]
    if isinstance(step, SayStep):
        uses += _part_uses(step.text, step.with_)
    if isinstance(step, AskStep):
        uses += _part_uses(step.text + step.again, step.with_)
        uses += [(answer.label_id, step.with_ + answer.with_) for answer in step.answers if answer.shown]
        uses += [(step.choose.label, step.with_ + step.choose.with_)] if step.choose else []
        uses += [(text, step.with_) for text in step.typed.unsure.values()] if step.typed else []
        uses += [(text, step.with_) for text in (step.tick.none, step.tick.done)] if step.tick else []
    return [(text, frozenset(names)) for text, names in uses if text and not text.startswith("$")]


def _part_uses(parts: tuple[Part, ...], names: tuple[str, ...]) -> list[tuple[str, tuple[str, ...]]]:
    return [(text, names + part.with_) for part in parts for text in part.text]


# What the engine says of its own: the offer of a person, and what an answered question is edited to show.
ASK_PERSON, CHOICE_NURSE, CHOICE_AGAIN = "ask.person", "choice.nurse", "choice.again"
SETTLED_ANSWER, SETTLED_WORDS, CHOICE_MOMENT = "settled.answer", "settled.words", "choice.moment"
SETTLED_BOTH = "settled.both"
CHOICE_MARKED, LIST_MORE = "choice.marked", "list.more"
ENGINE_TEXTS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys((ASK_PERSON, CHOICE_NURSE, CHOICE_AGAIN, SETTLED_WORDS), frozenset()),
    CHOICE_MOMENT: frozenset({"time"}),
    CHOICE_MARKED: frozenset({"label"}),
    LIST_MORE: frozenset({"first", "rest"}),
    SETTLED_ANSWER: frozenset({"answer"}),
    SETTLED_BOTH: frozenset({"first", "second"}),
}
