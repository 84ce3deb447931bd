"""From an invitation to a dose on record, by hand in Chromium against the real house, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.db.alerts import Alert
from bot.db.audit import AuditHead
from bot.db.conversations import Question
from bot.db.doses import DosePrompt, DoseReport
from bot.db.inbox import InboxMessage
from bot.db.media import MediaItem
from bot.db.outbox import OutboundMessage
from bot.db.people import Consent, LinkAttempt, StatusChange
from bot.services.auditing import verify_chain
from tests.e2e.hand import PICTURE, VOICE, WITHIN, Hand
from tests.e2e.house import House


@dataclass(frozen=True, slots=True)
class Words:
    """What is written on the buttons, and what the page says, in one language."""

    start: str
    send: str
    who: str
    agree: str
    keep: str
    taken: str
    not_taken: str
    forgot: str
    ixazomib: str
    lenalidomide: str
    recorded: str
    thanks: str
    today: str


CHINESE = Words(
    "开始", "发送", "我是本人", "同意", "合适", "吃了", "没吃", "没想起来",
    "先说伊沙佐米", "来那度胺吃了吗", "伊沙佐米：已记录", "记好了，谢谢您告诉我们。", "今天的药",
)  # fmt: skip
ENGLISH = Words(
    "开始", "Send", "I am the participant", "I agree", "Keep it", "Taken", "Not taken", "I forgot",
    "ixazomib", "lenalidomide", "ixazomib", "Thank you for telling us.", "Today",
)  # fmt: skip


async def link(hand: Hand, code: str, words: Words = CHINESE) -> None:
    """From the invitation to the end of the welcome."""
    await hand.open(f"/i/{code}")
    await hand.tap("开始")
    await hand.write("0000")
    for label in (words.who, words.agree, words.keep, words.keep):
        await hand.tap(label)


@pytest.mark.parametrize(("language", "words"), [("zh_Hans_CN", CHINESE), ("en", ENGLISH)])
async def test_an_invitation_becomes_a_recorded_dose(
    house: House, page_360: Page, screenshots: Path, language: str, words: Words
) -> None:
    someone = await house.enrol(language)
    hand = Hand(page_360, house.url, screenshots, f"e2e-{language}")
    await hand.open(f"/i/{someone.invited.code}")
    await hand.look("invitation")
    await hand.tap("开始")  # nobody's language is known before the digits agree
    await hand.look("last-four")
    await hand.write("1234")
    await hand.look("not-matched")
    await hand.write("0000")
    for label, what in (
        (words.who, "who"),
        (words.agree, "consent"),
        (words.keep, "time"),
        (words.keep, "quiet"),
    ):
        await hand.look(what)
        await hand.tap(label)
    await hand.look("welcome-over")
    hand.loads.clear()
    await hand.is_asked(words.ixazomib)  # by itself, over the event stream
    assert hand.loads == []
    await expect(page_360.locator(".settling")).to_have_count(0)
    await hand.look("two-medicines")
    await hand.tap(words.taken)
    await hand.is_asked(words.lenalidomide)
    await hand.sees(words.recorded)
    await hand.look("second-medicine")
    await hand.tap(words.not_taken)
    await hand.look("why-not")
    await hand.tap(words.forgot)
    await hand.sees(words.thanks)
    await hand.look("recorded")
    await hand.tap(words.today)
    await hand.is_not_asked()
    await hand.look("today")

    reports = await house.rows(DoseReport, DoseReport.dose_report_id)
    assert [(one.drug, one.status, one.reason, one.precision) for one in reports] == [
        ("ixazomib", "taken", None, "now"),
        ("lenalidomide", "not_taken", None, None),  # at the tap; why came after
        ("lenalidomide", "not_taken", "forgot", None),
    ]
    assert all(one.as_whom == "self" and one.inbox_id for one in reports)
    assert [(one.matter, one.decision) for one in await house.rows(Consent)] == [("health_data", "given")]
    assert sorted(one.linked for one in await house.rows(LinkAttempt)) == [False, True]
    assert [one.mode for one in await house.rows(DosePrompt)] == ["take", "take"]
    assert {one.state for one in await house.rows(Question)} == {"answered"}
    assert {one.state for one in await house.rows(InboxMessage)} == {"handled"}
    sent = await house.rows(OutboundMessage)
    assert {one.state for one in sent} == {"sent"}
    assert all(one.shown_at for one in sent)
    async with house.app.ctx.begin() as tx:
        for head in await house.rows(AuditHead):
            assert await verify_chain(tx, head.chain) is None


async def ask_and_correct(hand: Hand) -> None:
    await hand.tap("我的日历")
    await hand.sees("吃药的日子")
    await hand.look("calendar")
    await hand.tap("联系护士")
    await hand.look("nurse")
    await hand.write("这两天有点没力气，要紧吗？")
    await hand.sees("您的话已经转给护士")
    await hand.look("nurse-told")
    await hand.tap("更正")
    await hand.is_asked("您想更正哪一次")
    await hand.look("correct-which")
    await hand.page.locator(".choices button", has_text="伊沙佐米").tap()
    await hand.is_asked("实际是怎样的")
    await hand.look("correct-what")
    await hand.tap("没吃")
    await hand.tap("没想起来")
    await hand.sees("改好了")
    await hand.look("corrected")


async def send_other_things(hand: Hand) -> None:
    await hand.tap("帮助")
    await hand.look("help")
    await hand.upload(PICTURE)
    await hand.sees("您发的收到了")
    await hand.look("picture")
    await hand.upload(VOICE)
    await hand.sees("（一段语音）")
    await hand.look("voice")
    await hand.write("咕噜咕噜", unfold="写几句话")
    await hand.sees("这句我没看懂")
    await hand.look("not-understood")
    await hand.write("我胸口很痛，喘不上气", unfold="写几句话")
    await hand.sees("请马上打120")
    await hand.look("urgent")


async def pause_and_resume(hand: Hand) -> None:
    await hand.tap("停止")
    await hand.look("stop")
    await hand.tap("暂停提醒")
    await hand.look("pause-sure")
    await hand.tap("对，暂停提醒")
    await hand.sees("提醒已经暂停")
    await hand.look("paused")
    await hand.tap("恢复提醒")
    await hand.sees("提醒恢复了")
    await hand.page.locator("summary", has_text="以前的对话").tap()
    await hand.look("history")


async def test_everything_that_can_always_be_done(house: House, page_360: Page, screenshots: Path) -> None:
    someone = await house.enrol()
    hand = Hand(page_360, house.url, screenshots, "e2e-always")
    await link(hand, someone.invited.code)
    await hand.is_asked("先说伊沙佐米")
    await expect(page_360.locator(".settling")).to_have_count(0)
    await hand.tap("都吃了")
    await hand.sees("记好了")
    await hand.look("both-taken")
    await ask_and_correct(hand)
    await send_other_things(hand)
    await pause_and_resume(hand)

    drugs = [(one.drug, one.status) for one in await house.rows(DoseReport, DoseReport.dose_report_id)]
    assert sorted(drugs[:2]) == [("ixazomib", "taken"), ("lenalidomide", "taken")]
    assert drugs[2:] == [("ixazomib", "not_taken")] * 2  # at the tap; why came after
    assert len(await house.rows(MediaItem)) == 2
    kinds = {one.kind for one in await house.rows(Alert)}
    assert {"relay", "media", "danger", "reminders_paused"} <= kinds
    changes = await house.rows(StatusChange, StatusChange.status_change_id)
    assert [one.status for one in changes] == ["paused", "active"]


async def test_who_is_not_let_in_is_told_how_to_get_in(
    house: House, page_360: Page, screenshots: Path
) -> None:
    someone = await house.enrol()
    hand = Hand(page_360, house.url, screenshots, "e2e-outside")
    await hand.open("/chat")
    await hand.look("unknown-phone")
    void = someone.invited.code
    await house.invite(someone.participant_id)
    await hand.open(f"/i/{void}")
    await hand.tap("开始")
    for number in range(3):
        await hand.write("0000")
        if number == 0:
            await hand.sees("没有对上")
    await hand.sees("向护士要一个新的邀请")
    await hand.look("no-good-invitation")
    assert not any(one.linked for one in await house.rows(LinkAttempt))


async def test_a_new_phone_goes_on_with_the_conversation_and_the_old_one_is_told(
    house: House, browser: Browser, page_360: Page, screenshots: Path
) -> None:
    someone = await house.enrol()
    first = Hand(page_360, house.url, screenshots, "e2e-second")
    await link(first, someone.invited.code)
    await first.is_asked("先说伊沙佐米")
    context = await browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, locale="zh-CN"
    )
    second = Hand(await context.new_page(), house.url, screenshots, "e2e-second")
    await second.open(f"/i/{await house.invite(someone.participant_id)}")
    await second.tap("开始")
    await second.write("0000")
    await second.tap("我是本人")
    await second.is_asked("先说伊沙佐米")
    await second.look("phone")
    await first.sees("这部手机不再用来记录了")  # by itself, over the event stream
    await first.is_not_asked()
    await first.look("left")
    await second.tap("吃了")
    await second.is_asked("来那度胺吃了吗")
    await second.sees("伊沙佐米：已记录")
    await context.close()


async def test_without_javascript_the_question_comes_by_the_refresh_link(
    house: House, browser: Browser, screenshots: Path
) -> None:
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, has_touch=True, locale="zh-CN"
    )
    hand = Hand(await context.new_page(), house.url, screenshots, "e2e-plain")
    await link(hand, (await house.enrol()).invited.code)
    refresh = hand.page.get_by_role("link", name="看看有没有新的内容")
    question = hand.page.get_by_role("button", name="吃了", exact=True)
    for _ in range(WITHIN // 500):
        await refresh.tap()
        await hand.page.wait_for_timeout(500)  # time to arrive, and to be read
        if await question.count():
            break
    await hand.tap("吃了")
    await hand.is_asked("来那度胺吃了吗")
    await hand.tap("吃了")
    await hand.sees("记好了")
    assert [one.status for one in await house.rows(DoseReport)] == ["taken", "taken"]
    await context.close()
