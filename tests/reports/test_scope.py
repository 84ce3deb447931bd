"""Whose figures a reader gets, which arm a dose belongs to, and what it costs to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from bot.db.sites import Site
from bot.errors import Refused
from bot.reports.compliance import Compliance, compliance
from bot.reports.compliance_html import compliance_html
from bot.services import decisions, deployment
from bot.services.context import Tx
from bot.services.decisions import Order
from tests.reports.pen import STUDY, Pen, RegimenAssignment, due, house, writing
from tests.support.house import STAFF, Town, enrolled


async def _two_sites(pen: Pen) -> None:
    await pen.site("BEI")
    for subject, site in (("TST-001", "TST"), ("BEI-001", "BEI")):
        await _person(pen, subject, site)


async def _person(pen: Pen, subject: str, site: str = "TST") -> int:
    person = await pen.participant(subject, "lenalidomide", site)
    for day in (1, 3):
        dose = await pen.dose(person, "lenalidomide", 1, day, due(day))
        await pen.asked(person, [dose], due(day))
    await pen.said(person, dose, "lenalidomide", "taken", due(3))
    await pen.judged(dose, "taken_in_window", due(3))
    return person


async def _report(town: Town, site: str | None = None) -> Compliance:
    async with town.ctx.begin() as tx:
        return await compliance(tx, STUDY, site, due(9))


async def test_one_site_is_one_site(unmade_url: str) -> None:
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            await _two_sites(pen)
        both, one = await _report(town), await _report(town, "BEI")
    assert [line.subject_id for line in both.cycles] == ["BEI-001", "TST-001"]
    assert [line.subject_id for line in one.cycles] == ["BEI-001"]
    assert both.study[0].tally.planned == 2 * one.study[0].tally.planned == 4


async def test_a_reader_of_one_site_sees_nothing_of_the_neighbour(unmade_url: str) -> None:
    """Row-level security confines the very same function."""
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            await _two_sites(pen)
            query = select(Site.site_id).where(Site.code == "BEI")
            site_id = int((await pen.tx.execute(query)).scalar_one())
        scoped = town.ctx.database.begin_for_sites(frozenset({site_id}))
        async with scoped as (connection, now):
            tx = Tx(connection, now, town.ctx)
            report = await compliance(tx, STUDY, as_of=due(9))
            shown = await compliance_html(tx, STUDY, as_of=due(9), language="en")
            with pytest.raises(Refused, match=r"staff\.no_such_site"):
                await compliance(tx, STUDY, "TST", due(9))
    assert {line.subject_id for line in (*report.cycles, *report.people) if line.subject_id} == {"BEI-001"}
    tally = report.study[0].tally
    assert (tally.planned, tally.in_window, tally.unanswered) == (2, 1, 1)
    assert "BEI-001" in shown
    assert "TST" not in shown


async def test_a_dose_belongs_to_the_arm_in_force_when_it_was_due(unmade_url: str) -> None:
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            person = await _person(pen, "TST-001")
            await pen.fact(RegimenAssignment, person, due(2), arm="combination", effective_from=due(2))
        report = await _report(town)
    arms = {line.arm: line.tally.planned for line in report.arms if not line.drug}
    assert arms == {"lenalidomide": 1, "combination": 1}
    assert [(line.arm, line.tally.planned) for line in report.cycles] == [
        ("combination", 1),
        ("lenalidomide", 1),
    ]
    assert {line.arm for line in report.people} == {"combination"}
    assert all(line.given is None for line in report.arms)
    assert (
        "report.note.two_arms",
        {"subject": "TST-001", "arms": "combination, lenalidomide"},
    ) in report.notes


async def test_an_end_that_was_taken_back_ends_nothing(unmade_url: str) -> None:
    """A wrong button: what lies behind it is planned and asked about again."""
    async with house(unmade_url, due(0)) as town:
        participant_id = (await enrolled(town, "lenalidomide")).participant_id
        changes = []
        for status, reason in (("ended", "withdrawal"), ("active", None)):
            async with town.ctx.begin() as tx:
                order = Order(STAFF, tx.now, reason)
                changes.append(await decisions.set_status(tx, participant_id, order, status))
        ended, again = changes
        assert ended.cancelled == again.new > 0
        await deployment.set_virtual_now(town.ctx, due(2))
        async with town.ctx.begin() as tx:
            assert (await compliance(tx, STUDY)).study[0].tally.planned == 1


@contextmanager
def counted() -> Iterator[list[str]]:
    statements: list[str] = []

    def remember(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", remember)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", remember)


async def test_the_number_of_statements_does_not_grow(unmade_url: str) -> None:
    """However many people there are: a report must not delay an alert."""
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            await _person(pen, "TST-001")
        with counted() as few:
            await _report(town)
        async with writing(town) as pen:
            for number in range(2, 7):
                await _person(pen, f"TST-00{number}")
        with counted() as many:
            report = await _report(town)
    assert report.participants == 6
    assert len(many) == len(few) < 25
