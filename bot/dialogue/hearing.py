"""How an answer is understood: which choices a question has now, and the ways in which words may answer it.

A way either understands the whole text or says that it did not: nothing is guessed. A new way of answering is
one more function here and one more name in `script.Answering`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.dialogue.offers import Offer, number_of
from bot.dialogue.rows import CHOICE_MOMENT, Answer, Answering, AskStep, Choose, Typed
from bot.dialogue.run import Run
from bot.dialogue.spoken_time import Spoken, clock_time, when_taken
from bot.dialogue.ticking import tick_offers
from bot.dialogue.turn import JSON, LONGEST_WORDS, Phrase
from bot.symptoms.measures import body_temperature

READINGS = "readings"  # the slot that keeps several possible moments while one of them is asked for
MOST_READINGS = 4  # more than this is a list, not a question


@dataclass(frozen=True, slots=True)
class Got:
    """Understood: go on at `next`. `kept` are slots exactly as heard: a patient's words are no reference."""

    next: str
    kept: Mapping[str, JSON] = field(default_factory=dict)
    set: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unsure:
    """Understood in part: say `text`, and let one of `readings` (ISO moments) be tapped."""

    text: str
    readings: tuple[str, ...]


def offers(run: Run, step: AskStep) -> tuple[Offer, ...]:
    """What can be answered now. While several readings are open, they are the buttons."""
    readings = run.slots.get(READINGS)
    open_now = [one for one in step.answers if run.truth(one.when) and run.in_order(one.ordered)]
    fixed = [_offer(run, step, one) for one in open_now]
    if step.tick:
        return (*tick_offers(run, step, step.tick), *fixed)
    if isinstance(readings, list) and step.typed:
        return (*_reading_offers(run, step.typed, readings), *(one for one in fixed if not one.shown))
    return (*_list_offers(run, step), *fixed)


def _offer(run: Run, step: AskStep, one: Answer) -> Offer:
    label = run.phrase(one.label_id, step.with_ + one.with_) if one.shown else Phrase("")
    return Offer(one.answer, label, one.next, one.hears or (one.answer,), one.set, one.shown)


def _list_offers(run: Run, step: AskStep) -> list[Offer]:
    choose = step.choose
    if choose is None:
        return []
    return [
        _list_offer(run.having(choose.as_, item), choose, (*step.with_, *choose.with_), number, item)
        for number, item in enumerate(run.items(choose.each, {}), start=1)
    ]


def _list_offer(run: Run, choose: Choose, names: Sequence[str], number: int, item: JSON) -> Offer:
    """`run` has the item under its name."""
    answer = str(run.value(choose.answer)) if choose.answer else f"d{number}"
    hears = run.listed(choose.hears)
    return Offer(answer, run.phrase(choose.label, names), choose.next, hears, {choose.as_: item})


def _reading_offers(run: Run, typed: Typed, readings: Sequence[JSON]) -> list[Offer]:
    return [
        Offer(
            f"t{number}",
            Phrase(CHOICE_MOMENT, {"time": run.having("reading", reading).value("$reading:moment")}),
            typed.chosen,
            set={typed.into: reading, **typed.set},
        )
        for number, reading in enumerate(readings, start=1)
    ]


def picked(run: Run, choices: Sequence[Offer], text: str, *, numbers: bool = True) -> Offer | None:
    """The choice that a text is: its number on the screen, its label's place in words, or its words."""
    shown = [choice for choice in choices if choice.shown]
    number = number_of(text)
    if numbers and number is not None:
        return shown[number - 1] if 1 <= number <= len(shown) else None
    heard = run.lexicon.answer(text, [word for choice in choices for word in choice.hears])
    hearing = [choice for choice in choices if heard in choice.hears]
    return next((choice for choice in hearing if choice.answer == heard), hearing[0]) if hearing else None


Way = Callable[[Run, Typed, str], "Got | Unsure | None"]


def _words(run: Run, typed: Typed, text: str) -> Got | None:
    words = text.strip()[:LONGEST_WORDS]
    return Got(typed.next, {typed.into: words}, typed.set) if words else None


