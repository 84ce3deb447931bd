"""What staff write down and write: a dose and a symptom told by phone, a message to a participant."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from bot.db.alerts import Alert
from bot.db.conversations import Question
from bot.db.doses import DoseEvent, DoseJudgement, DoseReport
from bot.db.symptoms import ProvisionalGrade, SymptomCheck, SymptomReport
from bot.services import decisions, deployment, needs
from bot.services.decisions import Order
from bot.services.locking import lock_participant
from tests.support.house import STAFF
from tests.support.office import Office, office
from tests.support.patient import enrolled, linked

NOW = datetime(2026, 11, 2, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai, half an hour after the first dose
ONCE = "0123456789012345678901"


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        yield opened


async def first_dose(town: Office, participant_id: int) -> int:
    async with town.ctx.begin() as tx:
        query = select(DoseEvent.dose_id).filter_by(participant_id=participant_id)
        return int(await tx.scalar(query.order_by(DoseEvent.due_at, DoseEvent.drug).limit(1)))


async def reports(town: Office) -> list[tuple[str, str, str | None]]:
    async with town.ctx.begin() as tx:
        rows = await tx.all(select(DoseReport).order_by(DoseReport.dose_report_id))
    return [(row.status, row.as_whom, row.reason) for row in rows]


async def test_a_dose_told_by_phone_is_marked_so_and_judged(town: Office) -> None:
    person = await enrolled(town)
    dose_id = await first_dose(town, person.participant_id)
    path = f"/console/participants/{person.participant_id}/doses/{dose_id}"
    async with town.signed_in("nurse") as nurse:
        page = await nurse.follow(path, said="as_planned", seen="0")
        assert "told by phone" in page.text and "nurse TST" in page.text
        stale = await nurse.post(path, said="not_taken", reason="forgot", seen="0")
        assert stale.status_code == 422 and "Another answer came" in stale.text
        seen = re.search(r'name="seen" value="(\d+)"', page.text)
        assert seen is not None
        await nurse.follow(path, said="not_taken", reason="forgot", seen=seen[1])
    assert await reports(town) == [
        ("taken", "staff_by_phone", None),
        ("not_taken", "staff_by_phone", "forgot"),
    ]
    async with town.ctx.begin() as tx:
        for hours in (1, 90):  # on day 1, and before the first cycle
            at = NOW - timedelta(hours=hours)
            told = {"drug": "ixazomib", "status": "taken", "quantity": 1, "taken_at": at, "recorded_at": at}
            whose = {"participant_id": person.participant_id, "recorded_by": "test", "as_whom": "self"}
            await tx.execute(insert(DoseReport).values(**told, **whose))
    async with town.signed_in("nurse") as nurse:
        calendar = (await nurse.get(f"/console/participants/{person.participant_id}")).text
    assert calendar.count('class="dose off_plan"') == 2
    assert "2 extra" in calendar
    async with town.ctx.begin() as tx:
        judged = await tx.all(select(DoseJudgement).order_by(DoseJudgement.dose_judgement_id))
    assert [row.status for row in judged] == ["taken_in_window", "missed"]


async def test_a_question_on_the_phone_is_settled_by_the_call(town: Office) -> None:
    person = await enrolled(town, "lenalidomide")
    stage, phone = await linked(town, person)
    await stage.move_to(NOW + timedelta(minutes=1))
    await stage.press(phone, "查看")
    dose_id = await first_dose(town, person.participant_id)
    path = f"/console/participants/{person.participant_id}/doses/{dose_id}"
    async with town.signed_in("nurse") as nurse:
        await nurse.follow(path, said="as_planned", seen="0")
    await stage.jump_to(await stage.now())
    assert any("吃了" in shown.text and shown.edited for shown in stage.shown[-3:])
    await stage.move_to(NOW + timedelta(hours=4))
    assert [row[1] for row in await reports(town)] == ["staff_by_phone"]


IMPOSSIBLE: tuple[dict[str, str], ...] = (
    {},
    {"said": "maybe"},
    {"said": "at"},
    {"said": "at", "taken_at": "gestern"},
    {"said": "at", "taken_at": "2026-11-02T23:59"},
    {"said": "at", "taken_at": "2026-10-01T08:00"},
    {"said": "not_taken", "reason": "lazy"},
    {"said": "as_planned", "seen": "12345"},
)


async def test_a_call_that_cannot_be_is_refused_with_a_sentence(town: Office) -> None:
    person = await enrolled(town)
    dose_id = await first_dose(town, person.participant_id)
    path = f"/console/participants/{person.participant_id}/doses/{dose_id}"
    async with town.signed_in("nurse") as nurse:
        for fields in IMPOSSIBLE:
            response = await nurse.post(path, **(fields or {"seen": "1"}))
            assert response.status_code == 422, fields
            assert 'class="fault"' in response.text, fields
        assert await reports(town) == []
        answer = await nurse.post(path, said="as_planned", seen="x" * 500)
        assert answer.status_code == 303, "no number is no report seen"


async def test_a_symptom_told_by_phone_alerts_like_any_other(town: Office) -> None:
    person = await enrolled(town)
    path = f"/console/participants/{person.participant_id}/symptoms"
    told = {"has-fever": "yes", "degrees-fever.temperature": "39.4", "answer-fever.site": "armpit"}
    async with town.signed_in("nurse") as nurse:
        too_long = await nurse.post(path, **told, words="冷" * 10_001, once=ONCE)
        assert too_long.status_code == 422 and too_long.text.count("冷") == 10_001, "nothing is cut or lost"
        page = await nurse.follow(path, **told, words="昨晚开始发冷", once=ONCE)
        assert "Recorded." in page.text
        again = await nurse.post(path, **told, once=ONCE)
        assert again.status_code == 422
    async with town.ctx.begin() as tx:
        report = (await tx.all(select(SymptomReport)))[0]
        grades = await tx.all(select(ProvisionalGrade).filter_by(term="Fever"))
        alerts = await tx.all(select(Alert).filter_by(kind="symptom"))
    assert (report.as_whom, report.occasion) == ("staff_by_phone", "staff")
    assert report.answers["nausea"] == "no"
    assert [row.grade for row in grades] == [2]
    assert alerts and alerts[0].tier in ("urgent", "emergency")


async def test_a_call_answers_the_weeks_check(town: Office) -> None:
    person = await enrolled(town)
    stage, _ = await linked(town, person)
    await stage.move_to(datetime(2026, 11, 8, 13, 0, tzinfo=UTC))
    async with town.ctx.begin() as tx:
        asked = (await tx.all(select(SymptomCheck)))[0]
        assert len(await tx.all(select(Question).filter_by(state="open"))) >= 1
    path = f"/console/participants/{person.participant_id}/symptoms"
    async with town.signed_in("nurse") as nurse:
        await nurse.follow(path, **{"has-none": "yes"}, once=ONCE)
    async with town.ctx.begin() as tx:
        report = (await tx.all(select(SymptomReport)))[0]
        assert (report.due_on, report.complete) == (asked.due_on, True)
        row = await tx.first(select(Question).filter_by(conversation_id=asked.conversation_id))
        assert row is not None and row.state == "closed"
    stage.shown.clear()
    await stage.move_to(datetime(2026, 11, 13, 13, 0, tzinfo=UTC))
    assert not [shown for shown in stage.shown if "这一周身体怎么样" in shown.text]
    async with town.ctx.begin() as tx:
        assert len(await tx.all(select(SymptomReport))) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"has-fever": "yes", "degrees-fever.temperature": "very hot"},
        {"has-fever": "yes", "degrees-fever.temperature": "98.6"},
        {"has-unknown": "yes"},
        {"answer-nothing.here": "yes"},
    ],
    ids=str,
)
async def test_an_empty_or_impossible_check_is_refused(town: Office, fields: dict[str, str]) -> None:
    person = await enrolled(town)
    async with town.signed_in("nurse") as nurse:
        path = f"/console/participants/{person.participant_id}/symptoms"
        assert (await nurse.post(path, **fields, once=ONCE)).status_code == 422
    async with town.ctx.begin() as tx:
        assert await tx.all(select(SymptomReport)) == []


async def test_a_message_goes_as_a_neutral_line_and_is_shown_as_the_nurses(town: Office) -> None:
    person = await enrolled(town, "lenalidomide")
    stage, phone = await linked(town, person)
    path = f"/console/participants/{person.participant_id}/messages"
    words = "李阿姨，明天抽血，请空腹来。"
    async with town.signed_in("nurse") as nurse:
        await nurse.follow(path, words=words, once=ONCE)
        await nurse.follow(path, words=words, once=ONCE)  # the same form again
        before = len(stage.shown)
        await stage.jump_to(await stage.now())
        pushed = [shown.text for shown in stage.shown[before:]]
        assert len(pushed) == 1 and "抽血" not in pushed[0]
        await stage.press(phone, "查看")
        assert "护士写给您" in stage.shown[-1].text and words in stage.shown[-1].text
        await stage.say(phone, "好的，知道了")
        page = (await nurse.get(path)).text
        assert words in page and "好的，知道了" in page


async def test_a_question_stands_with_its_exact_text_and_all_its_times(town: Office) -> None:
    person = await enrolled(town, "lenalidomide")
    stage, phone = await linked(town, person)
    await stage.move_to(datetime(2026, 11, 4, 0, 5, tzinfo=UTC))
    await stage.press(phone, "查看")
    asked = stage.shown[-1].text
    await deployment.set_virtual_now(town.ctx, datetime(2026, 11, 4, 0, 7, tzinfo=UTC))
    await stage.press(phone, "吃了")
    async with town.signed_in("nurse") as nurse:
        page = (await nurse.get(f"/console/participants/{person.participant_id}/messages")).text
    question = next(one for one in page.split("<li") if asked.splitlines()[-1] in one and "answered" in one)
    assert all(line in question for line in asked.splitlines())
    for word, minute in (("made", "08:05"), ("sent", "08:05"), ("answered", "08:07")):
        assert f"{word} 11-04 {minute}" in question


@pytest.mark.parametrize(
    ("words", "said"),
    [("", "1 to 1000"), ("字" * 1001, "1 to 1000"), ("您好", "No telephone can be reached")],
)
async def test_a_message_that_cannot_go_says_why_and_is_kept(town: Office, words: str, said: str) -> None:
    person = await enrolled(town)
    async with town.signed_in("nurse") as nurse:
        path = f"/console/participants/{person.participant_id}/messages"
        response = await nurse.post(path, words=words, once=ONCE)
        assert response.status_code == 422
        assert said in response.text and words in response.text


async def test_quiet_hours_bind_a_nurse_unless_she_means_it(town: Office) -> None:
    person = await enrolled(town, "lenalidomide")
    await linked(town, person)
    await deployment.set_virtual_now(town.ctx, datetime(2026, 11, 2, 14, 30, tzinfo=UTC))  # 22:30
    path = f"/console/participants/{person.participant_id}/messages"
    async with town.signed_in("nurse") as nurse:
        response = await nurse.post(path, words="您好", once=ONCE)
        assert response.status_code == 422 and "quiet hours until 07:30" in response.text
        response = await nurse.post(path, words="您好", once=ONCE, at_night="yes")
        assert response.status_code == 303


async def test_two_at_once_told_by_phone_are_an_alert_of_their_urgency(town: Office) -> None:
    """An extra ixazomib is an emergency, whoever writes it down; and what came up again is kept beside the dose."""
    person = await enrolled(town)
    async with town.ctx.begin() as tx:
        dose = (
            await tx.all(select(DoseEvent).where(DoseEvent.drug == "ixazomib").order_by(DoseEvent.due_at))
        )[0]
    home = f"/console/participants/{person.participant_id}/doses/{dose.dose_id}"
    async with town.signed_in("nurse") as visitor:
        await visitor.get(home)
        refused = await visitor.post(home, said="as_planned", quantity="0", seen="0")
        assert refused.status_code == 422
        await visitor.follow(home, said="as_planned", quantity="2", seen="0")
        page = await visitor.follow(f"{home}/vomited")
        assert "vomited after this dose" in page.text
    async with town.ctx.begin() as tx:
        found = {row.kind: (row.tier, row.rule) for row in await tx.all(select(Alert))}
    assert found["extra_dose"] == ("emergency", "rf14_more_than_one@1")
    assert found["vomited"] == ("urgent", "vomited_dose@1")


async def test_what_somebody_told_after_the_end_stands_on_the_worklist_and_silence_does_not(
    town: Office,
) -> None:
    person = await enrolled(town)
    stage, phone = await linked(town, person)
    await stage.move_to(datetime(2026, 11, 6, 13, 0, tzinfo=UTC))  # four dose days without a word
    async with town.signed_in("nurse") as nurse:
        assert "no answer on two dose days" in (await nurse.get("/console/worklist")).text
        async with town.ctx.begin() as tx:
            await lock_participant(tx, person.participant_id)
            order = Order(STAFF, tx.now, "completed")
            await decisions.set_status(tx, person.participant_id, order, "ended")
        page = (await nurse.get("/console/worklist")).text
        assert "no answer on two dose days" not in page
        await stage.say(phone, "后来又有点麻，想问问")
        page = (await nurse.get("/console/worklist")).text
    assert page.index(person.subject_id) < page.index("</main>")
    async with town.ctx.begin() as tx:
        found = await needs.of_site(tx, 1)
    assert [(need.subject_id, need.kinds) for need in found] == [(person.subject_id, ("relay",))]
