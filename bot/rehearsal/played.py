"""What a rehearsal really played, counted from people's ledgers: no breach of what never happened says nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from bot.rehearsal.ledger import Ledger, Order
from bot.rehearsal.life import ASIDES, DANGERS
from bot.rehearsal.people import Person
from bot.rehearsal.persona import PERSONAS
from bot.rehearsal.plain.calendar import CYCLE
from bot.rehearsal.sitting import WORDS

DAY = timedelta(days=1)
FORGOTTEN = 14  # days after its day a cycle that nobody thought of is released
OFF_DAY = "今天吃了一颗"
OF_TWO = " by people with two phones"
WRITTEN = {words for of_answer in WORDS.values() for words in of_answer}
DANGER = {words for words, _ in DANGERS}
ORDERED = {
    "hold": "holds",
    "resume": "holds ended",
    "level": "reductions",
    "paused": "pauses",
    "active": "pauses ended",
    "death": "deaths",
    "progression": "ends for progression",
}
WAYS = {"at_once": "alerts met at once", "late": "alerts met late", "never": "alerts not met by who was told"}
KINDS = (
    *(f"people who answer: {one.name}" for one in PERSONAS),
    *("people with a messenger", "people with a page", "people with two phones", "people with a caregiver"),
    *(
        f"cycles released {how}"
        for how in ("on time", "early", "late", "when they had begun", "long forgotten")
    ),
    *("holds", "holds entered days late", "holds ended", "reductions", "other arms"),
    *("other hours", "journeys to another zone"),
    *("pauses", "pauses" + OF_TWO, "pauses ended", "withdrawals", "withdrawals" + OF_TWO),
    *("deaths", "ends for progression"),
    *("answers in words", "answers in words" + OF_TWO, "answers tapped twice", "corrections"),
    *("doses told that no plan has", "words of danger", "other words"),
    *WAYS.values(),
)


def played(people: Sequence[Person], ways: Mapping[str, int]) -> dict[str, int]:
    """Each kind with how often it came, also those that never did. `ways`: of staff with the letters they got."""
    found = Counter({WAYS[way]: times for way, times in ways.items()})
    for person in people:
        found.update(_of_person(person))
    return {kind: found[kind] for kind in KINDS}


def _of_person(person: Person) -> Iterator[str]:
    channels = {phone.channel for phone in person.phones}
    yield f"people who answer: {person.persona.name}"
    yield from ("people with a messenger" for _ in channels & {"telegram"})
    yield from ("people with a page" for _ in channels & {"web"})
    yield from ("people with a caregiver" for _ in person.family)
    two = len(person.phones) > 1
    yield from ("people with two phones" for _ in range(two))
    yield from ("answers tapped twice" for _ in range(person.twice))
    for kind in [*_ordered(person.ledger, person.zone), *_done(person.ledger)]:
        yield kind
        if two and kind + OF_TWO in KINDS:
            yield kind + OF_TWO


def _ordered(ledger: Ledger, zone: str) -> Iterator[str]:
    yield from _released(ledger.orders, zone)
    for order in ledger.orders:
        named = (
            order.reason if order.value == "ended" else order.value if order.what == "status" else order.what
        )
        yield from (ORDERED[one] for one in (named,) if one in ORDERED)
        if order.what == "hold" and order.recorded_at - order.effective_from >= DAY:
            yield "holds entered days late"
    yield from ("other arms" for _ in _changes([one.value for one in ledger.orders if one.what == "arm"]))
    for before, after in _changes([one.value for one in ledger.orders if one.what == "habit"]):
        if before.split()[0] == after.split()[0]:
            yield "other hours"
        elif after.split()[0] != zone:
            yield "journeys to another zone"
    yield from ("withdrawals" for one in ledger.agreed if not one.yes)


def _released(orders: Sequence[Order], zone: str) -> Iterator[str]:
    """Every cycle but the first, which begins with the enrolment."""
    last = {one.cycle: one for one in orders if one.what == "cycle" and one.on is not None}
    for before, after in pairwise(last[number] for number in sorted(last)):
        assert before.on is not None and after.on is not None
        days = (after.on - before.on).days - CYCLE
        how = (
            "late"
            if 0 < days < FORGOTTEN
            else "early"
            if days < 0
            else "long forgotten"
            if days
            else "on time"
        )
        yield f"cycles released {how}"
        if after.recorded_at.astimezone(ZoneInfo(zone)).date() > after.on:
            yield "cycles released when they had begun"


def _changes(values: Sequence[str]) -> list[tuple[str, str]]:
    return [(before, after) for before, after in pairwise(values) if before != after]


def _done(ledger: Ledger) -> Iterator[str]:
    for act in ledger.acts:
        if act.what in WRITTEN:
            yield "answers in words"
        elif act.what.startswith(OFF_DAY):
            yield "doses told that no plan has"
        elif act.what in DANGER:
            yield "words of danger"
        elif act.what in ASIDES:
            yield "other words"
    for act, following in pairwise(ledger.acts):
        if act.what == "更正" and (following.phone, following.at) == (act.phone, act.at):
            yield from ("corrections" for _ in range(following.what != "back"))
