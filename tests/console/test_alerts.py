"""An alert from told to closed: one nurse has it, the other is told, and it ends with an outcome and a note."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.db.alerts import AlertStep
from bot.db.audit import AuditEntry
from bot.services import alert_life
from bot.services.auditing import verify_chain
from tests.support.office import Office, office
from tests.support.patient import alerted, enrolled

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


async def steps(town: Office, alert_id: int) -> list[str]:
    async with town.ctx.begin() as tx:
        rows = await tx.all(select(AlertStep).filter_by(alert_id=alert_id).order_by(AlertStep.alert_step_id))
    return [row.step for row in rows if row.step != "told"]


async def test_of_two_nurses_at_once_one_wins_and_the_other_is_told(town: Office) -> None:
    person = await enrolled(town)
    alert_id = await alerted(town, person.participant_id)
    path = f"/console/alerts/{alert_id}/acknowledge"
    async with town.signed_in("nurse") as nurse, town.signed_in("coordinator") as other:
        answers = await asyncio.gather(nurse.post(path), other.post(path))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    winner = "nurse TST" if answers[0].status_code == 303 else "coordinator TST"
    assert f"already with {winner}" in loser.text
    assert await steps(town, alert_id) == ["acknowledged"]


async def test_taken_acted_and_closed_with_every_step_in_both_chains(town: Office) -> None:
    person = await enrolled(town)
    alert_id = await alerted(town, person.participant_id, "emergency")
    async with town.signed_in("nurse") as nurse:
        page = await nurse.follow(f"/console/alerts/{alert_id}/acknowledge")
        assert "This alert is yours." in page.text
        assert "just now" in page.text and "0 min ago" not in page.text
        await nurse.follow(f"/console/alerts/{alert_id}/act", what="called")
        note = "电话里说现在好些了。<script>alert(1)</script>"
        page = await nurse.follow(f"/console/alerts/{alert_id}/close", outcome="settled", note=note)
        assert "No alert is open." in page.text
        page = await nurse.get(f"/console/alerts/{alert_id}")
        assert "好些了。&lt;script&gt;" in page.text and "<script>alert" not in page.text
    assert await steps(town, alert_id) == ["acknowledged", "acted", "closed"]
    staff_id = await town.staff_id("nurse")
    expected = ["alert_acknowledged", "alert_acted", "alert_closed"]
    async with town.ctx.begin() as tx:
        for chain in (f"participant:{person.participant_id}", f"staff:{staff_id}"):
            rows = await tx.all(select(AuditEntry).filter_by(chain=chain).order_by(AuditEntry.seq))
            assert [row.action for row in rows if row.action in expected] == expected
            assert "好些" not in str([row.detail for row in rows])
            assert await verify_chain(tx, chain) is None


async def test_what_somebody_held_who_left_says_so(town: Office) -> None:
    person = await enrolled(town)
    alert_id = await alerted(town, person.participant_id)
    async with town.signed_in("nurse") as nurse:
        await nurse.follow(f"/console/alerts/{alert_id}/acknowledge")
    async with town.ctx.begin() as tx:
        await alert_life.give_back(tx, await town.staff_id("nurse"))
    async with town.signed_in("coordinator") as other:
        page = await other.get(f"/console/alerts/{alert_id}")
    assert "open again: whoever had it has left" in page.text and "worse" not in page.text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"outcome": "settled"},
        {"outcome": "settled", "note": "   "},
        {"note": "talked to her"},
        {"outcome": "made_up", "note": "talked to her"},
        {"outcome": "settled'; DROP TABLE alert; --", "note": "x"},
    ],
)
async def test_no_end_without_outcome_and_note(town: Office, fields: dict[str, str]) -> None:
    person = await enrolled(town)
    alert_id = await alerted(town, person.participant_id)
    async with town.signed_in("nurse") as nurse:
        response = await nurse.post(f"/console/alerts/{alert_id}/close", **fields)
        assert response.status_code == 422
        assert fields.get("note", "").strip() in response.text, "the note is kept"
    assert await steps(town, alert_id) == []


async def test_a_closed_alert_is_not_closed_again(town: Office) -> None:
    """The form sent twice, or opened in two windows."""
    person = await enrolled(town)
    alert_id = await alerted(town, person.participant_id)
    async with town.signed_in("nurse") as nurse:
        form = {"outcome": "settled", "note": "done"}
        assert (await nurse.post(f"/console/alerts/{alert_id}/close", **form)).status_code == 303
        again = await nurse.post(f"/console/alerts/{alert_id}/close", **form)
        assert again.status_code == 409
        assert "closed by nurse TST" in again.text
        assert (await nurse.post(f"/console/alerts/{alert_id}/act", what="called")).status_code == 409
    assert await steps(town, alert_id) == ["closed"]


async def test_a_very_long_note_is_kept_and_an_endless_one_refused(town: Office) -> None:
    person = await enrolled(town)
    alert_id = await alerted(town, person.participant_id)
    async with town.signed_in("nurse") as nurse:
        endless = await nurse.post(f"/console/alerts/{alert_id}/close", outcome="settled", note="药" * 60_000)
        assert endless.status_code == 413
        path = f"/console/alerts/{alert_id}/close"
        too_long = await nurse.post(path, outcome="settled", note="药" * 10_001)
        assert too_long.status_code == 422 and "at most 10000" in too_long.text
        assert too_long.text.count("药") == 10_001, "no word that was typed is lost"
        assert await steps(town, alert_id) == []
        await nurse.follow(path, outcome="settled", note="药" * 10_000)
        assert "药" * 10_000 in (await nurse.get(f"/console/alerts/{alert_id}")).text


async def test_what_was_written_comes_back_from_an_expired_a_foreign_and_a_repeated_form(
    town: Office,
) -> None:
    person = await enrolled(town)
    alert_id = await alerted(town, person.participant_id)
    path, note = f"/console/alerts/{alert_id}/close", "电话里问清楚了，明天来看。"
    async with town.signed_in("nurse") as nurse:
        foreign = await nurse.client.post(
            path, data={"check": "0" * 64, "outcome": "settled", "note": note}, headers=nurse.headers
        )
        assert foreign.status_code == 403 and note in foreign.text
        await nurse.follow(path, outcome="settled", note="第一次")
        repeated = await nurse.post(path, outcome="settled", note=note)
        assert repeated.status_code == 409 and note in repeated.text and "closed by" in repeated.text
        nurse.client.cookies.set("suiyao-staff", "x" * 43)
        expired = await nurse.post(path, outcome="settled", note=note)
        assert expired.status_code == 401 and note in expired.text and "signed out" in expired.text
    assert await steps(town, alert_id) == ["closed"]


async def test_worst_first(town: Office) -> None:
    person = await enrolled(town)
    await alerted(town, person.participant_id, "routine", "a")
    await alerted(town, person.participant_id, "urgent", "b")
    await alerted(town, person.participant_id, "emergency", "c")
    async with town.signed_in("nurse") as nurse:
        text = (await nurse.get("/console/alerts")).text
    assert text.index("EMERGENCY") < text.index("URGENT") < text.index("routine")


@pytest.mark.parametrize(
    "path", ["/console/alerts/0", "/console/alerts/99999999999999999999999", "/console/nothing"]
)
async def test_ids_that_do_not_exist(town: Office, path: str) -> None:
    async with town.signed_in("nurse") as nurse:
        assert (await nurse.get(path)).status_code == 404
