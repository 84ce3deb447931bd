"""From an invitation over a worrying answer to the nurse who takes and closes it, the digest and the report.

In both languages, each page as wide as a phone and as an old PC; pictures go to build/screenshots/e2e-*.png, to be looked at.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import insert, select

from bot.commands.demo import SITE
from bot.db.access import StaffLogin
from bot.db.alerts import Alert, AlertStep
from bot.db.digests import Digest
from bot.db.outbox import OutboundMessage
from bot.db.timers import Timer
from bot.services import digests, passwords, sealing, signing_in
from bot.services.enrolment import NewStaff, add_staff
from tests.e2e.hand import Hand
from tests.e2e.house import House
from tests.support.browser import picture, screen

PHONE, OLD_PC = 360, 1366
NURSE, PASSWORD = "nurse@e2e.example", "four unrelated words here"
LINK = ("choice.self", "choice.agree", "choice.keep", "choice.keep")
CHECK = (
    ("menu.report", "symptom.who.self", "choice.none_of_these", "choice.none_of_these"),
    ("symptom.numbness",),
    ("choice.ticked", "choice.none_of_these"),
)


async def _nurse(house: House, language: str) -> None:
    kept = await passwords.hashed(PASSWORD)
    async with house.app.ctx.begin() as tx:
        await add_staff(tx, NewStaff(SITE, "nurse", "王护士", NURSE, language), "test")
        await tx.execute(
            insert(StaffLogin).values(
                staff_id=await signing_in.staff_of_email(tx, NURSE),
                name_lookup=signing_in.name_lookup(house.app.ctx, NURSE),
                password_hash=kept,
                changed_at=tx.now,
            )
        )


async def _alerted(house: House) -> int:
    """The alert that the answer led to, within seconds."""
    for _ in range(100):
        found = [one for one in await house.rows(Alert, Alert.alert_id) if one.kind == "symptom"]
        if found:
            return int(found[0].alert_id)
        await asyncio.sleep(0.1)
    raise AssertionError("no alert")


async def _digest(house: House, language: str) -> str:
    async with house.app.ctx.begin() as tx:
        return (await digests.preview(tx, SITE, language)).body


async def _next_morning(house: House) -> tuple[str, list[dict[str, str]]]:
    """The digest that waits for the site's hour, made now: its mails, and what its record tells of ended alerts."""
    async with house.app.ctx.begin() as tx:
        waiting = await tx.all(select(Timer).filter_by(kind="digest", state="waiting"))
        assert len(waiting) == 1
        assert (await digests.send(tx, waiting[0])).startswith("sent:")
        mails = await tx.all(select(OutboundMessage).filter_by(purpose="digest"))
        record = (await tx.all(select(Digest)))[-1]
        told = [await sealing.unseal_text(tx, mail.sealed_id) for mail in mails]
        return "\n".join(told), record.content["dealt_with"]


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
async def test_a_worrying_answer_is_taken_closed_and_reported(
    house: House, browser: Browser, screenshots: Path, language: str
) -> None:
    async with screen(browser, PHONE) as page:
        await _from_invitation_to_report(house, browser, page, screenshots, language)


async def _from_invitation_to_report(
    house: House, browser: Browser, page: Page, screenshots: Path, language: str
) -> None:
    def word(text_id: str) -> str:
        return house.app.ctx.wording.text(language, text_id)

    await _nurse(house, language)
    someone = await house.enrol(language)
    hand = Hand(page, house.url, screenshots, f"e2e-symptom-{language}", (PHONE, OLD_PC))
    await hand.open(f"/i/{someone.invited.code}")
    await hand.look("invitation")
    await hand.tap("开始")
    await hand.write("0000")
    for text_id in LINK:
        await hand.tap(word(text_id))
    await hand.tap(word("choice.all_taken"))  # of today's medicines, which are asked first
    for labels in CHECK:
        for text_id in labels:
            await hand.tap(word(text_id))
        await hand.look("check")
    await hand.tap(word("symptom.pain.yes"))
    await hand.look("told")
    alert_id = await _alerted(house)
    assert someone.subject_id in await _digest(house, language)

    context = await browser.new_context(base_url=house.url, viewport={"width": OLD_PC, "height": 768})
    desk = await context.new_page()
    language_cookie = {"name": "suiyao-console-language", "value": language[:2], "url": house.url}
    await context.add_cookies([language_cookie])  # type: ignore[list-item]  # a plain table
    desk.set_default_timeout(20_000)
    await desk.goto("/console")
    await desk.fill("input[name=name]", NURSE)
    await desk.fill("input[name=password]", PASSWORD)
    await desk.click("main button.go")
    await desk.wait_for_url("**/console/worklist")
    await expect(desk.locator("main")).to_contain_text(someone.subject_id)
    await _picture(desk, screenshots, f"worklist-{language}")
    await desk.goto(f"/console/alerts/{alert_id}")
    await desk.click("form[action$=acknowledge] button")
    await desk.wait_for_url("**done=alert_taken")
    await _picture(desk, screenshots, f"alert-{language}")
    await desk.click("button[value=called]")
    await desk.wait_for_url("**done=alert_acted")
    await desk.select_option("select[name=outcome]", "settled")
    await desk.fill("textarea[name=note]", "电话里问清楚了，明天来看。")
    await desk.click("form[action$=close] button")
    await desk.wait_for_url("**done=alert_closed")
    steps = [
        one.step for one in await house.rows(AlertStep, AlertStep.alert_step_id) if one.alert_id == alert_id
    ]
    assert [step for step in steps if step not in ("told", "seen")] == ["acknowledged", "acted", "closed"]
    mail, dealt = await _next_morning(house)
    assert someone.subject_id in mail and word("console.outcome.settled") in mail
    assert [(one["subject_id"], one["outcome"]) for one in dealt] == [(someone.subject_id, "settled")]
    await desk.goto("/console/report/compliance?study=nct04217967&format=html")
    await expect(desk.locator("body")).to_contain_text(someone.subject_id)
    await _picture(desk, screenshots, f"report-{language}", fits=False)
    await context.close()


async def _picture(page: Page, album: Path, name: str, *, fits: bool = True) -> None:
    for width in (PHONE, OLD_PC):
        await page.set_viewport_size({"width": width, "height": 768})
        await picture(page, album / f"e2e-desk-{name}-{width}")
        wider = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider <= 0 or not fits
