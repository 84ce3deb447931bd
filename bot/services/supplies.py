"""Medicine handed out, brought back and counted, as staff write it down; beside it what was told as taken."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.doses import DoseEvent, DoseReport
from bot.db.labs import SupplyEvent
from bot.errors import Refused
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.locking import lock_participant
from bot.services.timeline import Course, load
from schedules.localtime import local
from schedules.regimen import Timeline, zone_in_force
from schedules.supplies import Stock, Supply, stock

KINDS = ("dispensed", "returned", "counted")
MOST = 1000
OLDEST = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class NewSupply:
    """`quantity` in capsules; `level`: the dose level whose capsule it is, None where nobody said."""

    drug: str
    kind: str
    on: date
    quantity: int
    level: str | None = None


async def record(tx: Tx, participant_id: int, new: NewSupply, author: Author) -> None:
    """Raises Refused for a drug, a kind, a day or a number that cannot be."""
    await lock_participant(tx, participant_id)
    course = await load(tx, participant_id)
    drug = course.study.drugs.get(new.drug)
    if drug is None or new.kind not in KINDS:
        raise Refused("console.supply.choose")
    today = local(tx.now, course.zone).date()
    if not today - OLDEST <= new.on <= today:
        raise Refused("console.supply.day")
    if not 0 <= new.quantity <= MOST or (new.kind == "dispensed" and new.quantity == 0):
        raise Refused("console.supply.quantity", most=MOST)
    levels = {level.name: level.mg for level in drug.levels}
    if new.level is not None and new.level not in levels:
        raise Refused("staff.unknown_level", level=new.level, drug=new.drug, known=", ".join(levels))
    await tx.execute(
        insert(SupplyEvent).values(
            participant_id=participant_id,
            drug=new.drug,
            kind=new.kind,
            on_day=new.on,
            quantity=new.quantity,
            mg=levels[new.level] if new.level else None,
            recorded_at=tx.now,
            **dataclasses.asdict(author),
        )
    )
    of_participant(
        tx, participant_id, author.recorded_by, f"supply_{new.kind}", drug=new.drug, quantity=new.quantity
    )


async def events(tx: Tx, participant_id: int) -> list[Row[Any]]:
    return await tx.all(
        select(SupplyEvent)
        .where(SupplyEvent.participant_id == participant_id)
        .order_by(SupplyEvent.on_day, SupplyEvent.supply_event_id)
    )


async def stocks(tx: Tx, course: Course) -> dict[str, Stock]:
    """Per drug of which anything was written down, as it is on record now."""
    written = await events(tx, course.participant_id)
    return stocks_of(written, await _intakes(tx, course) if written else [], course.timeline)


def stocks_of(written: Iterable[Row[Any]], said: Iterable[Row[Any]], timeline: Timeline) -> dict[str, Stock]:
    """Per drug, in their order. `said`: rows of `reports`, the last about each dose, and intakes that no plan had."""
    found: dict[str, list[Supply]] = {}
    for row in written:
        found.setdefault(row.drug, []).append(Supply(row.kind, row.on_day, row.quantity))
    taken: dict[str, list[tuple[date, int]]] = {}
    for row in said:
        if row.status == "taken":
            taken.setdefault(row.drug, []).append((_day(row, timeline), row.quantity))
    return {drug: stock(rows, taken.get(drug, [])) for drug, rows in sorted(found.items())}


def _day(said: Row[Any], timeline: Timeline) -> date:
    if said.taken_at is None and said.planned_on is not None:
        planned: date = said.planned_on
        return planned
    at = said.taken_at or said.recorded_at
    return local(at, zone_in_force(timeline, at)).date()


async def _intakes(tx: Tx, course: Course) -> list[Row[Any]]:
    """The latest word about each dose, and every intake that no plan had."""
    said = reports().where(DoseReport.participant_id == course.participant_id)
    last = await tx.all(
        said.ext(distinct_on(DoseReport.dose_id))
        .where(DoseReport.dose_id.is_not(None))
        .order_by(DoseReport.dose_id, DoseReport.dose_report_id.desc())
    )
    rows = last + await tx.all(said.where(DoseReport.dose_id.is_(None)))
    replaced = {row.supersedes for row in rows}  # corrected, or gone elsewhere with the plan
    return [row for row in rows if row.dose_report_id not in replaced]


def reports() -> Select[Any]:
    """What was said about doses, each with the day for which its dose was planned."""
    planned: ColumnElement[Any] = DoseEvent.local_date.label("planned_on")
    found: Select[Any] = select(DoseReport, planned)
    return found.outerjoin(DoseEvent, DoseEvent.dose_id == DoseReport.dose_id)
