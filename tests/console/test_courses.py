"""Courses of symptoms on a participant's page: what is there comes first, what never was stays folded."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import insert

from bot.db.symptoms import ProvisionalGrade, SymptomReport
from bot.services.context import Tx
from tests.support.office import office
from tests.support.patient import enrolled

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
CALM = "Always grade 0: 2 symptoms"


async def graded(tx: Tx, participant_id: int, grades: dict[str, int]) -> None:
    """One answered check and the provisional grades that it led to."""
    definition = tx.ctx.book.questionnaire("weekly", tx.now)[0]
    fact = {"participant_id": participant_id, "definition": definition, "recorded_at": tx.now}
    report = {"questionnaire": "weekly", "occasion": "weekly", "answers": {}, "complete": True}
    report_id = await tx.scalar(
        insert(SymptomReport)
        .values(**fact, **report, recorded_by="test", as_whom="self")
        .returning(SymptomReport.symptom_report_id)
    )
    made = {"symptom_report_id": report_id, "ctcae_version": "5.0", "basis": "test@1", "raw": {"a": "b"}}
    for term, grade in grades.items():
        await tx.execute(insert(ProvisionalGrade).values(**fact, **made, term=term, grade=grade, before=None))


async def test_what_is_there_comes_first_and_what_never_was_is_folded(unmade_url: str) -> None:
    async with office(unmade_url, NOW) as town:
        person = await enrolled(town)
        async with town.ctx.begin() as tx:
            await graded(tx, person.participant_id, {"Cough": 0, "Fatigue": 3, "Fever": 0, "Nausea": 1})
            await graded(tx, person.participant_id, {"Cough": 0, "Fatigue": 0, "Fever": 0, "Nausea": 1})
        async with town.signed_in("nurse") as nurse:
            page = (await nurse.get(f"/console/participants/{person.participant_id}")).text
    places = [page.index(f"<strong>{name}</strong>") for name in ("Nausea", "Fatigue", "Cough", "Fever")]
    places.insert(2, page.index(CALM))
    assert places == sorted(places), "now there, once there, and folded what never was"
    assert page.count('<figure class="chart">') == 4
    assert page.count("CTCAE 5.0") == 8, "under each drawing every point as a row"
