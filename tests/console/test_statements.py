"""No query per row: a page costs as many statements for fifty participants as for five, however long their story is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, event, insert

from bot.db.symptoms import ProvisionalGrade, SymptomReport
from bot.messages import Kind
from bot.rehearsal.stage import Stage
from bot.services import alerts
from bot.services.enrolment import NewParticipant, enrol
from tests.support.house import PHONE, STAFF
from tests.support.office import Office, Visitor, office

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def people(town: Office, first: int, last: int) -> None:
    """Participants, each with an alert and a symptom that got worse."""
    for number in range(first, last):
        async with town.ctx.begin() as tx:
            new = NewParticipant(
                "nct04217967", "TST", "combination", date(2026, 11, 2), time(8), f"某{number}", PHONE, "male", 1950
            )  # fmt: skip
            done = await enrol(tx, new, STAFF)
            cause = alerts.Cause(done.participant_id, "relay", "urgent", "relay_nurse@1", f"test:{number}")
            await alerts.raise_alert(tx, cause)
            await grade(tx, done.participant_id, 2)


async def grade(tx: object, participant_id: int, level: int) -> None:
    from bot.services.context import Tx

    assert isinstance(tx, Tx)
    definition = tx.ctx.book.questionnaire("weekly", tx.now)[0]
    fact = {"participant_id": participant_id, "definition": definition, "recorded_at": tx.now}
    report_id = await tx.scalar(
        insert(SymptomReport)
        .values(
            **fact,
            questionnaire="weekly",
            occasion="weekly",
            answers={},
            complete=True,
            recorded_by="test",
            as_whom="self",
        )
        .returning(SymptomReport.symptom_report_id)
    )
    await tx.execute(
        insert(ProvisionalGrade).values(
            **fact,
            symptom_report_id=report_id,
            term="paresthesia",
            grade=level,
            ctcae_version="5.0",
            basis="test@1",
            raw={"pain": "no"},
            before=level - 1,
        )
    )


async def cost(visitor: Visitor, path: str) -> int:
    await visitor.get(path)  # definitions and keys are read once per process
    with counted() as statements:
        response = await visitor.get(path)
    assert response.status_code == 200
    return len(statements)


async def test_lists_and_pages_cost_the_same_for_five_and_for_fifty(town: Office) -> None:
    paths = ("/console/worklist", "/console/alerts", "/console/participants/1", "/console/sites/TST")
    await people(town, 0, 5)
    async with town.signed_in("coordinator") as visitor:
        few = {path: await cost(visitor, path) for path in paths}
        assert (await visitor.get("/console/worklist")).text.count("TST-0") == 5
        await people(town, 5, 50)
        many = {path: await cost(visitor, path) for path in paths}
        assert (await visitor.get("/console/worklist")).text.count("TST-0") == 50
    assert few == many
    assert max(few.values()) < 45


async def test_a_long_story_costs_what_a_short_one_costs(town: Office) -> None:
    stage = Stage(town.ctx)
    async with town.ctx.begin() as tx:
        new = NewParticipant(
            "nct04217967", "TST", "combination", date(2026, 11, 2), time(8), "某", PHONE, "female", 1950
        )
        done = await enrol(tx, new, STAFF)
    phone = stage.phone("1", channel="web")
    await stage.say(phone, done.invited.code, Kind.START)
    await stage.say(phone, PHONE[-4:])
    for number in range(3):  # one of everything that a page may have to unseal
        await stage.say(phone, f"第{number}句闲话")
    async with town.ctx.begin() as tx:
        await grade(tx, done.participant_id, 1)
    paths = [f"/console/participants/{done.participant_id}{rest}" for rest in ("", "/messages", "/sent")]
    async with town.signed_in("nurse") as nurse:
        short = [await cost(nurse, path) for path in paths]
        for number in range(15):
            await stage.say(phone, f"第{number}句话")
            async with town.ctx.begin() as tx:
                await grade(tx, done.participant_id, number % 4)
        await stage.move_to(NOW + timedelta(minutes=20))
        async with town.signed_in("nurse") as again:
            long = [await cost(again, path) for path in paths]
    assert short == long
