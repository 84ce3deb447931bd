"""Laboratory values of one participant: recorded with unit and limits, graded by the rules in force, never overwritten.

For staff only: no value, grade or clearance reaches a patient.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Executable, Row, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from bot.db.built import built
from bot.db.labs import LabResult
from bot.db.regimens import CycleStart
from bot.errors import Refused
from bot.services.auditing import of_participant
from bot.services.author import Author
from bot.services.context import Tx
from bot.services.locking import lock_participant
from bot.services.timeline import load
from bot.symptoms.labs import LabFault, LabGrade, Laboratory, LabTest, Limits, convert, grade
from schedules.localtime import local

OLDEST = timedelta(days=5 * 366)  # values before treatment are entered, too
Outcome = Literal["recorded", "same", "corrected"]


@dataclass(frozen=True, slots=True)
class NewLab:
    """A value as it stands on the laboratory's sheet; limits in the same unit."""

    test: str
    value: Decimal
    unit: str
    collected_on: date
    lln: Decimal | None = None
    uln: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    test: LabTest
    canonical: Decimal
    lln: Decimal | None
    uln: Decimal | None


async def record(tx: Tx, participant_id: int, new: NewLab, author: Author, source: str) -> Outcome:
    """Write one value. The same value of the same test and day again changes nothing; another one corrects it.

    Raises Refused: an unknown test or unit, a value or a day that cannot be.
    """
    await lock_participant(tx, participant_id)
    definition, laboratory = tx.ctx.book.laboratory(tx.now)
    try:
        read = _read(laboratory, new)
    except LabFault as fault:
        raise Refused(f"labs.fault.{fault.code}", **fault.values) from None
    await _check_day(tx, participant_id, new.collected_on)
    before = await _of_day(tx, participant_id, read.test.id, new.collected_on)
    if before is not None and (before.canonical, before.lln, before.uln) == (
        read.canonical,
        read.lln,
        read.uln,
    ):
        return "same"
    baseline = await _baseline(tx, participant_id, read.test.id, new.collected_on)
    graded = _graded(laboratory, read, baseline)
    await tx.execute(
        insert(LabResult).values(
            participant_id=participant_id,
            test=read.test.id,
            collected_on=new.collected_on,
            value=new.value,
            unit=new.unit.strip(),
            canonical=read.canonical,
            lln=read.lln,
            uln=read.uln,
            baseline=baseline,
            term=graded.term if graded else None,
            grade=graded.grade if graded else None,
            ctcae_version=graded.ctcae_version if graded else None,
            basis=graded.basis if graded else None,
            definition=definition,
            source=source,
            supersedes=before.lab_result_id if before else None,
            recorded_at=tx.now,
            **dataclasses.asdict(author),
        )
    )
    day = new.collected_on.isoformat()
    of_participant(
        tx, participant_id, author.recorded_by, "lab_recorded", test=read.test.id, day=day, source=source
    )
    return "recorded" if before is None else "corrected"


def _read(laboratory: Laboratory, new: NewLab) -> _Read:
    test = laboratory.test(new.test)
    limits = [
        None if one is None else convert(test, one, new.unit, name)
        for name, one in (("lln", new.lln), ("uln", new.uln))
    ]
    return _Read(test, convert(test, new.value, new.unit), limits[0], limits[1])


def _graded(laboratory: Laboratory, read: _Read, baseline: Decimal | None) -> LabGrade | None:
    """None where no number grades the test, or a limit is missing that could make it worse: then nobody is told 0."""
    try:
        return grade(laboratory, read.test, read.canonical, Limits(read.lln, read.uln, baseline))
    except LabFault:
        return None


async def _check_day(tx: Tx, participant_id: int, on: date) -> None:
    today = local(tx.now, (await load(tx, participant_id)).zone).date()
    if not today - OLDEST <= on <= today:
        raise Refused("labs.fault.day", day=on.isoformat())


async def _of_day(tx: Tx, participant_id: int, test: str, on: date) -> Row[Any] | None:
    return await tx.first(
        select(LabResult)
        .where(LabResult.participant_id == participant_id, LabResult.test == test)
        .where(LabResult.collected_on == on)
        .order_by(LabResult.lab_result_id.desc())
        .limit(1)
    )


async def _baseline(tx: Tx, participant_id: int, test: str, on: date) -> Decimal | None:
    """The last value up to day 1 of cycle 1, from a day before this one: before treatment there is none to compare with."""
    start = await tx.scalar(
        select(CycleStart.local_date)
        .where(CycleStart.participant_id == participant_id, CycleStart.cycle == 1)
        .order_by(CycleStart.cycle_start_id.desc())
        .limit(1)
    )
    if start is None or on <= start:
        return None
    earlier = [row for row in await results(tx, participant_id, test) if row.collected_on <= start]
    return earlier[-1].canonical if earlier else None


async def results(tx: Tx, participant_id: int, test: str | None = None) -> Sequence[Row[Any]]:
    """The value in force of each test and day, oldest day first."""
    rows = await tx.all(_in_force(participant_id))
    return rows if test is None else [row for row in rows if row.test == test]


@built
def _in_force(participant_id: Any) -> Executable:
    return (
        select(LabResult)
        .where(LabResult.participant_id == participant_id)
        .ext(distinct_on(LabResult.collected_on, LabResult.test))
        .order_by(LabResult.collected_on, LabResult.test, LabResult.lab_result_id.desc())
    )


async def newest(tx: Tx, participant_id: int) -> dict[str, Row[Any]]:
    """The newest value of each test, however old: who uses it looks at its day."""
    return {row.test: row for row in await results(tx, participant_id)}
