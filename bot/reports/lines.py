"""Lines of figures from counted people: each cycle, each person, and the totals of sites, arms and the study. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bot.reports.persons import Cell, Given, Person
from schedules.adherence import Tally, total
from schedules.intensity import Intensity

ALL_DRUGS = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `kind`: cycle, participant, site, arm or study; `drug` empty: all drugs together.

    `given` is the dose intensity, of one drug only, over `given_of` people. A line of an arm leaves out whoever was in
    two arms: the days of a cycle cannot be shared out between them.
    """

    kind: str
    tally: Tally
    reasons: Mapping[str, int] = field(default_factory=dict)
    site: str = ""
    subject_id: str = ""
    arm: str = ""
    drug: str = ALL_DRUGS
    cycle: int | None = None
    participants: int = 1
    given: Given | None = None
    given_of: int = 0


def of_cycles(persons: Iterable[Person]) -> list[Line]:
    return [
        Line(
            kind="cycle",
            tally=cell.tally,
            reasons=cell.reasons,
            site=person.site,
            subject_id=person.subject_id,
            arm=cell.arm,
            drug=cell.drug,
            cycle=cell.cycle,
        )
        for person in sorted(persons, key=lambda one: (one.site, one.subject_id))
        for cell in sorted(person.cells, key=lambda one: (one.cycle, one.drug, one.arm))
    ]


def of_people(persons: Iterable[Person]) -> list[Line]:
    """Of each person all drugs together, then each drug; a person without doses has one line of zeros."""
    lines = []
    for person in persons:
        for drug in (ALL_DRUGS, *_drugs(person.cells)):
            cells = [cell for cell in person.cells if drug in (ALL_DRUGS, cell.drug)]
            given = person.given.get(drug)
            line = Line(
                kind="participant",
                tally=total(cell.tally for cell in cells),
                reasons=_sum(cells),
                site=person.site,
                subject_id=person.subject_id,
                arm=person.arm,
                drug=drug,
                given=given,
                given_of=int(given is not None),
            )
            lines.append(line)
    return lines


def of_groups(kind: str, persons: Sequence[Person], groups: Callable[[Person], Iterable[str]]) -> list[Line]:
    """Totals of every site, arm or study that `groups` names."""
    names = sorted({name for person in persons for name in groups(person)})
    return [
        line
        for name in names
        for line in _of_group(kind, name, [one for one in persons if name in groups(one)])
    ]


def _of_group(kind: str, name: str, members: Sequence[Person]) -> Iterable[Line]:
    # A dose belongs to the arm in force when it was due, wherever the participant is now.
    cells = {
        person.participant_id: [cell for cell in person.cells if kind != "arm" or cell.arm == name]
        for person in members
    }
    every = [cell for own in cells.values() for cell in own]
    for drug in (ALL_DRUGS, *_drugs(every)):
        chosen = [cell for cell in every if drug in (ALL_DRUGS, cell.drug)]
        given = [
            person.given[drug]
            for person in members
            if drug in person.given and (kind != "arm" or len(person.arms) == 1)
        ]
        yield Line(
            kind=kind,
            tally=total(cell.tally for cell in chosen),
            reasons=_sum(chosen),
            site=name if kind == "site" else "",
            arm=name if kind == "arm" else "",
            drug=drug,
            participants=sum(drug == ALL_DRUGS or drug in _drugs(own) for own in cells.values()),
            given=_pooled(given),
            given_of=len(given),
        )


def _drugs(cells: Iterable[Cell]) -> list[str]:
    return sorted({cell.drug for cell in cells})


def _pooled(given: Sequence[Given]) -> Given | None:
    """Milligrams and days of all of them together: everybody weighs as long as the treatment lasted."""
    if not given:
        return None
    sums = [one.intensity for one in given]
    whole = Intensity(
        actual_mg=sum((one.actual_mg for one in sums), Decimal(0)),
        actual_days=sum(one.actual_days for one in sums),
        planned_mg=sum((one.planned_mg for one in sums), Decimal(0)),
        planned_days=sum(one.planned_days for one in sums),
    )
    return Given(whole, any(one.running for one in given))


def _sum(cells: Iterable[Cell]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for cell in cells:
        found.update(cell.reasons)
    return dict(sorted(found.items()))
