"""Intakes of one medicine that lie nearer to each other than its label allows, worked out from what was said: of doses of
the plan as well, which a late telling can bring together.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from bot.rehearsal.ledger import Act, Ledger, Worry
from bot.rehearsal.plain.calendar import IF_EXTRA, NEAREST
from bot.rehearsal.plain.figures import A_MOMENT, in_doubt

Intake = date | int  # the planned dose of that day, or the number of one beside the plan
Telling = tuple[
    Act, str, Intake, str, datetime | None, bool
]  # who told what: medicine, intake, status, when, in doubt


def worries(ledger: Ledger) -> list[Worry]:
    """Each telling that brought two together, as staff must hear of it. Where a fault leaves open what stands, none."""
    found: list[Worry] = []
    stands: dict[tuple[str, Intake], datetime | None] = {}
    for act, drug, intake, status, at, doubtful in _in_order(ledger):
        if in_doubt(ledger, act, doubtful):
            stands[drug, intake] = None
            continue
        others = [one for key, one in stands.items() if key[0] == drug and key[1] != intake]
        if at and at != stands.get((drug, intake)) and any(_near(drug, at, one) for one in others if one):
            found.append(Worry(act, IF_EXTRA[drug], f"{drug}: two too close together", kind="extra_dose"))
        if at or status != "taken":  # without an hour it adds nothing to what was told with one
            stands[drug, intake] = at
    return found


def _near(drug: str, one: datetime, other: datetime) -> bool:
    return abs(one - other) < NEAREST[drug] - A_MOMENT


def _in_order(ledger: Ledger) -> Iterator[Telling]:
    """As the house heard them. What it never heard is not there."""
    told: list[tuple[datetime, Telling]] = []
    for one in ledger.said:
        if (heard := one.act.acknowledged_at) is not None:
            told.append((heard, (one.act, one.drug, one.on, one.status, one.taken_at, one.doubtful)))
    for number, extra in enumerate(ledger.extras):
        act = extra.told
        if act is not None and (heard := act.acknowledged_at) is not None:
            told.append((heard, (act, extra.drug, number, "taken", extra.taken_at, extra.doubtful)))
    return iter([one for _, one in sorted(told, key=lambda pair: pair[0])])
