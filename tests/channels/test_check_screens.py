"""The four screens of the weekly check and its longest questions on the narrowest phone, in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from bot.channels.web.view import OpenQuestion
from bot.wording import load_wording
from tests.pure.symptoms.shipped import WEEKLY
from tests.support.browser import picture
from tests.support.web_backend import GOOD_CODE, MemoryBackend, choice
from tests.support.web_measure import measure
from tests.support.web_server import served

WORDING = load_wording(Path(__file__).parents[2] / "locales")
LONGEST = ("bleeding.kind", "dizziness.signs", "rash.sores")


def screen(number: int, language: str) -> OpenQuestion:
    token = f"screen{number:010d}"
    labels = [WORDING.text(language, WEEKLY.symptoms[name].label) for name in WEEKLY.screens[number]]
    none = WORDING.text(language, "choice.none_of_these")
    choices = [
        choice(label, token, f"on-{name}") for label, name in zip(labels, WEEKLY.screens[number], strict=True)
    ]
    return OpenQuestion(
        token,
        WORDING.text(language, "symptom.screen"),
        (*choices, choice(none, token, "none")),
        f"{number + 1}/4",
        False,
    )


def question(key: str, language: str) -> OpenQuestion:
    asked = WEEKLY.keys[key]
    token = "question00000000"
    choices = [choice(WORDING.text(language, one.label), token, one.id) for one in asked.answers]
    more = [
        choice(WORDING.text(language, f"choice.{one}"), token, name)
        for one, name in (("not_told", "not_told"), ("previous", "back"))
    ]
    return OpenQuestion(token, WORDING.text(language, asked.text), (*choices, *more), "2/4", False)


@pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
async def test_six_choices_and_none_are_readable_on_a_small_phone(
    page_360: Page, screenshots: Path, language: str
) -> None:
    backend = MemoryBackend()
    async with served(backend) as url:
        await page_360.goto(f"{url}/i/{GOOD_CODE}", wait_until="domcontentloaded")
        await page_360.get_by_role("button", name="开始").tap()
        await expect(page_360.locator("#text")).to_be_visible()
        (device,) = backend.devices
        shown = [screen(number, language) for number in range(len(WEEKLY.screens))]
        shown += [question(key, language) for key in LONGEST]
        for number, asked in enumerate(shown, 1):
            backend.ask(device, asked)
            await page_360.reload(wait_until="domcontentloaded")
            await expect(page_360.get_by_role("button", name=asked.choices[0].label)).to_be_visible()
            await picture(page_360, screenshots / f"check-{language}-{number}")
            found = await measure(page_360)
            assert found.faults == [], asked.text
            assert found.width <= 360
