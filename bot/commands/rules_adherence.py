"""`suiyao rules adherence`: compliance figures of dated events, case by case, in long form."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from bot.commands import rules_cells as cell
from bot.commands.rules_table import Cells, Row, printed, read_table
from bot.commands.study_file import read_study, wrong

if TYPE_CHECKING:
    from datetime import date

    from schedules.events import Event

NEEDS = ("case_id", "event_type", "date", "drug", "quantity", "mg_per_dose")
COLUMNS = ("case_id", "drug", "measure", "value", "error")
MEASURES = ("taking_adherence_pct", "taking_adherence_capped_pct", "correct_dosing_days_pct", "rdi_pct")
ALL = "all"
MOST_ROWS = 200_000  # all cases are held until the last row


@dataclass
class _Case:
    events: list[Event] = field(default_factory=list)
    planned: set[tuple[str, date, str | None]] = field(default_factory=set)
    bad_lines: list[int] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """ValueError: a dose listed as scheduled and as held would count a doctor's hold as a missed dose."""
        rivals = {"held": "scheduled", "scheduled": "held"}
        rival = rivals.get(event.kind)
        if rival is not None:
            if (rival, event.on, event.drug) in self.planned:
                raise ValueError(f"{event.kind}, and the same dose is listed as {rival}, too")
            self.planned.add((event.kind, event.on, event.drug))
        self.events.append(event)


@click.command(short_help="Adherence and dose intensity of dated events.")
@click.argument("file")
@click.option("--study", "study_name", metavar="ID|FILE", default="nct04217967", show_default=True)
@click.option("--arm", metavar="ARM", help="Needed only where arms start a drug at different levels.")
def adherence(file: str, study_name: str, arm: str | None) -> None:
    """Columns case_id, event_type, date, drug, quantity, mg_per_dose -> case_id, drug, measure, value.

    \b
    event_type  scheduled    quantity doses were to be taken that day
                taken        quantity doses were taken that day, each of mg_per_dose
                held         the plan had a dose and a clinician held it; not listed as scheduled again
                cycle_start  day 1 of a cycle, of that drug; an empty drug: of every drug of the case

    One line per case, drug and measure, then the case's drugs together as `all`:

    \b
    taking_adherence_pct         doses taken / doses scheduled; may exceed 100
    taking_adherence_capped_pct  the same, at most 100
    correct_dosing_days_pct      of the days with a scheduled dose, those on which exactly that was taken;
                                 for `all`: on which every drug was
    rdi_pct                      (mg taken / days) / (mg planned / days planned). Days run from the first cycle
                                 start to day 28 of the last cycle; planned is the study's regimen at its starting
                                 dose, 28 days a cycle (NCT04217967: ixazomib 12 mg, lenalidomide 275 mg a cycle).
                                 For `all` the milligrams of the drugs are added up before dividing.

    A hold lowers rdi_pct and touches nothing else. NA: undefined (nothing scheduled; no cycle start; the mg of a
    dose unknown). A bad row is printed with its error, and its case gets no figures: a part would look like all.
    """
    from schedules.events import planned_mg_per_cycle

    study = read_study(study_name)
    if arm is not None and arm not in study.arms:
        wrong("--arm", arm, f"study {study.id} has {', '.join(study.arms)}")
    try:
        planned = planned_mg_per_cycle(study, arm)
    except ValueError as problem:
        wrong("--study", study_name, f"{problem}; name one with --arm")
    cases: dict[str, _Case] = {}
    bad: list[list[str]] = []
    for row in read_table(file, NEEDS, most_rows=MOST_ROWS).rows:
        case_id = row.cells["case_id"].strip()
        case = cases.setdefault(case_id, _Case())
        try:
            case.add(_event(row, planned))
        except ValueError as problem:
            bad.append([case_id, row.cells["drug"].strip(), "", "NA", f"line {row.line}: {problem}"])
            case.bad_lines.append(row.line)
    with printed(COLUMNS) as line:
        for name, case in cases.items():
            for found in _lines(name, case, planned, study.cycle_days) if name else ():
                line(found)
        for found in bad:
            line(found)
    sys.exit(1 if bad else 0)


def _event(row: Row, planned: Mapping[str, Decimal]) -> Event:
    """One row as an event; a ValueError says what is wrong with it."""
    from schedules.events import Event, EventType

    if row.fault is not None:
        raise ValueError(row.fault)
    cells = row.cells
    cell.given(cells, "case_id")
    name = cell.word(cells, "event_type")
    if name not in set(EventType):
        raise ValueError(f"event_type {cell.shown(name)} is not one of {', '.join(EventType)}")
    kind, on = EventType(name), cell.day(cells, "date")
    if kind is EventType.CYCLE_START:
        return Event(kind, on, None if _every_drug(cells) else _drug(cells, planned))
    # How much was held says nothing: a held dose is in no sum.
    quantity = (
        0 if kind is EventType.HELD and cell.is_missing(cells, "quantity") else cell.count(cells, "quantity")
    )
    mg = cell.optional_number(cells, "mg_per_dose")
    if mg is not None and not 0 < mg <= 1000:
        raise ValueError(f"mg_per_dose {mg} is not above 0 and at most 1000")
    return Event(kind, on, _drug(cells, planned), quantity, mg)


def _every_drug(cells: Cells) -> bool:
    return cell.is_missing(cells, "drug") or cell.word(cells, "drug") == ALL


def _drug(cells: Cells, planned: Mapping[str, Decimal]) -> str:
    name = cell.word(cells, "drug")
    if name not in planned:
        raise ValueError(f"drug {cell.shown(name)} is not one of {', '.join(planned)}")
    return name


def _lines(name: str, case: _Case, planned: Mapping[str, Decimal], cycle_days: int) -> Iterator[list[str]]:
    from schedules.events import drugs_of, figures

    drugs = drugs_of(case.events)
    problem = f"no figures: line {case.bad_lines[0]} is wrong" if case.bad_lines else ""
    for drug, group in [*((one, (one,)) for one in drugs), (ALL, drugs)]:
        found = figures(case.events, {one: planned[one] for one in group}, cycle_days)
        values = (found.taking, found.taking_capped, found.correct_days, found.rdi)
        for measure, value in zip(MEASURES, values, strict=True):
            shown = "NA" if problem or value is None else str(value)
            yield [name, drug, measure, shown, problem]
