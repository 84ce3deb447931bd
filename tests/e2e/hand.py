"""A hand that holds a phone: it taps what is written on buttons, writes, looks, and takes pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import FilePayload, Page, expect

from tests.support.browser import picture
from tests.support.web_measure import measure

PICTURE = FilePayload(name="pill.png", mimeType="image/png", buffer=b"\x89PNG\r\n\x1a\n" + bytes(64))
VOICE = FilePayload(name="note.amr", mimeType="audio/amr", buffer=b"#!AMR\n" + bytes(64))
WITHIN = 20_000  # milliseconds: a busy machine is no fault


@dataclass
class Hand:
    """`album`: where pictures go; `name`: how their names begin; `widths`: how wide it is looked at, if not only as it is."""

    page: Page
    url: str
    album: Path
    name: str
    widths: tuple[int, ...] = ()
    loads: list[str] = field(default_factory=list)
    taken: int = 0

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WITHIN)
        self.page.on("load", lambda page: self.loads.append(page.url))

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.url}{path}", wait_until="domcontentloaded")

    async def tap(self, label: str) -> None:
        """Tap and wait for the page that follows."""
        button = self.page.get_by_role("button", name=label, exact=True).first
        async with self.page.expect_navigation(wait_until="domcontentloaded", timeout=WITHIN):
            await button.tap()

    async def write(self, words: str, send: str = "发送", unfold: str = "") -> None:
        if unfold:
            await self.page.locator("summary", has_text=unfold).tap()
        await self.page.locator("#text").fill(words)
        await self.tap(send)

    async def upload(self, file: FilePayload, unfold: str = "发照片或语音", send: str = "发出去") -> None:
        await self.page.locator("summary", has_text=unfold).tap()
        await self.page.locator("#file").set_input_files(file)
        await self.tap(send)

    async def sees(self, words: str) -> None:
        """The words stand on the page, unfolded."""
        await expect(self.page.locator("main").get_by_text(words).first).to_be_visible(timeout=WITHIN)

    async def is_asked(self, words: str) -> None:
        await expect(self.page.locator(".ask h2")).to_contain_text(words, timeout=WITHIN)

    async def is_not_asked(self) -> None:
        await expect(self.page.locator(".ask")).to_have_count(0, timeout=WITHIN)

    async def look(self, what: str) -> None:
        """A picture of the whole page, which must suit old eyes and fingers."""
        self.taken += 1
        before = self.page.viewport_size or {"width": 0, "height": 0}
        for width in self.widths or (before["width"],):
            if width != before["width"]:
                await self.page.set_viewport_size({"width": width, "height": before["height"]})
            await self._measured(f"{what}-{width}" if self.widths else what, width)
        if self.widths:
            await self.page.set_viewport_size(before)

    async def _measured(self, what: str, width: int) -> None:
        await picture(self.page, self.album / f"{self.name}-{self.taken:02d}-{what}")
        found = await measure(self.page)  # it unfolds everything
        await self.page.evaluate(
            "for (const fold of document.querySelectorAll('details')) { fold.open = false; }"
        )
        assert found.faults == [], what
        assert found.width <= width, what
