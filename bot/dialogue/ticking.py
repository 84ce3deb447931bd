"""Marking several things in one question: which marks a tap or a typed text leads to, and what is then offered.

A button carries what its item is to become (on-..., off-...), so that a second tap on an old screen undoes nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

from bot.dialogue.lexicon import normal
from bot.dialogue.offers import Offer, number_of
from bot.dialogue.rows import CHOICE_MARKED, LIST_MORE, AskStep, Tick
from bot.dialogue.run import Run
from bot.dialogue.turn import JSON, Heard, Phrase

MARKS = "marks"  # the slot with the ids that are marked while the question is open
ON, OFF = "on-", "off-"
_APART = re.compile(r"[\s,，、;；/+和跟&]+|\band\b")
LONGEST = 60  # characters of a typed list


def tick_offers(run: Run, step: AskStep, tick: Tick) -> list[Offer]:
    """A button for each item, and the one that ends the question."""
    items, marks = _items(run, tick), _marks(run)
    names = {one: run.having(tick.as_, item).phrase(tick.label, step.with_) for one, item in items.items()}
    offers = [
        Offer(f"{OFF}{one}", Phrase(CHOICE_MARKED, {"label": names[one]}), "")
        if one in marks
        else Offer(f"{ON}{one}", names[one], "")
        for one in items
    ]
    kept: dict[str, JSON] = {one: "yes" if one in marks else "no" for one in items}
    marked = [names[one] for one in items if one in marks]
    ending = "done" if marked else "none"
    label = run.phrase(tick.done if marked else tick.none, step.with_)
    told = _told(marked) if marked else None
    before = run.loosely(f"${tick.into}") or {}
    return [*offers, Offer(ending, label, tick.next, (ending,), {tick.into: {**before, **kept}}, told=told)]


def marks_after(run: Run, step: AskStep, heard: Heard) -> list[JSON] | None:
    """The marks once this was heard. None: it marks nothing, and may be the end of the question or not understood."""
    if step.tick is None:
        return None
    items, marks = _items(run, step.tick), _marks(run)
    changes = (
        _tapped(heard.value) if heard.kind == "choice" else _typed(run, step.tick, list(items), heard.value)
    )
    if not changes or any(one not in items for one, _ in changes):
        return None
    for one, on in changes:
        marks = (marks - {one}) | ({one} if on else set())
    return [one for one in items if one in marks]


def ticked(slots: Mapping[str, JSON]) -> dict[str, JSON]:
    """What is marked on the open screen, as answers. What is not marked there is not known until it is sent off."""
    found = slots.get(MARKS)
    return dict.fromkeys(map(str, found), "yes") if isinstance(found, list) else {}


def _tapped(answer: str) -> list[tuple[str, bool]]:
    if answer.startswith(ON):
        return [(answer.removeprefix(ON), True)]
    return [(answer.removeprefix(OFF), False)] if answer.startswith(OFF) else []


def _typed(run: Run, tick: Tick, ids: Sequence[str], text: str) -> list[tuple[str, bool]]:
    """A list of positions and names, all of it understood or nothing. A position is a tap on that button."""
    if len(text) > LONGEST:
        return []
    parts = [part for part in _APART.split(unicodedata.normalize("NFKC", text).casefold()) if part]
    found = [_part(run, tick, ids, part) for part in parts]
    return [one for one in found if one is not None] if all(found) else []


def _part(run: Run, tick: Tick, ids: Sequence[str], part: str) -> tuple[str, bool] | None:
    number = number_of(part)
    if number is not None:
        if not 1 <= number <= len(ids):
            return None
        return ids[number - 1], ids[number - 1] not in _marks(run)
    word = normal(part)
    for one, item in _items(run, tick).items():
        if word and word in map(normal, run.having(tick.as_, item).listed(tick.words)):
            return one, True
    return None


def _items(run: Run, tick: Tick) -> dict[str, JSON]:
    return {str(run.having(tick.as_, item).value(tick.item)): item for item in run.items(tick.each, {})}


def _marks(run: Run) -> set[str]:
    return set(ticked(run.slots))


def _told(marked: Sequence[Phrase]) -> Phrase:
    """Names one after another, as one text."""
    if len(marked) == 1:
        return marked[0]
    return Phrase(LIST_MORE, {"first": marked[0], "rest": _told(marked[1:])})
