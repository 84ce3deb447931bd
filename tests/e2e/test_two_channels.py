"""One conversation on two screens at once: Telegram (over HTTP on loopback) and the page."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect

from bot.db.doses import DoseReport
from bot.db.people import Consent
from bot.rehearsal.bot_api.server import TOKEN, FakeBotApi
from bot.rehearsal.bot_api.world import Shown
from tests.e2e.hand import Hand
from tests.e2e.house import House, open_house

CHAT = 4001
WELCOME = (
    ("还是家人？", "我是本人"),
    ("使用您的健康信息吗？", "同意"),
    ("您同意通过Telegram", "同意"),
    ("吃药的提醒先定在", "合适"),
    ("不打扰您，合适吗？", "合适"),
)
SECONDS = 20.0


def shown(api: FakeBotApi, words: str) -> list[Shown]:
    return [one for one in api.visible(CHAT) if one.by_bot and words in one.text]


def with_button(api: FakeBotApi, label: str, words: str = "") -> list[Shown]:
    return [one for one in shown(api, words) if label in [name for name, _ in one.buttons]]


async def press(api: FakeBotApi, words: str, label: str) -> None:
    """Tap a button under these words as soon as it is there."""
    await api.until(lambda: with_button(api, label, words), SECONDS)
    api.press(CHAT, with_button(api, label, words)[-1].message_id, label)


async def link_telegram(api: FakeBotApi, code: str) -> None:
    api.say(CHAT, f"/start {code}")
    await api.until(lambda: shown(api, "最后4位数字"), SECONDS)
    api.say(CHAT, "0000")
    for words, label in WELCOME:
        await press(api, words, label)


async def link_page(hand: Hand, house: House, participant_id: int) -> None:
    await hand.open(f"/i/{await house.invite(participant_id)}")
    await hand.tap("开始")
    await hand.write("0000")
    await hand.tap("我是本人")  # what was agreed to on the other screen is not asked again


async def test_answered_on_one_screen_and_shown_on_the_other(
    database_url: str, page_360: Page, screenshots: Path
) -> None:
    async with (
        FakeBotApi() as api,
        open_house(database_url, telegram_token=TOKEN, telegram_api_base=api.base) as house,
    ):
        someone = await house.enrol()
        await link_telegram(api, someone.invited.code)
        await api.until(lambda: with_button(api, "查看"), SECONDS)
        line = with_button(api, "查看")[-1]
        assert "药" not in line.text  # whoever sees the lock screen learns nothing
        hand = Hand(page_360, house.url, screenshots, "e2e-both")
        await link_page(hand, house, someone.participant_id)
        await hand.is_asked("先说伊沙佐米")

        api.press(CHAT, line.message_id, "查看")
        await press(api, "先说伊沙佐米", "吃了")
        await hand.is_asked("来那度胺吃了吗")  # answered there, shown here, by itself
        await hand.sees("伊沙佐米：已记录")
        await hand.look("answered-on-telegram")
        await expect(page_360.locator(".settling")).to_have_count(0)
        await hand.tap("吃了")
        await api.until(lambda: shown(api, "来那度胺：已记录"), SECONDS)  # and the other way round
        assert not with_button(api, "吃了")
        await hand.sees("记好了")

        reports = await house.rows(DoseReport, DoseReport.dose_report_id)
        assert [(one.drug, one.status) for one in reports] == [
            ("ixazomib", "taken"),
            ("lenalidomide", "taken"),
        ]
        assert len({one.contact_id for one in reports}) == 2
        matters = {(one.matter, one.decision) for one in await house.rows(Consent)}
        assert matters == {("health_data", "given"), ("telegram_abroad", "given")}
