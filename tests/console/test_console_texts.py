"""The console's catalogue: complete, equal in both languages, nothing missing that a page asks for, nothing left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.console.static_files import load_static
from bot.services import alert_inbox, phone_reports, staff_decisions, staff_enrolment
from bot.services.access import ROLES
from bot.services.decisions import END_REASONS
from bot.wording import check_catalogues, placeholders, read_catalogue

ROOT = Path(__file__).resolve().parents[2]
LOCALES = ROOT / "locales"
TEXTS = {
    language: dict(read_catalogue(LOCALES / language / "LC_MESSAGES" / "console.po"))
    for language in ("zh_Hans_CN", "en")
}
ALL = {
    text_id for file in (LOCALES / "en" / "LC_MESSAGES").glob("*.po") for text_id, _ in read_catalogue(file)
}
SOURCES = [*(ROOT / "bot" / "console").rglob("*.py"), *(ROOT / "bot" / "console").rglob("*.html")]
SOURCES += [*(ROOT / "bot" / "services").glob("*.py"), *(ROOT / "schedules").rglob("*.toml")]
PROGRAM = "\n".join(file.read_text("utf-8") for file in SOURCES)
NAMED = set(re.findall(r"""["']((?:console|eligibility)(?:\.[a-z0-9_]+)+)["']""", PROGRAM))
# Families whose last word stands in data: `console.act.` + a code.
FAMILIES = {
    "console.act": alert_inbox.ACTS,
    "console.outcome": alert_inbox.OUTCOMES,
    "console.reason": staff_decisions.REASONS,
    "console.end": END_REASONS,
    "console.decide": tuple(staff_decisions.KINDS),
    "console.enrol.answer": staff_enrolment.ANSWERS,
    "console.invite.why": staff_enrolment.WHY_INVITE,
    "reason": phone_reports.REASONS,
    "role": tuple(ROLES),
}


def test_the_catalogues_have_no_fault() -> None:
    faults = [fault for fault in check_catalogues(LOCALES) if "console" in fault]
    assert faults == []
    assert TEXTS["zh_Hans_CN"].keys() == TEXTS["en"].keys()
    for text_id, text in TEXTS["en"].items():
        assert placeholders(text) == placeholders(TEXTS["zh_Hans_CN"][text_id]), text_id


def test_every_text_that_is_named_exists() -> None:
    families = {one for one in NAMED if any(text_id.startswith(f"{one}.") for text_id in ALL)}
    beginnings = {"console.no_such", "console.no_such_"}
    assert NAMED - ALL - families - beginnings - set(load_static()) == set()


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_code_has_its_words(family: str) -> None:
    assert {f"{family}.{word}" for word in FAMILIES[family]} <= ALL


def test_no_text_is_left_over() -> None:
    made = re.findall(r"""["']((?:console|role)(?:\.[a-z0-9_]+)*\.)["'] ?~""", PROGRAM)
    made += re.findall(r"""label\(["']([a-z_.]+)["'](?:, | ~)""", PROGRAM)
    made += ["console.end", "console.ago", "console.done", "console.message.", "console.sent.", "console.by"]
    made += re.findall(r'f"(console(?:\.[a-z_]+)*\.)\{', PROGRAM)
    unused = set(TEXTS["en"]) - NAMED
    assert {one for one in unused if not one.startswith(tuple(made))} == set()


def test_pages_bring_nothing_from_elsewhere_and_no_style_of_their_own() -> None:
    """What the content policy would silently drop should not be written in the first place."""
    for file in (ROOT / "bot" / "console" / "templates").glob("*.html"):
        text = file.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script>|https?://(?!t\.me/)", text), file.name
        assert not re.search(r"\|\s*safe", text), file.name
    for name, static in load_static().items():
        assert b"http://" not in static.content.replace(b"http://www.w3.org/2000/svg", b""), name


def test_every_form_that_changes_something_carries_its_check() -> None:
    for file in (ROOT / "bot" / "console" / "templates").glob("*.html"):
        text = file.read_text("utf-8")
        assert text.count('method="post"') == text.count("{{ hidden }}"), file.name
