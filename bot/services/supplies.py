"""Medicine handed out, brought back and counted, as staff write it down; beside it what was told as taken."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.doses import DoseEvent, DoseReport
from bot.db.labs import SupplyEvent
from bot.errors import Refused
from bot.services.auditing import of_participant
from bot.services.context import Tx
from bot.services.dosing import Author
from bot.services.locking import lock_participant
from bot.services.timeline import Course, load
from schedules.localtime import local
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


async def events(tx: Tx, participant_id: int, as_of: datetime | None = None) -> list[Row[Any]]:
    """What was written down by `as_of` (None: by now)."""
    return await tx.all(
        select(SupplyEvent)
        .where(SupplyEvent.participant_id == participant_id, SupplyEvent.recorded_at <= (as_of or tx.now))
        .order_by(SupplyEvent.on_day, SupplyEvent.supply_event_id)
    )


async def stocks(tx: Tx, course: Course, as_of: datetime | None = None) -> dict[str, Stock]:
    """Per drug of which anything was written down, as it was on record at that instant."""
    found: dict[str, list[Supply]] = {}
    for row in await events(tx, course.participant_id, as_of):
        found.setdefault(row.drug, []).append(Supply(row.kind, row.on_day, row.quantity))
    taken = await _intakes(tx, course, as_of or tx.now) if found else {}
    return {drug: stock(rows, taken.get(drug, [])) for drug, rows in found.items()}


async def _intakes(tx: Tx, course: Course, as_of: datetime) -> dict[str, list[tuple[date, int]]]:
    """The latest word about each dose, and every intake that no plan had."""
    rows = await tx.all(
        select(DoseReport, DoseEvent.local_date)
        .outerjoin(DoseEvent, DoseEvent.dose_id == DoseReport.dose_id)
        .ext(distinct_on(DoseReport.dose_id))
        .where(DoseReport.participant_id == course.participant_id, DoseReport.dose_id.is_not(None))
        .where(DoseReport.recorded_at <= as_of)
        .order_by(DoseReport.dose_id, DoseReport.dose_report_id.desc())
    )
    beside = await tx.all(
        select(DoseReport).where(
            DoseReport.participant_id == course.participant_id,
            DoseReport.dose_id.is_(None),
            DoseReport.recorded_at <= as_of,
        )
    )
    found: dict[str, list[tuple[date, int]]] = {}
    for row in (*rows, *beside):
        if row.status != "taken":
            continue
        planned = None if row.dose_id is None else row.local_date
        at = row.taken_at or row.recorded_at
        day = local(at, course.zone).date() if row.taken_at or planned is None else planned
        found.setdefault(row.drug, []).append((day, row.quantity))
    return found
