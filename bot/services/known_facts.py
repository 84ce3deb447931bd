"""What staff have entered and rules may look at: the newest laboratory values, as long as they are not too old.

Nothing here is the patient's word. What is not known is left out, and never taken for good.
"""

from __future__ import annotations

from datetime import date, timedelta

from bot.services import labs, renal, timeline
from bot.services.context import Tx
from bot.symptoms.clearance import BANDS
from schedules.companions import medicines
from schedules.localtime import local

TESTS = {"platelets": "platelets", "neutrophils": "anc"}  # the rules' word -> the laboratory's


async def of_participant(tx: Tx, participant_id: int, most_days: int) -> dict[str, float | str]:
    course = await timeline.load(tx, participant_id)
    oldest = local(tx.now, course.zone).date() - timedelta(days=most_days)
    newest = await labs.newest(tx, participant_id)
    rows = {word: newest[test] for word, test in TESTS.items() if test in newest}
    known: dict[str, float | str] = {
        word: float(row.canonical) for word, row in rows.items() if row.collected_on >= oldest
    }
    known |= await _clearance(tx, participant_id, oldest)
    return known | ({"aspirin": "yes"} if "aspirin" in medicines(course.companions, tx.now) else {})


async def measured_on(tx: Tx, participant_id: int) -> dict[str, date]:
    """The day of each newest value, by the rules' word: the same number of another day is another finding."""
    newest = await labs.newest(tx, participant_id)
    days = {word: newest[test].collected_on for word, test in TESTS.items() if test in newest}
    found = await renal.clearance_of(tx, participant_id)
    return days | ({} if found is None else dict.fromkeys(("clearance", "clearance_band"), found.on))


async def _clearance(tx: Tx, participant_id: int, oldest: date) -> dict[str, float | str]:
    found = await renal.clearance_of(tx, participant_id)
    if found is None or found.on < oldest:
        return {}
    known: dict[str, float | str] = {"clearance": float(found.found.ml_min)}
    if found.before is None:
        return known
    order = [name for _, name in BANDS]  # the best first
    fell = order.index(found.found.band) > order.index(found.before)
    return known | {"clearance_band": "fell" if fell else "rose"}