_NUMBERS = re.compile(r"[0-9]+")
_TELEPHONE = re.compile(r"[0-9]{4}|[0-9]{7,15}")


def _last_four(run: Run, typed: Typed, text: str) -> Got | None:
    """Four digits, or a whole telephone number, whose last four are meant."""
    digits = "".join(sign for sign in unicodedata.normalize("NFKC", text[:60]) if sign not in " -\t\n.()+")
    spoken = "".join(
        str("〇一二三四五六七八九".find(sign)) if sign in "〇一二三四五六七八九" else sign for sign in digits
    )
    plain = spoken.replace("零", "0").replace("幺", "1")
    known = plain.isascii() and plain.isdigit() and (len(plain) == 4 or 7 <= len(plain) <= 15)
    # 尾号1234, 我的手机是13900001234: digits among words, as long as there is one number only.
    within = _NUMBERS.findall(plain)
    only = plain if known else within[0] if len(within) == 1 and _TELEPHONE.fullmatch(within[0]) else ""
    return Got(typed.next, {typed.into: only[-4:]}, typed.set) if only else None


def _clock(run: Run, typed: Typed, text: str) -> Got | None:
    found = clock_time(text)
    return Got(typed.next, {typed.into: found.strftime("%H:%M")}, typed.set) if found else None


_UNTIL = re.compile(r"\s*(?:到|至|—+|–|-|~|～|\bto\b|\buntil\b)\s*")


def _quiet_hours(run: Run, typed: Typed, text: str) -> Got | None:
    """Two clock times with a word or dash between them."""
    halves = _UNTIL.split(unicodedata.normalize("NFKC", text[:80]).casefold().strip().removeprefix("从"))
    clocks = [found for found in (clock_time(half) for half in halves) if found is not None]
    if len(halves) != 2 or len(clocks) != 2 or clocks[0] == clocks[1]:
        return None
    start, end = (clock.strftime("%H:%M") for clock in clocks)
    return Got(typed.next, {typed.into: {"start": start, "end": end, "span": f"{start}-{end}"}}, typed.set)


def _moment(run: Run, typed: Typed, text: str) -> Got | Unsure | None:
    """When something was taken: one reading is echoed, several are offered, none is not understood."""
    spoken = _spoken(run, typed, text)
    if len(spoken.candidates) == 1 and not spoken.asks:
        return Got(typed.next, {typed.into: spoken.candidates[0].isoformat()}, typed.set)
    if spoken.asks not in typed.unsure:
        return None
    few = spoken.candidates if len(spoken.candidates) <= MOST_READINGS else ()
    return Unsure(typed.unsure[spoken.asks], tuple(moment.isoformat() for moment in few))


def _eaten_at(run: Run, typed: Typed, text: str) -> Got | None:
    """A sentence such as "早上八点吃了" where only "吃了" was asked for. Any doubt: not understood."""
    if not run.lexicon.tells_of_eating(text):
        return None
    spoken = _spoken(run, typed, text)
    if len(spoken.candidates) == 1 and not spoken.asks:
        return Got(typed.next, {typed.into: spoken.candidates[0].isoformat()}, typed.set)
    return Got(typed.unsure_next) if spoken.asks not in ("", "none") else None


def _spoken(run: Run, typed: Typed, text: str) -> Spoken:
    after = run.value(typed.after) if typed.after else None
    return when_taken(text[:LONGEST_WORDS], run.now, after)


def _temperature(run: Run, typed: Typed, text: str) -> Got | None:
    """Degrees Celsius. Of several (in the morning, at night) the highest, which is what is asked for."""
    found = body_temperature(text[:LONGEST_WORDS])
    return Got(typed.next, {typed.into: found}, typed.set) if found is not None else None


WAYS: Mapping[Answering, Way] = {
    "words": _words,
    "last_four": _last_four,
    "clock": _clock,
    "quiet_hours": _quiet_hours,
    "moment": _moment,
    "eaten_at": _eaten_at,
    "temperature": _temperature,
}
