"""Adherence and dose intensity of a plain list of dated events, for checking the product's figures from outside.

Definitions as in adherence.py and intensity.py, by calendar day. A hold never counts against the patient; a hold, a
reduction or a delay lowers the intensity by design. What is undefined is None, never 0 or 100.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from schedules.adherence import percent
from schedules.study import Study


class EventType(StrEnum):
    """`held`: a dose that the plan had and a clinician held; it is not listed as scheduled as well."""

    SCHEDULED = "scheduled"
    TAKEN = "taken"
    HELD = "held"
    CYCLE_START = "cycle_start"


@dataclass(frozen=True, slots=True)
class Event:
    """`drug` None: a cycle that starts for every drug of the case. `mg` is per dose; None: not known."""

    kind: EventType
    on: date
    drug: str | None
    quantity: int = 0
    mg: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """Percentages with two decimals, half up; None where undefined."""

    taking: Decimal | None
    correct_days: Decimal | None
    rdi: Decimal | None

    @property
    def taking_capped(self) -> Decimal | None:
        return None if self.taking is None else min(self.taking, Decimal("100.00"))


def drugs_of(events: Iterable[Event]) -> tuple[str, ...]:
    """The drugs that a case names, each once, in their order."""
    return tuple(dict.fromkeys(event.drug for event in events if event.drug is not None))


def figures(events: Sequence[Event], planned_mg: Mapping[str, Decimal], cycle_days: int) -> Figures:
    """Of the drugs in `planned_mg` together: one for its own figures, all of a case for the case's.

    taking: doses taken / doses scheduled. correct_days: of the days with a scheduled dose, those on which every one of
    the drugs was taken exactly as often as scheduled. rdi: (mg taken / days) / (mg planned / days planned), days from
    the first cycle start to the last day of the last cycle. `planned_mg`: of one full cycle, by drug.
    """
    own = [event for event in events if event.drug is None or event.drug in planned_mg]
    scheduled, taken = _counts(own, EventType.SCHEDULED), _counts(own, EventType.TAKEN)
    days = {on for on, _ in scheduled}
    wrong = {on for on, drug in scheduled.keys() | taken.keys() if scheduled[on, drug] != taken[on, drug]}
    return Figures(
        taking=percent(taken.total(), scheduled.total()),
        correct_days=percent(len(days - wrong), len(days)),
        rdi=_rdi(own, planned_mg, cycle_days),
    )


def planned_mg_per_cycle(study: Study, arm: str | None = None) -> dict[str, Decimal]:
    """Milligrams of one full cycle at the level an arm starts with. ValueError where arms differ and none is named."""
    found: dict[str, Decimal] = {}
    for entry in (entry for name in ([arm] if arm else study.arms) for entry in study.arms[name].drugs):
        drug = study.drugs[entry.drug]
        mg = len(drug.days) * drug.mg(entry.level)
        if found.setdefault(entry.drug, mg) != mg:
            raise ValueError(f"arms start {entry.drug} at different levels")
    return found


def _counts(events: Iterable[Event], kind: EventType) -> Counter[tuple[date, str]]:
    found: Counter[tuple[date, str]] = Counter()
    for event in events:
        if event.kind is kind and event.drug is not None and event.quantity:
            found[event.on, event.drug] += event.quantity
    return found


def _rdi(events: Sequence[Event], planned_mg: Mapping[str, Decimal], cycle_days: int) -> Decimal | None:
    taken = [event for event in events if event.kind is EventType.TAKEN and event.quantity]
    starts = {drug: _starts(events, drug) for drug in planned_mg}
    if not starts or not all(starts.values()) or any(event.mg is None for event in taken):
        return None
    every = set().union(*starts.values())
    actual_days = (max(every) - min(every)).days + cycle_days
    actual_mg = sum((event.quantity * event.mg for event in taken if event.mg is not None), Decimal(0))
    meant_mg = sum((mg * len(starts[drug]) for drug, mg in planned_mg.items()), Decimal(0))
    return percent(actual_mg * cycle_days * len(every), meant_mg * actual_days)


def _starts(events: Iterable[Event], drug: str) -> set[date]:
    return {
        event.on for event in events if event.kind is EventType.CYCLE_START and event.drug in (None, drug)
    }
