"""The browser that the tests use: a small phone that can draw Chinese."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page

TWO_WORDS = "<meta name=viewport content='width=device-width'><p id=a>药</p><p id=b>饭</p>"


async def test_the_small_phone(page_360: Page) -> None:
    await page_360.set_content("<meta name=viewport content='width=device-width'>")
    facts = "[innerWidth, innerHeight, devicePixelRatio, navigator.language, navigator.maxTouchPoints > 0]"
    assert await page_360.evaluate(facts) == [360, 740, 2, "zh-CN", True]


async def test_chinese_is_not_drawn_as_boxes(page_360: Page, screenshots: Path) -> None:
    """Without a Chinese font every character is the same box."""
    await page_360.set_content(TWO_WORDS)
    first = await page_360.locator("#a").screenshot()
    second = await page_360.locator("#b").screenshot(path=screenshots / "font.png")
    assert first != second
