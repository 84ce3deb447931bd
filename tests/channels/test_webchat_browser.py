"""The phone page in Chromium: measured sizes and contrast, without JavaScript, and live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from tests.support.browser import picture, small_phone
from tests.support.web_backend import GOOD_CODE, WHEN, MemoryBackend, dose_question
from tests.support.web_measure import measure
from tests.support.web_server import served

ALL_QUIET = "现在没有要回答的问题"


@dataclass(frozen=True, slots=True)
class Site:
    backend: MemoryBackend
    url: str

    @property
    def device(self) -> str:
        return next(iter(self.backend.devices))


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    backend = MemoryBackend()
    async with served(backend) as url:
        yield Site(backend, url)


async def link(page: Page, site: Site) -> None:
    """From the invitation to the first dose question, by hand."""
    await page.goto(f"{site.url}/i/{GOOD_CODE}", wait_until="domcontentloaded")
    await page.get_by_role("button", name="开始").tap()
    await page.locator("#text").fill("6789")
    await page.get_by_role("button", name="发送").tap()
    await expect(page.get_by_role("heading", name="您吃了吗")).to_be_visible()


async def fits(page: Page, width: int = 360) -> None:
    found = await measure(page)
    assert found.faults == []
    assert found.width <= width
    assert found.texts > 5
    assert found.targets >= 3


async def test_every_page_fits_old_eyes_and_fingers(site: Site, page_360: Page, screenshots: Path) -> None:
    page = page_360
    hosts: set[str] = set()
    complaints: list[str] = []
    page.on("request", lambda request: hosts.add("/".join(request.url.split("/")[:3])))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    async def look(name: str) -> None:
        await picture(page, screenshots / f"page-{name}")
        await fits(page)

    await page.goto(f"{site.url}/i/{GOOD_CODE}", wait_until="domcontentloaded")
    await look("1-invitation")
    await page.goto(f"{site.url}/i/{GOOD_CODE}", wait_until="domcontentloaded")
    await page.get_by_role("button", name="开始").tap()
    await expect(page.locator("#text")).to_be_visible()
    await look("2-last-four")
    await page.locator("#text").fill("6789")
    await page.get_by_role("button", name="发送").tap()
    await expect(page.get_by_role("heading", name="您吃了吗")).to_be_visible()
    await look("3-question")
    await page.goto(f"{site.url}/chat", wait_until="domcontentloaded")
    await page.get_by_role("button", name="今天的药").tap()
    await expect(page.locator(".bubble").first).to_be_visible()
    await look("4-todays-medicines")
    site.backend.ask(site.device, WHEN)
    await page.goto(f"{site.url}/chat", wait_until="domcontentloaded")
    await look("5-when")
    await page.goto(f"{site.url}/chat?later={WHEN.token}", wait_until="domcontentloaded")
    await look("6-later")
    site.backend.ask(site.device, None)
    await page.goto(f"{site.url}/chat", wait_until="domcontentloaded")
    await look("7-nothing-to-answer")
    assert hosts == {site.url}
    assert complaints == []


async def test_a_stranger_s_page_and_a_refusal_fit_too(site: Site, page_360: Page, screenshots: Path) -> None:
    await page_360.goto(f"{site.url}/chat", wait_until="domcontentloaded")
    await picture(page_360, screenshots / "page-8-unknown-phone")
    await fits(page_360)
    await link(page_360, site)
    await page_360.locator("summary", has_text="写几句话").tap()
    await page_360.locator("#text").fill("字" * 4097)
    await page_360.get_by_role("button", name="发送").tap()
    await expect(page_360.get_by_role("alert")).to_contain_text("您写了4097个字")
    await picture(page_360, screenshots / "page-9-too-long")
    assert await page_360.locator("#text").input_value() == "字" * 4097
    await expect(page_360.locator("#text")).to_be_in_viewport()
    await fits(page_360)
    site.backend.accept_fails = ConnectionError("down")
    await page_360.locator("#text").fill("今天没力气")
    await page_360.get_by_role("button", name="发送").tap()
    await expect(page_360.get_by_role("button", name="再发一次")).to_be_visible()
    await picture(page_360, screenshots / "page-12-not-stored")
    await fits(page_360)


@pytest.mark.parametrize(("label", "size"), [("大", 125), ("更大", 150), ("最大", 200)])
async def test_nothing_is_cut_off_when_the_text_is_enlarged(
    site: Site, page_360: Page, screenshots: Path, label: str, size: int
) -> None:
    page = page_360
    await link(page, site)
    site.backend.say(site.device, "emoji 👵🏻 " + "长" * 300 + "A" * 300, mine=True)
    before = await page.evaluate("parseFloat(getComputedStyle(document.querySelector('.asked')).fontSize)")
    await page.locator("summary", has_text="字号").tap()
    await page.get_by_role("button", name=label, exact=True).tap()
    await expect(page.locator("html")).to_have_class(f"size-{size}")
    after = await page.evaluate("parseFloat(getComputedStyle(document.querySelector('.asked')).fontSize)")
    assert after == pytest.approx(before * size / 100)
    await picture(page, screenshots / f"page-10-size-{size}")
    await fits(page)
    await page.goto(f"{site.url}/i/{GOOD_CODE}", wait_until="domcontentloaded")
    await fits(page)


async def test_dark_and_wide_are_as_legible(site: Site, browser: Browser, screenshots: Path) -> None:
    async with small_phone(browser) as page:
        await link(page, site)
        state = await page.context.storage_state()
    for name, scheme, width, height in (("dark", "dark", 360, 740), ("wide", "light", 1366, 768)):
        context = await browser.new_context(
            storage_state=state,
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": width, "height": height},
            locale="zh-CN",
        )
        page = await context.new_page()
        await page.goto(f"{site.url}/chat", wait_until="domcontentloaded")
        await picture(page, screenshots / f"page-11-{name}")
        await fits(page, width)
        await context.close()


async def test_everything_but_live_news_works_without_javascript(site: Site, browser: Browser) -> None:
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, has_touch=True, locale="zh-CN"
    )
    page = await context.new_page()
    await link(page, site)
    await page.get_by_role("button", name="没吃").tap()
    await expect(page.get_by_text("第2题，共2题")).to_be_visible()
    await page.locator("summary", has_text="写几句话").tap()
    await page.locator("#text").fill("今天有点累")
    await page.get_by_role("button", name="发送").tap()
    await expect(page.locator(".mine").get_by_text("今天有点累")).to_be_visible()
    await page.locator("summary", has_text="发照片或语音").tap()
    picture = FilePayload(name="a.png", mimeType="image/png", buffer=b"\x89PNG\r\n\x1a\n")
    await page.locator("#file").set_input_files(picture)
    await page.get_by_role("button", name="发出去").tap()
    await expect(page.get_by_text("收到了，护士上班的时候会看。")).to_be_visible()
    await page.get_by_role("link", name="看看有没有新的内容").tap()
    await page.locator("summary", has_text="以前的对话").tap()
    await expect(page.locator("#earlier .mine").get_by_text("没吃")).to_be_visible()
    assert [heard.kind for heard in site.backend.heard] == ["start", "text", "choice", "text", "media"]
    await context.close()


async def test_a_hasty_double_tap_is_one_answer(site: Site, page_360: Page) -> None:
    await link(page_360, site)
    await page_360.get_by_role("button", name="吃了", exact=True).dblclick()
    await expect(page_360.get_by_text("第2题，共2题")).to_be_visible()
    answers = [heard.press.answer for heard in site.backend.heard if heard.press]
    assert answers == ["taken"]


async def test_news_arrives_by_itself_and_the_old_question_cannot_be_hit(site: Site, page_360: Page) -> None:
    page = page_360
    await link(page, site)
    await streaming(page, site)
    site.backend.say(site.device, "记下了：早上8:05吃了。", question=dose_question(2))
    site.backend.ring(site.device)
    await expect(page.locator(".bubble", has_text="记下了：早上8:05吃了。")).to_be_visible()
    await expect(page.get_by_text("第2题，共2题")).to_be_visible()
    await expect(page.get_by_role("status")).to_have_text("有新的内容")
    await expect(page.locator(".settling")).to_have_count(0)
    await page.get_by_role("button", name="吃了", exact=True).tap()
    await expect(page.get_by_text(ALL_QUIET)).to_be_visible()


async def test_news_does_not_disturb_who_is_writing(site: Site, page_360: Page) -> None:
    page = page_360
    await link(page, site)
    await streaming(page, site)
    await page.locator("summary", has_text="写几句话").tap()
    await page.locator("#text").fill("我想问")
    site.backend.say(site.device, "护士：您好")
    site.backend.ring(site.device)
    offer = page.get_by_role("button", name="有新的内容，点这里看")
    await expect(offer).to_be_visible()
    assert await page.get_by_text("护士：您好").count() == 0
    await offer.tap()
    await expect(page.get_by_text("护士：您好")).to_be_visible()
    assert await page.locator("#text").input_value() == "我想问"
    assert await page.locator("#text").is_visible()


async def test_what_nobody_looks_at_is_not_fetched_and_so_not_delivered(site: Site, page_360: Page) -> None:
    page = page_360
    await page.add_init_script(
        "Object.defineProperty(document, 'hidden', { get: () => window.away === true })"
    )
    await link(page, site)
    await streaming(page, site)
    await page.evaluate("window.away = true")
    views = site.backend.views
    site.backend.say(site.device, "晚上见")
    async with page.expect_event("console", lambda message: message.text == "heard"):
        await page.evaluate("new EventSource('/chat/events').onmessage = () => console.log('heard')")
        await streaming(page, site, pages=2)
        site.backend.ring(site.device)
    assert site.backend.views == views
    await page.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    await expect(page.get_by_text("晚上见")).to_be_visible()
    assert site.backend.views == views + 1


async def test_after_a_break_the_page_catches_up(site: Site, page_360: Page) -> None:
    page = page_360
    await link(page, site)
    await streaming(page, site)
    site.backend.drop(site.device)
    site.backend.say(site.device, "断线的时候说的")
    await expect(page.get_by_text("断线的时候说的")).to_be_visible(timeout=10_000)


async def test_the_keyboard_finds_every_answer_and_shows_where_it_is(site: Site, page_360: Page) -> None:
    page = page_360
    await link(page, site)
    answer = page.get_by_role("button", name="吃了", exact=True)
    for _ in range(6):
        await page.keyboard.press("Tab")
        if await answer.evaluate("button => button === document.activeElement"):
            break
    outline = await page.evaluate("getComputedStyle(document.activeElement).outline")
    assert "4px" in outline
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("第2题，共2题")).to_be_visible()


async def streaming(page: Page, site: Site, pages: int = 1) -> None:
    """Returns when the page's stream is open and its first catching up is over."""
    while len(site.backend.devices[site.device].asked) < pages:
        await page.wait_for_timeout(20)
    await page.wait_for_timeout(100)


async def test_the_measuring_sees_what_is_wrong(page_360: Page) -> None:
    await page_360.set_content(
        "<meta name='viewport' content='width=device-width'>"
        "<body style='margin:0;line-height:1.1;background:#fff'><p style='font-size:12px;color:#aaa'>小字</p>"
        "<button style='height:30px;font-size:20px'>按</button>"
        "<div style='width:500px;font-size:20px'>宽</div>"
        "<div style='height:20px;overflow:hidden;font-size:20px'>一<br>二<br>三</div></body>"
    )
    faults = " ".join((await measure(page_360)).faults)
    for sign in ("text of 12px", "contrast 2.32", "line height 1.10", "target", "outside", "clipped"):
        assert sign in faults, sign
