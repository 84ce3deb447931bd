"""The symptom check on the real database: planned once, asked after the dose, reported once, alerts that name their rule."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, text

from bot.app.sources import shipped
from bot.db.alerts import Alert
from bot.db.symptoms import ProvisionalGrade, SymptomCheck, SymptomReport
from bot.db.timers import Timer
from bot.messages import Kind
from bot.rehearsal.phones import Phone
from bot.rehearsal.stage import Stage
from bot.services import book, planning, sealing, wishes
from bot.services.author import Author
from bot.services.context import Ctx
from bot.services.enrolment import Enrolled
from tests.services.conftest import HALF_PAST_NINE
from tests.support.house import PHONE, STAFF, Town, enrolled, opened
from tests.support.snapshots import once

SHANGHAI = ZoneInfo("Asia/Shanghai")
STAFF_AUTHOR = Author("staff:0", "staff")
SUNDAY = date(2026, 11, 8)
NONE = ("都没有",)
UNEVENTFUL = Path(__file__).parents[1] / "transcripts" / "symptoms-uneventful.txt"


def at(day: int, hour: int = 8, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=SHANGHAI)


class Home:
    """One participant at his phone, linked and asked for nothing yet."""

    def __init__(self, ctx: Ctx, who: Enrolled, phones: dict[str, Phone]) -> None:
        self.ctx, self.who = ctx, who
        self.stage = Stage(ctx)
        self.stage.phones = phones
        self.phone = self.stage.phone("1001")

    async def press(self, *labels: str) -> None:
        for label in labels:
            await self.stage.press(self.phone, label)

    async def say(self, *lines: str) -> None:
        for line in lines:
            await self.stage.say(self.phone, line)

    async def rows(self, table: Any, *order: Any) -> list[Any]:
        async with self.ctx.begin() as tx:
            return await tx.all(select(table).order_by(*order))

    async def checks(self) -> list[tuple[str, str, str | None]]:
        """Planned checks: day, state, and why."""
        async with self.ctx.begin() as tx:
            rows = await tx.all(select(Timer).where(Timer.kind == "symptom_check").order_by(Timer.due_at))
            return [(row.payload["due_on"][5:], row.state, row.outcome) for row in rows]


async def settled(town: Town, arm: str = "ixazomib") -> Home:
    return Home(town.ctx, *await once(town.ctx, (*town.key, "home", arm), lambda: _settle(town, arm)))


async def _settle(town: Town, arm: str) -> tuple[Enrolled, dict[str, Phone]]:
    who, stage = await enrolled(town, arm), Stage(town.ctx)
    phone = stage.phone("1001")
    await stage.hear(phone, Kind.START, text=who.invited.code)
    for words in (PHONE[-4:], "1", "1", "1", "1", "1"):
        await stage.say(phone, words)
    return who, stage.phones


@pytest.fixture
async def home(unmade_url: str) -> AsyncIterator[Home]:
    async with opened(unmade_url, at(7, 20)) as town:
        yield await settled(town)


def test_an_uneventful_week_is_seven_taps_on_the_phone() -> None:
    """Counted in the transcript, which is replayed as it stands."""
    played = UNEVENTFUL.read_text(encoding="utf-8").partition("= symptoms weekly of 11-08: nothing")[0]
    assert [line for line in played.splitlines() if line.startswith(">")] == [
        "> [查看]",
        "> [本人回答]",
        *["> [都没有]"] * 4,
        "> [没有了]",
    ]


async def test_checks_are_planned_once(home: Home) -> None:
    before = await home.checks()
    assert [day for day, state, _ in before if state == "waiting"] == ["11-08", "11-15"]
    async with home.ctx.begin() as tx:
        assert await planning.replan(tx, home.who.participant_id) == planning.Change()
    assert await home.checks() == before


async def test_a_new_dose_time_moves_what_is_ahead(home: Home) -> None:
    async with home.ctx.begin() as tx:
        change = await wishes.keep_habit(tx, home.who.participant_id, HALF_PAST_NINE, STAFF)
        assert change.cancelled >= 2
        assert change.new >= 2
    async with home.ctx.begin() as tx:
        rows = await tx.all(select(Timer).where(Timer.kind == "symptom_check", Timer.state == "waiting"))
        assert {f"{row.due_at.astimezone(SHANGHAI):%H:%M}" for row in rows} == {"09:30"}
        assert {row.payload["due_at"] for row in rows} == {row.due_at.isoformat() for row in rows}


async def test_an_urgent_answer_is_with_staff_before_the_check_is_over(home: Home) -> None:
    await home.stage.move_to(at(8))
    await home.press("查看", "本人回答", *NONE * 2, "手脚发麻、发木、刺痛", "选好了", *NONE, "疼")
    assert await home.rows(SymptomReport) == []
    (alert,) = await home.rows(Alert)
    async with home.ctx.begin() as tx:
        definition, _ = tx.ctx.book.triage(tx.now)
        words = await sealing.unseal_text(tx, alert.words_sealed)
    assert (alert.kind, alert.tier, alert.rule) == ("symptom", "urgent", "numbness_with_pain@2")
    assert alert.definition == definition
    assert words.splitlines() == ["手脚发麻、发木、刺痛", "麻的地方疼不疼？ 疼"]
    await home.press("手和脚", "都不费劲", "稳", "没有了")
    (report,) = await home.rows(SymptomReport)
    assert alert.unique_key == f"symptom:{report.symptom_report_id}:numbness_with_pain"
    assert len(await home.rows(Alert)) == 1, "the end of the check adds nothing that staff do not know"


async def test_a_report_names_what_was_asked_and_who_said_it(home: Home) -> None:
    await home.stage.move_to(at(8))
    await home.press("查看", "本人说，家人帮着点")
    await home.say("都没有", "2", "好了", "都没有", "都没有", "1", "便秘两天了")
    (report,) = await home.rows(SymptomReport)
    (check,) = await home.rows(SymptomCheck)
    async with home.ctx.begin() as tx:
        definition, _ = tx.ctx.book.questionnaire("weekly", tx.now)
        assert await sealing.unseal_text(tx, report.note_sealed) == "便秘两天了"
    assert (report.occasion, report.due_on, report.complete) == ("weekly", SUNDAY, True)
    assert (report.as_whom, report.definition, report.questionnaire) == ("helped", definition, "weekly")
    assert report.conversation_id == check.conversation_id
    assert report.answers["constipation.passing"] == "sometimes"
    grades = {row.term: row for row in await home.rows(ProvisionalGrade)}
    assert len(grades) == 28
    one = grades["Constipation"]
    assert (one.grade, one.before, one.basis, one.ctcae_version) == (1, None, "constipation_1@1", "5.0")


async def test_worse_than_at_the_check_before(home: Home) -> None:
    for day, limits in ((8, "歇一歇就缓过来"), (15, "歇了也累，穿衣吃饭费劲")):
        await home.stage.move_to(at(day))
        await home.press("查看", "本人回答", *NONE * 3, "没力气，特别累", "选好了", limits, "没有了")
    rows = [
        row
        for row in await home.rows(ProvisionalGrade, ProvisionalGrade.provisional_grade_id)
        if row.term == "Fatigue"
    ]
    assert [(row.grade, row.before) for row in rows] == [(1, None), (3, 1)]
    alerts = [row for row in await home.rows(Alert, Alert.alert_id) if row.kind == "symptom"]
    assert [(row.tier, row.rule) for row in alerts] == [
        ("routine", "present@1"),
        ("urgent", "fatigue_severe@1"),
    ]


async def test_a_number_taken_for_a_report_leaves_no_row(home: Home) -> None:
    await home.say("不舒服")
    assert await home.rows(SymptomReport) == []
    await home.press("本人回答", *NONE * 4, "没有了")
    assert len(await home.rows(SymptomReport)) == 1


async def test_silence_is_a_check_without_a_report(home: Home) -> None:
    await home.stage.move_to(at(13))
    assert [row.due_on for row in await home.rows(SymptomCheck)] == [SUNDAY]
    assert await home.rows(SymptomReport) == []
    assert (await home.checks())[0] == ("11-08", "fired", "asked")


async def test_a_paused_or_ended_person_is_not_asked(home: Home) -> None:
    async with home.ctx.begin() as tx:
        await wishes.change_status(tx, home.who.participant_id, "paused", "asked_for", STAFF_AUTHOR)
    await home.stage.move_to(at(8, 12))
    assert (await home.checks())[0] == ("11-08", "fired", "paused")
    assert await home.rows(SymptomCheck) == []


async def test_without_consent_nobody_is_asked_and_staff_learn_it(home: Home) -> None:
    await home.say("停止", "撤回同意", "对，撤回同意")
    await home.stage.move_to(at(8, 12))
    assert (await home.checks())[0] == ("11-08", "fired", "no_contact")
    assert await home.rows(SymptomCheck) == [], "a question that nobody could be asked blames nobody"


async def test_the_dose_goes_first_and_the_check_follows_its_answer(unmade_url: str) -> None:
    async with opened(unmade_url, at(7, 20)) as town:
        home = await settled(town, "lenalidomide")
        await home.stage.move_to(at(8))
        assert (await home.checks())[0] == ("11-08", "waiting", None)
        await home.press("查看", "吃了")
        assert (await home.checks())[0] == ("11-08", "fired", "asked")
        assert await home.rows(SymptomCheck) != []


async def test_the_check_does_not_wait_for_a_dose_longer_than_an_hour(unmade_url: str) -> None:
    async with opened(unmade_url, at(7, 20)) as town:
        home = await settled(town, "lenalidomide")
        await home.stage.move_to(at(8, 8, 59))
        assert (await home.checks())[0][1] == "waiting"
        await home.stage.move_to(at(8, 9, 1))
        assert (await home.checks())[0] == ("11-08", "fired", "asked")
        await home.press("查看")  # the newest line is the check's
        assert "身体怎么样" in home.stage.shown[-1].text


async def test_a_check_goes_on_as_it_began_when_another_is_published(home: Home) -> None:
    await home.stage.move_to(at(8))
    await home.press("查看", "本人回答", *NONE, "便秘", "选好了", *NONE * 2)
    source = next(source for _, source in shipped() if source.kind == "questionnaire")
    changed = source.body.replace('"symptom.passing.medicine"', '"symptom.passing.stuck"', 1)
    await book.publish(home.ctx, [book.Source("questionnaire", source.name, changed)], "test")
    await home.press("常要用药或开塞露", "没有了")
    (report,) = await home.rows(SymptomReport)
    assert report.definition == source.hash
    assert report.answers["constipation.passing"] == "medicine"


async def test_no_words_stand_where_everybody_may_look(home: Home) -> None:
    await home.stage.move_to(at(8))
    await home.press("查看", "本人回答", "发烧，或发冷打哆嗦", "选好了", *NONE * 3)
    await home.say("三十八度六", "腋下", "没有", "夜里出汗湿透了床单")
    async with home.ctx.begin() as tx:
        for table in ("alert", "audit_entry", "timer", "question", "conversation", "symptom_report"):
            dump = str((await tx.execute(text(f"SELECT * FROM {table}"))).all())
            for words in ("三十八度六", "床单", "发烧"):
                assert words not in dump, table
