"""When an answer that needs somebody counts as told: at once, counted later as no worse, or overtaken by a worse one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.rehearsal.evidence import Evidence
from bot.rehearsal.ledger import Act, Ledger, Worry
from bot.rehearsal.promises.alerts_in_time import _unheard

AT = datetime(2026, 11, 27, 2, 24, tzinfo=UTC)
WEEK, HOUR, HOURS = timedelta(days=7), timedelta(hours=1), timedelta(hours=4)


def alert(tier: str, at: datetime, kind: str = "symptom") -> Any:
    return SimpleNamespace(tier=tier, kind=kind, raised_at=at, recorded_at=at)


# alerts, what was counted later, is it a breach?
CASES: list[tuple[str, list[Any], list[Any], bool]] = [
    ("nothing", [], [], True),
    ("an alert at once", [alert("urgent", AT)], [], False),
    ("a milder alert only", [alert("routine", AT)], [], True),
    ("handled a week ago, and forgotten", [alert("urgent", AT - WEEK)], [], True),
    ("handled a week ago, and counted", [alert("urgent", AT - WEEK)], [alert("urgent", AT + HOURS)], False),
    ("handled before, then left off", [alert("urgent", AT - WEEK), alert("urgent", AT + HOUR)], [], False),
    ("new, and left off", [alert("urgent", AT + HOUR)], [], True),
    ("handled before, told too late", [alert("urgent", AT - WEEK), alert("urgent", AT + HOURS)], [], True),
    ("then a worse answer", [alert("urgent", AT - WEEK), alert("emergency", AT + HOURS)], [], False),
    ("a worse answer, and nothing was known before", [alert("emergency", AT + HOURS)], [], True),
    ("worse words later", [alert("urgent", AT - WEEK), alert("emergency", AT + HOURS, "danger")], [], True),
]


@pytest.mark.parametrize(("name", "alerts", "held", "breach"), CASES, ids=[case[0] for case in CASES])
def test_an_urgent_answer(name: str, alerts: list[Any], held: list[Any], breach: bool) -> None:
    evidence = Evidence(cast("Any", None), "nct04217967", AT + WEEK, (), (), {}, (), ())
    act = Act(AT, "1", "web", "web:1", "4_6", acknowledged_at=AT)
    ledger = Ledger(0, "REA", "combination", acts=[act])
    found = _unheard(evidence, ledger, Worry(act, "urgent", "4_6"), alerts, held)
    assert [one.what for one in found] == (["urgent answer without an alert"] if breach else [])
