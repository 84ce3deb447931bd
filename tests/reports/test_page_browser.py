"""The report in a browser: nothing is fetched, nothing runs out of a sheet of paper; a picture is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from bot.reports.compliance import compliance
from bot.reports.compliance_html import page
from bot.reports.printed import Reader
from tests.reports.pen import STUDY, house
from tests.reports.test_figures import AS_OF, write
from tests.support.browser import picture


@pytest.mark.parametrize(("language", "name"), [("zh_Hans_CN", "report"), ("en", "report-en")])
async def test_a_sheet_of_paper_holds_it(
    unmade_url: str, browser: Browser, screenshots: Path, language: str, name: str
) -> None:
    async with house(unmade_url, AS_OF) as town:
        await write(town)
        async with town.ctx.begin() as tx:
            html = page(await compliance(tx, STUDY, as_of=AS_OF), Reader(town.ctx.wording, language))
    view = await browser.new_page(viewport={"width": 1366, "height": 900})
    fetched: list[str] = []
    view.on("request", lambda request: fetched.append(request.url))
    await view.set_content(html)
    assert await view.evaluate("document.documentElement.scrollWidth") <= 1366
    await picture(view, screenshots / name)
    await view.emulate_media(media="print")
    await view.set_viewport_size(
        {"width": 1032, "height": 700}
    )  # A4 across, within its margins, at 96 dots per inch
    wide = "[...document.querySelectorAll('table')].map(one => one.scrollWidth)"
    assert max(await view.evaluate(wide)) <= 1032
    await picture(view, screenshots / f"{name}-print")
    sheets = await view.pdf(prefer_css_page_size=True, print_background=True)
    (screenshots / f"{name}.pdf").write_bytes(sheets)
    assert fetched == []
