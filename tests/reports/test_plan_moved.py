"""The plan moves after something was told: what was swallowed counts once, and what was never to be taken is not missed."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.db.doses import DoseReport
from bot.messages import Kind
from bot.rehearsal.stage import Stage
from bot.reports.compliance import compliance
from bot.services import decisions, supplies, timeline
from bot.services.decisions import Order
from bot.services.supplies import NewSupply
from schedules.adherence import Tally
from tests.support.house import PHONE, STAFF, Town, enrolled, opened

SHANGHAI = ZoneInfo("Asia/Shanghai")
DRUG = "ixazomib"


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI)


class Home:
    """A patient at the telephone, from 7:40 of the first day on."""

    def __init__(self, town: Town) -> None:
        self.town, self.stage = town, Stage(town.ctx)
        self.phone = self.stage.phone("1")

    async def begin(self, arm: str = DRUG) -> Home:
        person = await enrolled(self.town, arm)
        self.participant_id = person.participant_id
        await self.stage.hear(self.phone, Kind.START, text=person.invited.code)
        for words in (PHONE[-4:], "1", "1", "1", "1", "1"):
            await self.stage.say(self.phone, words)
        await self.stage.move_to(at(2, 7, 40))
        return self

    async def say(self, *all_words: str) -> None:
        for words in all_words:
            await self.stage.say(self.phone, words)

    async def level(self, level: str) -> None:
        async with self.town.ctx.begin() as tx:
            await decisions.set_level(tx, self.participant_id, Order(STAFF, tx.now), DRUG, level)
        await self.stage.settle()

    async def cycle(self, number: int, first_day: date) -> None:
        async with self.town.ctx.begin() as tx:
            await decisions.start_cycle(tx, self.participant_id, Order(STAFF, tx.now), number, first_day)
        await self.stage.settle()

    async def hold(self) -> None:
        async with self.town.ctx.begin() as tx:
            await decisions.hold(tx, self.participant_id, Order(STAFF, tx.now), DRUG)
        await self.stage.settle()

    async def figures(self, when: datetime, cycle: int) -> Tally:
        await self.stage.move_to(when)
        async with self.town.ctx.begin() as tx:
            report = await compliance(tx, "nct04217967", as_of=when)
        found = [line for line in report.cycles if (line.drug, line.cycle) == (DRUG, cycle)]
        return found[0].tally if found else Tally()

    async def told_as_taken(self, when: datetime) -> tuple[int, int]:
        """By the report, and by the console."""
        await self.stage.move_to(when)
        async with self.town.ctx.begin() as tx:
            [line] = (await compliance(tx, "nct04217967", as_of=when)).supplies
            stocks = await supplies.stocks(tx, await timeline.load(tx, self.participant_id))
            return line.stock.taken, stocks[DRUG].taken

    async def reports(self) -> list[tuple[bool, int | None]]:
        async with self.town.ctx.begin() as tx:
            rows = await tx.all(select(DoseReport).order_by(DoseReport.dose_report_id))
            return [(row.dose_id is not None, row.supersedes) for row in rows]


async def test_told_before_a_lower_level_is_counted_once(unmade_url: str) -> None:
    async with opened(unmade_url, at(2, 7, 31)) as town:
        home = await Home(town).begin()
        await home.say("吃了", "刚刚吃的")
        await home.level("3mg")
        await home.stage.move_to(at(2, 8, 5))
        await home.say("吃了")  # nobody asked, and it is on record
        assert await home.figures(at(7, 9), 1) == Tally(in_window=1)


async def test_held_before_it_is_due_is_no_missed_dose(unmade_url: str) -> None:
    async with opened(unmade_url, at(2, 7, 31)) as town:
        home = await Home(town).begin()
        await home.say("没吃", "医生让停")
        await home.hold()
        assert await home.figures(at(7, 9), 1) == Tally(held=1)


async def test_not_taken_on_a_day_that_was_a_mistake_is_no_missed_dose(unmade_url: str) -> None:
    async with opened(unmade_url, at(2, 7, 31)) as town:
        home = await Home(town).begin()
        await home.stage.move_to(at(29, 9))
        await home.cycle(2, date(2026, 11, 30))
        await home.stage.move_to(at(30, 8, 30))
        await home.say("没吃", "1")
        assert await home.figures(at(30, 8, 40), 2) == Tally(missed=1)
        await home.cycle(2, date(2026, 12, 7))
        await home.stage.move_to(at(7, 8, 30, month=12))
        await home.say("吃了")
        assert await home.figures(at(7, 9, month=12), 2) == Tally(in_window=1)


async def test_a_capsule_taken_on_a_day_that_was_a_mistake_stays_on_record(unmade_url: str) -> None:
    """Beside the plan while the day is none of it; the dose itself when the day is put right again."""
    async with opened(unmade_url, at(2, 7, 31)) as town:
        home = await Home(town).begin()
        async with town.ctx.begin() as tx:
            handed_out = NewSupply(DRUG, "dispensed", date(2026, 11, 2), 3)
            await supplies.record(tx, home.participant_id, handed_out, STAFF)
        await home.stage.move_to(at(29, 9))
        await home.cycle(2, date(2026, 11, 30))
        await home.stage.move_to(at(30, 8, 30))
        await home.say("吃了")
        await home.cycle(2, date(2026, 12, 2))
        assert await home.told_as_taken(at(30, 8, 50)) == (1, 1)
        assert (await home.figures(at(30, 9), 1)).extra == 1
        assert await home.figures(at(30, 9, 1), 2) == Tally()
        await home.cycle(2, date(2026, 11, 30))
        assert await home.figures(at(30, 9, 5), 2) == Tally(in_window=1)
        assert (await home.figures(at(30, 9, 6), 1)).extra == 0
        assert await home.told_as_taken(at(30, 9, 7)) == (1, 1)
        assert await home.reports() == [(True, None), (False, 1), (True, 2)]


async def test_a_cycle_that_begins_on_the_day_of_a_told_dose_counts_it_once(unmade_url: str) -> None:
    async with opened(unmade_url, at(2, 7, 31)) as town:
        home = await Home(town).begin()
        await home.stage.move_to(at(16, 8, 10))
        await home.say("吃了")
        await home.stage.move_to(at(18, 9))
        await home.cycle(2, date(2026, 11, 16))
        await home.say("今天的药")
        assert await home.figures(at(18, 9, 30), 2) == Tally(in_window=1)
        before = await home.figures(at(18, 9, 40), 1)
        assert (before.taken, before.extra, before.planned) == (0, 0, 2)
