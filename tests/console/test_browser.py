"""Chromium at 360 and at 1366 px, in both languages: a nurse signs in and deals with an alert, and every page fits.

The pictures go to build/screenshots/console-*.png, to be looked at.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, Page
from sqlalchemy import insert, select

from bot.db.alerts import AlertStep
from bot.db.symptoms import ProvisionalGrade, SymptomReport
from bot.services import labs, signing_in, supplies
from bot.services.author import Author
from bot.services.labs import NewLab
from bot.services.supplies import NewSupply
from tests.support.browser import picture
from tests.support.office import PASSWORD, Office, email, office
from tests.support.patient import enrolled, linked
from tests.support.snapshots import once

NOW = datetime(2026, 11, 1, 23, 30, tzinfo=UTC)
WIDTHS = (360, 1366)
PATHS = {
    "worklist": "/console/worklist",
    "alerts": "/console/alerts",
    "participant": "/console/participants/1",
    "messages": "/console/participants/1/messages",
    "sent": "/console/participants/1/sent",
    "dose": "/console/participants/1/doses/1",
    "symptoms": "/console/participants/1/symptoms",
    "decisions": "/console/participants/1/decisions",
    "labs": "/console/participants/1/labs",
    "invitation": "/console/participants/1/invitation",
    "enrol": "/console/enrol",
    "site": "/console/sites/TST",
    "account": "/console/account",
    "report": "/console/report",
}


@pytest.fixture
async def town(unmade_url: str) -> AsyncIterator[Office]:
    async with office(unmade_url, NOW) as opened:
        await once(opened.ctx, "ten days of one person", lambda: _story(opened))
        yield opened


async def _story(town: Office) -> None:
    """Ten days of one person: taken, late, not taken, silent; worse numbness; danger words just now. Another never linked."""
    person = await enrolled(town)
    await enrolled(town, "lenalidomide")
    stage, phone = await linked(town, person)
    answers = (
        (1, ("查看", "吃了", "吃了")),
        (3, ("查看", "吃了")),
        (5, ("查看", "没吃", "没想起来")),
        (8, ("查看", "吃了")),
    )
    for day, labels in answers:
        await stage.move_to(NOW + timedelta(days=day - 1, minutes=40))
        for label in labels:
            await stage.press(phone, label)
    await stage.move_to(NOW + timedelta(days=10, hours=2))
    await _grades(town, person.participant_id)
    await _sheets(town, person.participant_id)
    await stage.say(phone, "胸口疼，喘不上气")


async def _sheets(town: Office, participant_id: int) -> None:
    """Two sheets of a laboratory, and capsules handed out."""
    sheet = {"platelets": ("49", "x10^9/L"), "anc": ("1.4", "x10^9/L"), "hemoglobin": ("108", "g/L")}
    sheet |= {"creatinine": ("86", "umol/L"), "weight": ("60", "kg")}
    async with town.ctx.begin() as tx:
        author, today = Author("staff:1", "staff"), tx.now.date()
        for days in (8, 1):
            for test, (value, unit) in sheet.items():
                limits = (Decimal(100), Decimal(300)) if test == "platelets" else (None, None)
                new = NewLab(test, Decimal(value) + days, unit, today - timedelta(days=days), *limits)
                await labs.record(tx, participant_id, new, author, "form")
        for kind, quantity in (("dispensed", 3), ("counted", 1)):
            await supplies.record(
                tx, participant_id, NewSupply("ixazomib", kind, today, quantity, "4mg"), author
            )


async def _grades(town: Office, participant_id: int) -> None:
    async with town.ctx.begin() as tx:
        for week, level in ((1, 1), (0, 2)):
            fact = {
                "participant_id": participant_id,
                "definition": tx.ctx.book.questionnaire("weekly", tx.now)[0],
                "recorded_at": tx.now - timedelta(days=7 * week),
            }
            report_id = await tx.scalar(
                insert(SymptomReport)
                .values(
                    **fact,
                    questionnaire="weekly",
                    occasion="weekly",
                    answers={"numbness": "yes", "numbness.pain": "yes", "numbness.limits": "housework"},
                    complete=True,
                    recorded_by="test",
                    as_whom="self",
                )
                .returning(SymptomReport.symptom_report_id)
            )
            values = {"ctcae_version": "5.0", "basis": "paresthesia_2@1", "raw": {"numbness.pain": "no"}}
            await tx.execute(
                insert(ProvisionalGrade).values(
                    **fact, **values, symptom_report_id=report_id, term="Paresthesia", grade=level, before=level - 1
                )
            )  # fmt: skip


@asynccontextmanager
async def served(town: Office) -> AsyncIterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = uvicorn.Config(town.app, log_config=None, ws="none", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await running
    listener.close()


@asynccontextmanager
async def window(browser: Browser, base: str, width: int, language: str) -> AsyncIterator[Page]:
    """A browser window. Whatever the content policy stops, or a script trips over, fails the test at its end."""
    context = await browser.new_context(base_url=base, viewport={"width": width, "height": 768})
    await context.add_cookies([{"name": "suiyao-console-language", "value": language, "url": base}])
    page = await context.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda said: trouble.append(said.text) if "Content Security" in said.text else None)
    yield page
    await context.close()
    assert trouble == []


async def fits(page: Page) -> None:
    wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than the window"


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_page_fits_and_is_pictured(
    town: Office, browser: Browser, screenshots: Path, language: str
) -> None:
    async with served(town) as base, window(browser, base, WIDTHS[0], language) as page:
        token = await signing_in.sign_in(town.ctx, email("coordinator"), PASSWORD, "")
        await page.context.add_cookies([{"name": "suiyao-staff", "value": token, "url": base}])
        for name, path in PATHS.items():
            response = await page.goto(path)
            assert response is not None and response.status == 200, path
            for width in WIDTHS:
                await page.set_viewport_size({"width": width, "height": 768})
                await fits(page)
                await picture(page, screenshots / f"console-{name}-{width}-{language}")


@pytest.mark.parametrize(("width", "language"), [(360, "zh"), (1366, "en")])
async def test_a_nurse_signs_in_takes_an_alert_and_closes_it(
    town: Office, browser: Browser, screenshots: Path, width: int, language: str
) -> None:
    async with served(town) as base, window(browser, base, width, language) as page:
        await page.goto("/console")
        await picture(page, screenshots / f"console-sign-in-{width}-{language}")
        await page.fill("input[name=name]", email("nurse"))
        await page.fill("input[name=password]", PASSWORD)
        await page.click("main button.go")
        await page.wait_for_url("**/console/worklist")
        await page.goto("/console/alerts")
        await page.click(".item.emergency a")
        await page.click("form[action$=acknowledge] button")
        await page.wait_for_url("**done=alert_taken")
        await page.click("button[value=called]")
        await page.wait_for_url("**done=alert_acted")
        await fits(page)
        await picture(page, screenshots / f"console-alert-{width}-{language}")
        await page.select_option("select[name=outcome]", "sent_to_emergency")
        await page.fill("textarea[name=note]", "已打120，家属陪同。")
        await page.click("form[action$=close] button")
        await page.wait_for_url("**done=alert_closed")
    async with town.ctx.begin() as tx:
        steps = await tx.all(select(AlertStep.step).order_by(AlertStep.alert_step_id))
    assert [row.step for row in steps if row.step != "told"][-3:] == ["acknowledged", "acted", "closed"]


async def test_a_decision_is_seen_before_it_is_made(
    town: Office, browser: Browser, screenshots: Path
) -> None:
    async with served(town) as base, window(browser, base, 360, "zh") as page:
        token = await signing_in.sign_in(town.ctx, email("investigator"), PASSWORD, "")
        await page.context.add_cookies([{"name": "suiyao-staff", "value": token, "url": base}])
        await page.goto(PATHS["decisions"])
        await page.click("summary:has-text('停药')")
        form = page.locator("form:has(input[value=hold])")
        await form.locator("select[name=drug]").select_option("lenalidomide")
        await form.locator("select[name=reason]").select_option("blood_count")
        await form.locator("button").click()
        await page.wait_for_selector(".preview .change")
        await fits(page)
        await picture(page, screenshots / "console-preview-360-zh")
        await page.click(".preview button.go")
        await page.wait_for_url("**done=decided")
        assert "暂停中" in await page.inner_text("main")
