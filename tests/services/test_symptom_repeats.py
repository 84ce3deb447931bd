"""The same found again: counted where it was handled and is no worse, else told again; and by when it is seen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.app.sources import shipped
from bot.db.alerts import Alert, AlertRepeat
from bot.db.people import Participant
from bot.db.symptoms import ProvisionalGrade, SymptomReport
from bot.services import alert_life, book, needs
from bot.symptoms.questionnaire import Reply
from bot.symptoms.repeats import no_worse
from tests.pure.symptoms.shipped import WEEKLY
from tests.services.test_symptom_checks import NONE, Home, at, settled
from tests.support.house import opened

NUMB = {"numbness": "yes", "numbness.pain": "yes", "numbness.limits": "housework"}


@pytest.mark.parametrize(
    ("now", "then", "same"),
    [
        (NUMB, NUMB, True),
        ({**NUMB, "numbness.limits": "nothing"}, NUMB, True),
        ({**NUMB, "numbness.limits": "selfcare"}, NUMB, False),
        ({**NUMB, "numbness.walking": "steady"}, NUMB, False),
        ({**NUMB, "numbness.limits": "not_told"}, NUMB, False),
        ({**NUMB, "rash": "yes"}, NUMB, True),
        ({"numbness": "yes"}, NUMB, True),
        (NUMB, {}, False),
        ({}, NUMB, False),
        ({"numbness": "no"}, {"numbness": "yes"}, True),
    ],
)
def test_no_worse_means_every_answer(now: dict[str, Reply], then: dict[str, Reply], same: bool) -> None:
    assert no_worse(WEEKLY, ("numbness",), now, then) == same


def test_a_higher_temperature_is_worse() -> None:
    warm: dict[str, Reply] = {"fever": "yes", "fever.temperature": 38.1}
    hot: dict[str, Reply] = {"fever": "yes", "fever.temperature": 38.4}
    assert no_worse(WEEKLY, ("fever",), warm, hot)
    assert not no_worse(WEEKLY, ("fever",), hot, warm)


@pytest.fixture
async def home(unmade_url: str) -> AsyncIterator[Home]:
    async with opened(unmade_url, at(7, 20)) as town:
        yield await settled(town)


async def tell(home: Home, day: int, *answers: str) -> None:
    """The check of that day, with numbness that hurts; `answers`: buttons and walking."""
    await home.stage.move_to(at(day))
    await home.press("查看", "本人回答", *NONE * 2, "手脚发麻、发木、刺痛", "选好了", *NONE)
    await home.press("疼", "手和脚", *answers, "没有了")


async def told(home: Home) -> list[tuple[str, str]]:
    rows = [row for row in await home.rows(Alert, Alert.alert_id) if row.kind == "symptom"]
    return [(row.tier, row.rule.partition("@")[0]) for row in rows]


async def handle(home: Home, *, close: bool = True) -> None:
    staff = 1
    async with home.ctx.begin() as tx:
        for row in await tx.all(select(Alert).where(Alert.kind == "symptom")):
            await alert_life.acknowledge(tx, row.alert_id, staff)
            if close:
                await alert_life.close(tx, row.alert_id, staff, "settled", "told on the phone")


FIRST = [("urgent", "numbness_with_pain")]


async def test_what_was_handled_and_is_no_worse_is_counted_and_not_told_again(home: Home) -> None:
    await tell(home, 8, "费劲，自己还行", "稳")
    assert await told(home) == FIRST
    await handle(home)
    await tell(home, 15, "费劲，自己还行", "稳")
    assert await told(home) == FIRST
    (held,) = await home.rows(AlertRepeat)
    assert (held.rule, held.finding, held.tier, held.window_days) == (
        "numbness_with_pain@2",
        "numbness_with_pain",
        "urgent",
        14,
    )
    async with home.ctx.begin() as tx:
        site = (await tx.all(select(Participant.site_id)))[0].site_id
        (need,) = await needs.of_site(tx, site)
        assert "symptom_repeat" in need.kinds and need.tier == "routine"


async def test_a_worse_answer_is_told_again(home: Home) -> None:
    await tell(home, 8, "都不费劲", "稳")
    await handle(home)
    await tell(home, 15, "都不费劲", "不稳，像踩棉花")
    assert await told(home) == [*FIRST, ("urgent", "numbness_with_pain")]


async def test_what_nobody_took_in_hand_is_told_again(home: Home) -> None:
    await tell(home, 8, "都不费劲", "稳")
    await tell(home, 15, "都不费劲", "稳")
    assert await told(home) == FIRST * 2
    assert await home.rows(AlertRepeat) == []


async def test_after_the_studys_window_it_is_told_again(home: Home) -> None:
    await tell(home, 8, "都不费劲", "稳")
    await handle(home)
    await home.stage.move_to(at(23))
    await home.say("报告不适")
    await home.press("本人回答", *NONE * 2, "手脚发麻、发木、刺痛", "选好了", *NONE)
    await home.press("疼", "手和脚", "都不费劲", "稳", "没有了")
    assert await told(home) == FIRST * 2


async def test_a_study_may_have_no_window_at_all(home: Home) -> None:
    await change_study(home, "urgent_days = 14\nroutine_days = 28", "urgent_days = 0\nroutine_days = 0")
    await tell(home, 8, "都不费劲", "稳")
    await handle(home)
    await tell(home, 15, "都不费劲", "稳")
    assert await told(home) == FIRST * 2


async def test_numbness_that_hurts_is_seen_before_the_next_capsule(home: Home) -> None:
    """The check comes a day before the dose: 24 hours before it are just beginning, and two people are told."""
    await tell(home, 8, "都不费劲", "稳")
    (alert,) = await home.rows(Alert)
    assert alert.due_at == alert.raised_at
    await home.stage.move_to(at(10))
    await home.say("报告不适")
    await home.press(
        "本人回答", *NONE, "拉肚子", "选好了", *NONE * 2, "多4到6次", "没有", "没有", "没有", "没有了"
    )
    later = (await home.rows(Alert, Alert.alert_id))[-1]
    assert later.rule == "diarrhea_frequent@1"
    assert later.due_at - later.raised_at == timedelta(hours=24)


async def test_two_days_before_the_capsule_its_clock_is_the_dose_less_a_day(home: Home) -> None:
    await home.stage.move_to(at(7, 20, 30))
    await home.say("报告不适")
    await home.press("本人回答", *NONE * 2, "手脚发麻、发木、刺痛", "选好了", *NONE)
    await home.press("疼", "手", "都不费劲", "稳", "没有了")
    (alert,) = await home.rows(Alert)
    assert alert.due_at == at(8)


@pytest.mark.parametrize(("counts", "written"), [("counts", True), ("alerts_only", False)])
async def test_a_study_says_whether_what_family_answers_makes_grades(
    home: Home, counts: str, written: bool
) -> None:
    await change_study(home, 'caregiver = "counts"', f'caregiver = "{counts}"')
    await home.stage.move_to(at(8))
    await home.press("查看", "家人替本人答", *NONE * 2, "手脚发麻、发木、刺痛", "选好了", *NONE)
    await home.press("疼", "手", "都不费劲", "稳", "没有了")
    (report,) = await home.rows(SymptomReport)
    assert report.as_whom == "caregiver"
    assert await told(home) == FIRST, "whoever answers, an alert is an alert"
    assert bool(await home.rows(ProvisionalGrade)) == written


async def test_grades_stand_beside_the_check_before_and_the_first(home: Home) -> None:
    for day, rest in ((8, "歇一歇就缓过来"), (15, "歇了也累，家务费劲"), (22, "歇一歇就缓过来")):
        await home.stage.move_to(at(day))
        await home.press("查看", "本人回答", *NONE * 3, "没力气，特别累", "选好了", rest, "没有了")
    rows = await home.rows(ProvisionalGrade, ProvisionalGrade.provisional_grade_id)
    fatigue = [(row.grade, row.before, row.baseline) for row in rows if row.term == "Fatigue"]
    assert fatigue == [(1, None, None), (2, 1, 1), (1, 2, 1)]


async def test_a_rule_that_the_study_changed_names_the_study(home: Home) -> None:
    await change_study(
        home,
        "",
        "[symptom_rules.triage.numbness_with_pain]\nversion = 3\n"
        'when = ["numbness.pain = yes & numbness.limits >= housework"]\nsource = "decided by the investigator"\n',
    )
    await tell(home, 8, "费劲，自己还行", "稳")
    alerts: list[Any] = [row for row in await home.rows(Alert) if row.kind == "symptom"]
    async with home.ctx.begin() as tx:
        study, _ = tx.ctx.book.study("nct04217967", tx.now)
    assert ("numbness_with_pain@nct04217967-3", study) in {(row.rule, row.definition) for row in alerts}


async def change_study(home: Home, old: str, new: str) -> None:
    """Publishes the study with a line replaced, or, where `old` is nothing, with lines added at its end."""
    source = next(source for _, source in shipped() if source.kind == "study")
    assert old in source.body
    body = source.body.replace(old, new) if old else f"{source.body}\n{new}"
    await book.publish(home.ctx, [book.Source("study", source.name, body)], "test")
