"""An as-of is a filter on when things were written down: nothing recorded later changes what was reported before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.app.sources import shipped
from bot.db.database import Database
from bot.db.doses import DoseEvent
from bot.errors import Refused
from bot.reports.compliance import Compliance, compliance
from bot.reports.compliance_csv import compliance_csv
from bot.reports.compliance_html import page
from bot.reports.compliance_json import compliance_json
from bot.reports.printed import Reader
from bot.services import book, deployment
from schedules.adherence import Tally
from tests.reports.pen import (
    ENROLLED,
    STUDY,
    DoseLevelChange,
    Hold,
    Pen,
    RegimenAssignment,
    Resume,
    StatusChange,
    due,
    house,
    writing,
)
from tests.support.house import Town, new_ctx

BEFORE, LATE, AFTER = due(9), due(10), due(11)


async def base(pen: Pen) -> list[int]:
    """Lenalidomide on days 1 to 7: taken, held, not answered, held again; the second hold is open."""
    person = await pen.participant("TST-001", "lenalidomide")
    doses = [await pen.dose(person, "lenalidomide", 1, day, due(day)) for day in (1, 3, 5, 7)]
    for number, day in enumerate((1, 3, 5)):
        await pen.asked(person, [doses[number]], due(day))
    await pen.said(person, doses[0], "lenalidomide", "taken", due(1, 1))
    await pen.judged(doses[0], "taken_in_window", due(1, 1))
    hold = await pen.fact(Hold, person, due(2), drug=None, effective_from=due(2), confirmed=True)
    await pen.fact(Resume, person, due(4), hold_id=hold, effective_from=due(4))
    drug = {"drug": "lenalidomide", "confirmed": True}
    return [person, *doses, await pen.fact(Hold, person, due(6), effective_from=due(6), **drug)]


async def _report(town: Town, as_of: datetime | None, site: str | None = None) -> Compliance:
    async with town.ctx.begin() as tx:
        return await compliance(tx, STUDY, site, as_of)


async def every_byte(town: Town, as_of: datetime) -> list[str]:
    report = await _report(town, as_of)
    reader = Reader(town.ctx.wording, "zh_Hans_CN")
    return [compliance_csv(report, reader), compliance_json(report, reader), page(report, reader)]


def whole(report: Compliance) -> Tally:
    return report.study[0].tally


async def hold(pen: Pen, ids: list[int]) -> None:
    await pen.fact(Hold, ids[0], LATE, drug=None, effective_from=due(5), confirmed=True)


async def resume(pen: Pen, ids: list[int]) -> None:
    """The hold that `base` leaves open from day 6 on turns out to have ended at once."""
    await pen.fact(Resume, ids[0], LATE, hold_id=ids[5], effective_from=due(6))


async def end(pen: Pen, ids: list[int]) -> None:
    await pen.fact(StatusChange, ids[0], LATE, status="ended", effective_from=due(5), reason="withdrawal")


async def arm(pen: Pen, ids: list[int]) -> None:
    await pen.fact(RegimenAssignment, ids[0], LATE, arm="combination", effective_from=due(5))


async def level(pen: Pen, ids: list[int]) -> None:
    """Less was prescribed: the milligrams of the first dose were fewer than remembered."""
    await pen.fact(DoseLevelChange, ids[0], LATE, drug="lenalidomide", level="10mg", effective_from=due(1))


async def cycle(pen: Pen, ids: list[int]) -> None:
    """The next cycle began early: the dose of day 7 was never to be taken."""
    await pen.cycle(ids[0], 2, date(2026, 11, 8), LATE)


async def report(pen: Pen, ids: list[int]) -> None:
    await pen.said(ids[0], ids[3], "lenalidomide", "taken", LATE, taken_at=due(5))
    await pen.judged(ids[3], "taken_in_window", LATE)


async def correction(pen: Pen, ids: list[int]) -> None:
    await pen.said(ids[0], ids[1], "lenalidomide", "not_taken", LATE, reason="forgot")
    await pen.judged(ids[1], "missed", LATE)


async def unplanned(pen: Pen, ids: list[int]) -> None:
    await pen.said(ids[0], None, "lenalidomide", "taken", LATE, taken_at=due(2), quantity=2)


async def replanned(pen: Pen, ids: list[int]) -> None:
    await pen.tx.execute(update(DoseEvent).where(DoseEvent.dose_id == ids[4]).values(superseded_at=LATE))


async def planned(pen: Pen, ids: list[int]) -> None:
    await pen.dose(ids[0], "lenalidomide", 1, 9, due(8), planned_at=LATE)


async def enrolled(pen: Pen, ids: list[int]) -> None:
    await pen.participant("TST-002", "ixazomib", at=LATE)


async def checked(pen: Pen, ids: list[int]) -> None:
    await pen.check(ids[0], date(2026, 11, 8), LATE, None)


RECORDED_LATE: list[Callable[[Pen, list[int]], Awaitable[None]]] = [
    hold,
    resume,
    end,
    arm,
    level,
    cycle,
    report,
    correction,
    unplanned,
    replanned,
    planned,
    enrolled,
    checked,
]


@pytest.mark.parametrize("late", RECORDED_LATE, ids=lambda one: one.__name__)
async def test_what_is_recorded_later_changes_no_earlier_report(
    unmade_url: str, late: Callable[[Pen, list[int]], Awaitable[None]]
) -> None:
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            ids = await base(pen)
        before = await every_byte(town, BEFORE)
        after = await every_byte(town, AFTER)
        async with writing(town) as pen:
            await late(pen, ids)
        assert await every_byte(town, BEFORE) == before
        assert await every_byte(town, AFTER) != after


async def test_a_hold_typed_late_is_no_silence_of_the_patient(unmade_url: str) -> None:
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            ids = await base(pen)
            await hold(pen, ids)
        early, late = whole(await _report(town, BEFORE)), whole(await _report(town, AFTER))
        assert (early.held, early.unanswered) == (2, 1)
        assert str(early.adherence_pct) == "50.00"
        assert (late.held, late.unanswered) == (3, 0)
        assert str(late.adherence_pct) == "100.00"


async def test_behind_an_end_nothing_was_planned(unmade_url: str) -> None:
    """Written down late, of somebody who was asked and answered meanwhile: what was swallowed is an extra intake."""
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            ids = await base(pen)
            await report(pen, ids)
            await end(pen, ids)
        tally = whole(await _report(town, AFTER))
        assert (tally.planned, tally.held, tally.in_window, tally.extra) == (2, 1, 1, 1)


async def test_only_a_question_that_arrived_makes_silence(unmade_url: str) -> None:
    """Delivered late, on the page that nobody opened, with unknown fate, or too late: nobody was silent."""
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            person = await pen.participant("TST-001", "lenalidomide")
            doses = [await pen.dose(person, "lenalidomide", 1, day, due(day)) for day in (1, 3, 5, 7)]
            await pen.asked(person, [doses[0]], due(1), channel="web", state="queued", settled_at=None)
            await pen.asked(person, [doses[1]], due(3), state="unknown", settled_at=due(3))
            await pen.asked(person, [doses[2]], due(5), settled_at=due(7))
            await pen.asked(person, [doses[3]], due(7), channel="web", shown_at=due(8), settled_at=due(8))
        tally = whole(await _report(town, due(9)))
        assert (tally.not_asked, tally.unanswered) == (3, 1)


async def test_the_window_closes_at_its_instant(unmade_url: str) -> None:
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            await base(pen)
        closes = due(5) + timedelta(hours=48)
        just_before = whole(await _report(town, closes - timedelta(microseconds=1)))
        assert (just_before.open, just_before.unanswered) == (1, 0)
        at_once = whole(await _report(town, closes))
        assert (at_once.open, at_once.unanswered) == (0, 1)


async def test_nothing_to_count_is_said(unmade_url: str) -> None:
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            await pen.site("BEI")
            await pen.participant("TST-001", "lenalidomide", first_day=date(2026, 12, 1))
        unborn = await _report(town, ENROLLED - timedelta(days=30))
        nobody = await _report(town, ENROLLED - timedelta(hours=1))
        empty = await _report(town, due(9), "BEI")
        waiting = await _report(town, due(9))
        assert [one.notes[0][0] for one in (unborn, nobody, empty, waiting)] == [
            "report.note.not_published",
            "report.note.nobody",
            "report.note.empty_site",
            "report.note.no_dose",
        ]
        assert waiting.people[0].tally == Tally()
        assert waiting.people[0].tally.adherence_pct is None
        for report_ in (unborn, nobody, empty, waiting):
            for language in ("zh_Hans_CN", "en"):
                reader = Reader(town.ctx.wording, language)
                assert page(report_, reader)
                assert compliance_csv(report_, reader)
                assert compliance_json(report_, reader)


async def test_what_is_unknown_or_to_come_is_refused(unmade_url: str) -> None:
    async with house(unmade_url, due(12)) as town:
        for study, site, as_of, text_id in (
            (STUDY, None, due(13), "report.as_of.future"),
            (STUDY, "NIX", due(9), "staff.no_such_site"),
            ("nct00000000", None, due(9), "report.no_such_study"),
        ):
            async with town.ctx.begin() as tx:
                with pytest.raises(Refused) as refusal:
                    await compliance(tx, study, site, as_of)
            assert refusal.value.message_id == text_id
            assert town.ctx.wording.text("en", text_id, **refusal.value.values)


async def test_an_instant_that_is_still_being_written_is_refused(database_url: str) -> None:
    """A transaction stamps its rows with its beginning: while it runs, that instant may still get company."""
    database = Database(database_url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        ctx = new_ctx(database)
        await deployment.prepare(ctx, "demo")
        await book.publish(ctx, [source for _, source in shipped()], "test")
        async with ctx.begin() as running, ctx.begin() as tx:
            just_before = running.now - timedelta(seconds=1)
            assert (await compliance(tx, STUDY, as_of=just_before)).scope.as_of == just_before
            with pytest.raises(Refused, match=r"report\.as_of\.running"):
                await compliance(tx, STUDY, as_of=running.now)
            # Asked for no instant in particular, the report takes the last one that nobody can add to.
            assert (await compliance(tx, STUDY)).scope.as_of < running.now
            wished = tx.now
        async with ctx.begin() as tx:
            assert (await compliance(tx, STUDY, as_of=wished)).scope.as_of == wished.astimezone(UTC)
    finally:
        await database.close()
