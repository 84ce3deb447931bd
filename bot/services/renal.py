"""Creatinine clearance of one participant, for staff: its band, whether that changed, and how sure the figure is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Executable, select

from bot.db.built import built
from bot.db.people import Participant
from bot.services import labs
from bot.services.context import Tx
from bot.symptoms.clearance import Clearance, clearance


@dataclass(frozen=True, slots=True)
class Renal:
    """`before`: the band of the creatinine before this one, where it was another. `age`: by the year of birth alone.

    `borderline`: near a threshold, or across one if the birthday of this year has not yet been.
    """

    found: Clearance
    on: date
    weight_on: date
    age: int
    borderline: bool
    before: str | None


@built
def _person(participant_id: Any) -> Executable:
    return select(Participant.sex, Participant.birth_year).where(Participant.participant_id == participant_id)


async def clearance_of(tx: Tx, participant_id: int) -> Renal | None:
    """None until both a creatinine and a weight are on record."""
    person = (await tx.execute(_person(participant_id))).one()
    values = await labs.results(tx, participant_id)
    creatinines = [row for row in values if row.test == "creatinine"]
    weights = [row for row in values if row.test == "weight"]
    if not creatinines or not weights:
        return None
    weight = weights[-1]
    try:
        now, younger, *earlier = (
            clearance(
                person.sex, row.collected_on.year - person.birth_year - less, weight.canonical, row.canonical
            )
            for row, less in [
                (creatinines[-1], 0),
                (creatinines[-1], 1),
                *((row, 0) for row in creatinines[-2:-1]),
            ]
        )
    except ValueError:
        return None  # an age outside what the formula is for
    before = earlier[0].band if earlier and earlier[0].band != now.band else None
    return Renal(
        now,
        creatinines[-1].collected_on,
        weight.collected_on,
        creatinines[-1].collected_on.year - person.birth_year,
        now.borderline or now.band != younger.band,
        before,
    )
