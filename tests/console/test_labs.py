"""Laboratory sheets, supply and the conditions of a cycle as a nurse enters and an investigator sees them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from bot.db.labs import GateOutcome, LabResult, SupplyEvent
from bot.reports.supply import supply_csv
from tests.support.office import Office, Visitor, office
from tests.support.patient import enrolled

NOW = datetime(2026, 11, 29, 0, 30, tzinfo=UTC)
ONCE = re.compile(r'name="once" value="([^"]+)"')
SHEET = {
    "collected_on": "2026-11-28",
    "value-platelets": "49.9",
    "unit-platelets": "x10^9/L",
    "lln-platelets": "125",
    "uln-platelets": "350",
    "value-anc": "1600",
    "unit-anc": "/mm3",
    "lln-anc": "1800",
    "uln-anc": "6300",
}


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


async def rows(town: Office, table: Any) -> list[Any]:
    async with town.ctx.begin() as tx:
        return await tx.all(select(table))


async def on_page(visitor: Visitor, home: str) -> str:
    response = await visitor.get(f"{home}/labs")
    assert response.status_code == 200, response.text
    return response.text


async def test_a_sheet_is_recorded_graded_and_shown(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("nurse") as visitor:
        await on_page(visitor, home)
        page = await visitor.follow(f"{home}/labs", **SHEET)
        assert "grade 3 (CTCAE 5.0)" in page.text
        assert "grade 1 (CTCAE 5.0)" in page.text
        assert (
            'name="lln-anc" inputmode="decimal" maxlength="12" aria-label="Lower limit" value="1.8"'
            in page.text
        )
    found = {row.test: row for row in await rows(town, LabResult)}
    platelets, anc = found["platelets"], found["anc"]
    assert (platelets.grade, platelets.term, platelets.basis) == (
        3,
        "Platelet count decreased",
        "platelets_3@1",
    )
    assert (anc.value, anc.unit, anc.canonical, anc.grade) == (1600, "/mm3", Decimal("1.6"), 1)
    assert anc.recorded_by == f"staff:{await town.staff_id('nurse')}"


async def test_the_same_sheet_again_changes_nothing_and_another_value_corrects(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("nurse") as visitor:
        await on_page(visitor, home)
        await visitor.follow(f"{home}/labs", **SHEET)
        await visitor.follow(f"{home}/labs", **SHEET)
        assert len(await rows(town, LabResult)) == 2
        page = await visitor.follow(f"{home}/labs", **SHEET | {"value-platelets": "94.9"})
        assert "corrected" in page.text
    found = [row for row in await rows(town, LabResult) if row.test == "platelets"]
    assert [row.canonical for row in found] == [Decimal("49.9"), Decimal("94.9")]
    assert found[1].supersedes == found[0].lab_result_id


IMPOSSIBLE = (
    ({"value-platelets": "49900"}, "Platelets: 49900 x10^9/L cannot be right (1 to 3000 x10^9/L)"),
    ({"value-platelets": "<10"}, "is not a number"),
    ({"unit-platelets": "g/L"}, "Unknown unit"),
    ({"collected_on": "2026-12-01"}, "not in the future"),
    ({"collected_on": "yesterday"}, "not in the future"),
    ({"value-platelets": "", "value-anc": ""}, "No value was entered"),
    ({"value-platelets": "1e99"}, "is not a number"),
)


async def test_a_sheet_with_one_impossible_value_is_not_recorded_at_all(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("nurse") as visitor:
        await on_page(visitor, home)
        for changed, said in IMPOSSIBLE:
            response = await visitor.post(f"{home}/labs", **SHEET | changed)
            assert response.status_code == 422, changed
            assert said in response.text.replace("&lt;", "<")
            assert (SHEET | changed)["value-anc"] in response.text, "what was typed is still there"
    assert await rows(town, LabResult) == []


async def test_clearance_is_shown_with_band_and_label_once_weight_is_known(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("nurse") as visitor:
        assert "Needs a creatinine and a body weight" in await on_page(visitor, home)
        sheet = {"collected_on": "2026-11-28", "value-creatinine": "80", "unit-creatinine": "umol/L"}
        page = await visitor.follow(
            f"{home}/labs", **sheet, **{"value-weight": "58", "unit-weight": "kg", "uln-creatinine": "84"}
        )
    # a woman born in 1956, 70 by the year: 70 x 58 x 0.85 x 88.4 / (72 x 80)
    assert "52.96 mL/min" in page.text
    assert "band 50-59 mL/min" in page.text
    assert "no change at 50-59" in page.text
    assert "Trimethoprim" in page.text


async def test_a_cycle_needs_its_conditions_or_a_reason(town: Office) -> None:
    """Missing values are never a pass; once they are there the override is no longer asked for."""
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    cycle = {"what": "cycle", "cycle": "2", "first_day": "2026-11-30", "reason": "visit"}
    async with town.signed_in("investigator") as visitor:
        await visitor.get(f"{home}/decisions")
        preview = await visitor.post(f"{home}/decisions/preview", **cycle)
        assert preview.text.count("not assessable") >= 3
        assert "nothing on record" in preview.text
        seen = re.search(r'name="seen" value="(\d+)"', preview.text)
        assert seen is not None
        visitor.last = preview.text
        refused = await visitor.post(f"{home}/decisions", **cycle, seen=seen[1])
        assert refused.status_code == 409
        assert "say why the cycle is released all the same" in refused.text
        assert await rows(town, GateOutcome) == []
        await visitor.follow(f"{home}/decisions", **cycle, seen=seen[1], override="known_elsewhere")
    kept = await rows(town, GateOutcome)
    assert {(row.outcome, row.override_reason) for row in kept} == {("not_assessable", "known_elsewhere")}
    assert {row.cycle for row in kept} == {2}


async def test_values_of_the_week_are_shown_with_the_conditions(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("investigator") as visitor:
        await on_page(visitor, home)
        await visitor.follow(f"{home}/labs", **SHEET)
        await visitor.get(f"{home}/decisions")
        cycle = {"what": "cycle", "cycle": "2", "first_day": "2026-11-30", "reason": "visit"}
        preview = await visitor.post(f"{home}/decisions/preview", **cycle)
    assert "49.9 (2026-11-28)" in preview.text
    assert "1.6 (2026-11-28)" in preview.text
    assert "not met" in preview.text


async def test_capsules_handed_out_and_counted(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("nurse") as visitor:
        once = ONCE.search(await on_page(visitor, home))
        assert once is not None
        given = {
            "drug": "ixazomib",
            "kind": "dispensed",
            "on_day": "2026-11-02",
            "quantity": "3",
            "level": "4mg",
        }
        page = await visitor.follow(f"{home}/supplies", **given, once=once[1])
        assert "Dispensed 3, returned 0, told as taken 0: 3 should be left." in page.text
        again = await visitor.post(f"{home}/supplies", **given, once=once[1])
        assert (again.status_code, "saved before" in again.text) == (422, True)
        counted = {"drug": "ixazomib", "kind": "counted", "on_day": "2026-11-28", "quantity": "1"}
        page = await visitor.follow(f"{home}/supplies", **counted, once="another-number")
        assert "counted 1, expected 3" in page.text
        assert "differs by -2" in page.text
        async with town.ctx.begin() as tx:
            report = list(csv.DictReader(io.StringIO(await supply_csv(tx, "nct04217967", None, None))))
        assert [(row["drug"], row["dispensed"], row["counted"], row["difference"]) for row in report] == [
            ("ixazomib", "3", "1", "-2")
        ]
        wrong = await visitor.post(f"{home}/supplies", **counted | {"quantity": "-1"}, once="third")
        assert wrong.status_code == 422
    assert len(await rows(town, SupplyEvent)) == 2


async def test_a_monitor_looks_and_does_not_write(town: Office) -> None:
    home = f"/console/participants/{(await enrolled(town)).participant_id}"
    async with town.signed_in("monitor") as visitor:
        assert "Save the sheet" not in await on_page(visitor, home)
        assert (await visitor.post(f"{home}/labs", check="x")).status_code == 403
