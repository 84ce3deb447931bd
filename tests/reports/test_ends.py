"""What an end does to the figures: nothing behind it was planned, no cycle begins after it, and nothing runs on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.db.people import StatusChange
from bot.reports.compliance import compliance
from bot.reports.lines import Line
from tests.reports.pen import STUDY, Pen, due, house, writing
from tests.support.house import Town

AS_OF = datetime(2026, 12, 20, 12, tzinfo=UTC)


async def line(town: Town, as_of: datetime = AS_OF) -> Line:
    async with town.ctx.begin() as tx:
        report = await compliance(tx, STUDY, as_of=as_of)
    [found] = [one for one in report.people if one.drug == "ixazomib"]
    return found


async def cycle(pen: Pen, who: int, taken: tuple[int, ...]) -> None:
    for day in (1, 8, 15):
        dose = await pen.dose(who, "ixazomib", 1, day, due(day))
        await pen.asked(who, [dose], due(day))
        if day in taken:
            await pen.said(who, dose, "ixazomib", "taken", due(day, 1))
            await pen.judged(dose, "taken_in_window", due(day, 1))


async def ended(pen: Pen, who: int, written: datetime, since: datetime, reason: str) -> None:
    await pen.fact(StatusChange, who, written, status="ended", reason=reason, effective_from=since)


async def test_typed_late_behind_a_pause(unmade_url: str) -> None:
    async with house(unmade_url, AS_OF) as town:
        async with writing(town) as pen:
            who = await pen.participant("TST-001", "ixazomib")
            await cycle(pen, who, taken=(1,))
            paused = {"status": "paused", "reason": "asked_for"}
            await pen.fact(StatusChange, who, due(10), **paused, effective_from=due(10))
            await ended(pen, who, due(20), due(5), "progression")
        found = await line(town)
        assert (found.tally.planned, found.tally.taken) == (1, 1)


async def test_a_cycle_released_ahead_of_an_end_never_began(unmade_url: str) -> None:
    async with house(unmade_url, AS_OF) as town:
        async with writing(town) as pen:
            who = await pen.participant("TST-001", "ixazomib")
            await pen.cycle(who, 2, date(2026, 11, 30), due(20))
            await cycle(pen, who, taken=(1, 8, 15))
            await ended(pen, who, due(24), due(24), "progression")
        found = await line(town)
        assert found.given is not None and str(found.given.intensity.rdi_pct) == "100.00"


async def test_whoever_has_ended_is_not_in_a_running_cycle(unmade_url: str) -> None:
    as_of = due(26)
    async with house(unmade_url, as_of + timedelta(hours=1)) as town:
        async with writing(town) as pen:
            who = await pen.participant("TST-001", "ixazomib")
            await cycle(pen, who, taken=(1,))
            await ended(pen, who, due(5), due(5), "death")
        given = (await line(town, as_of)).given
        assert given is not None and not given.running
