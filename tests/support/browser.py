"""Chromium for tests: Debian's, another on the path, or Playwright's own; without one, none of them runs."""

from __future__ import annotations

import base64
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

NO_BROWSER = "no Chromium: install Debian's chromium, or run `python -m playwright install chromium`"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-features=SpareRendererForSitePerProcess",  # a process ahead for the next page, which is seldom opened
]


class NoBrowser(Exception):
    """Neither the system nor Playwright has one."""


def installed_chromium() -> str | None:
    """The path of the system's Chromium, if it has one."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the quickest first
    return next((path for path in map(shutil.which, names) if path), None)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A running browser. Raises NoBrowser."""
    async with async_playwright() as playwright:
        path = installed_chromium() or playwright.chromium.executable_path
        if shutil.which(path) is None:
            raise NoBrowser
        browser = await playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def small_phone(browser: Browser) -> AsyncIterator[Page]:
    """The narrowest phone that we promise to fit: 360 x 740, Chinese, with a finger instead of a mouse."""
    async with screen(browser, 360) as page:
        yield page


@asynccontextmanager
async def screen(browser: Browser, width: int) -> AsyncIterator[Page]:
    """A phone of this width, or an old PC whose screen can be touched."""
    mobile = width < 600
    context = await browser.new_context(
        viewport={"width": width, "height": 740 if mobile else 768},
        device_scale_factor=2 if mobile else 1,
        has_touch=True,
        is_mobile=mobile,
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
    )
    yield await context.new_page()
    await context.close()


async def picture(page: Page, path: Path) -> None:
    """The whole page as a PNG, to be looked at. Packed quickly rather than tightly: a third less work than Playwright's.
    `path`: without suffix.
    """
    browser = await page.context.new_cdp_session(page)
    size = (await browser.send("Page.getLayoutMetrics"))["cssContentSize"]
    asked = {"captureBeyondViewport": True, "optimizeForSpeed": True, "clip": {**size, "scale": 1}}
    taken = await browser.send("Page.captureScreenshot", asked)
    await browser.detach()
    path.with_name(f"{path.name}.png").write_bytes(base64.b64decode(taken["data"]))
