"""Two intakes of one medicine too near to each other: told of planned doses, too, they must reach staff."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot.rehearsal.ledger import Act, Extra, Ledger, Said
from bot.rehearsal.plain.too_close import worries

DUE = datetime(2026, 11, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST, THIRD = date(2026, 11, 2), date(2026, 11, 4)


def act(at: datetime, number: int, *, heard: datetime | None = None) -> Act:
    return Act(at, "1", "web", f"web:{number}", "taken", acknowledged_at=heard or at)


def taken(
    on: date, at: datetime | None, told: datetime, *, doubtful: bool = False, drug: str = "lenalidomide"
) -> Said:
    return Said(act(told, on.day), drug, on, "taken", at, doubtful=doubtful)


LATE = taken(FIRST, DUE + DAY + HOUR, DUE + DAY + HOUR)
AT_ITS_HOUR = taken(THIRD, DUE + 2 * DAY, DUE + 2 * DAY)
UNHEARD = Said(Act(LATE.act.at, "1", "web", "web:1", "taken"), "lenalidomide", FIRST, "taken", LATE.taken_at)
NOT = Said(act(DUE + DAY + 2 * HOUR, 1), "lenalidomide", FIRST, "not_taken")

# name, what was said, the telling that must reach staff (None: none)
CASES: list[tuple[str, list[Said], Act | None]] = [
    ("each at its hour", [taken(FIRST, DUE, DUE), AT_ITS_HOUR], None),
    ("a day late", [LATE, AT_ITS_HOUR], AT_ITS_HOUR.act),
    ("exactly a day apart", [taken(FIRST, DUE + DAY, DUE + DAY), AT_ITS_HOUR], None),
    ("the hour not told", [taken(FIRST, None, LATE.act.at), AT_ITS_HOUR], None),
    ("then told without an hour", [LATE, taken(FIRST, None, LATE.act.at), AT_ITS_HOUR], AT_ITS_HOUR.act),
    ("put right before", [LATE, NOT, AT_ITS_HOUR], None),
    ("told of afterwards", [AT_ITS_HOUR, taken(FIRST, DUE + DAY + HOUR, DUE + 3 * DAY)], act(DUE, FIRST.day)),
    (
        "the other in doubt",
        [taken(FIRST, DUE + DAY + HOUR, LATE.act.at, doubtful=True), AT_ITS_HOUR],
        None,
    ),
    ("the other never heard", [UNHEARD, AT_ITS_HOUR], None),
    ("of another medicine", [taken(FIRST, LATE.taken_at, LATE.act.at, drug="ixazomib"), AT_ITS_HOUR], None),
]


@pytest.mark.parametrize(("name", "said", "told"), CASES, ids=[case[0] for case in CASES])
def test_of_planned_doses(name: str, said: list[Said], told: Act | None) -> None:
    found = worries(Ledger(0, "REA", "lenalidomide", said=said))
    assert [(one.act.external_id, one.tier, one.kind) for one in found] == (
        [(told.external_id, "urgent", "extra_dose")] if told else []
    )


def test_beside_the_plan() -> None:
    """Three days apart is the least for ixazomib, wherever the other one came from."""
    extra = Extra(act(DUE, 1), "ixazomib", told=act(DUE + HOUR, 2), taken_at=DUE)
    near = taken(THIRD, DUE + 2 * DAY, DUE + 2 * DAY, drug="ixazomib")
    ledger = Ledger(0, "REA", "ixazomib", said=[near], extras=[extra])
    assert [(one.act, one.tier) for one in worries(ledger)] == [(near.act, "emergency")]
