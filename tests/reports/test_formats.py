"""The three ways in which a report leaves the house say the same, name nobody, and are the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.db.labs import SupplyEvent
from bot.db.people import Participant
from bot.reports.compliance import Compliance, compliance
from bot.reports.compliance_csv import compliance_csv
from bot.reports.compliance_html import page
from bot.reports.compliance_json import compliance_json
from bot.reports.fields import TALLY_COLUMNS, line_fields
from bot.reports.printed import DEFINED, Reader
from tests.reports.pen import STUDY, Pen, due, house, writing
from tests.reports.test_figures import AS_OF, write
from tests.support.house import wording
from tests.support.snapshots import once

LANGUAGES = ("zh_Hans_CN", "en")


@pytest.fixture
async def report(unmade_url: str) -> Compliance:
    async with house(unmade_url, AS_OF) as town:
        await once(town.ctx, "the ledger written", lambda: write(town))
        async with writing(town) as pen:
            await _capsules(pen)
        async with town.ctx.begin() as tx:
            return await compliance(tx, STUDY, as_of=AS_OF)


async def _capsules(pen: Pen) -> None:
    """Of somebody who told of two capsules: three handed out, none left; what is written after the as-of is not there."""
    query = select(Participant.participant_id).where(Participant.subject_id == "TST-001")
    participant_id = (await pen.tx.execute(query)).scalar_one()
    for kind, on, quantity, at in (
        ("dispensed", date(2026, 11, 2), 3, due(1)),
        ("counted", date(2026, 11, 20), 0, due(19)),
        ("returned", date(2026, 11, 30), 1, datetime(2026, 12, 2, 12, 0, 1, tzinfo=UTC)),
    ):
        values = {"drug": "ixazomib", "kind": kind, "on_day": on, "quantity": quantity, "mg": 4}
        await pen.fact(SupplyEvent, participant_id, at, **values)


def reader(language: str) -> Reader:
    return Reader(wording(), language)


def test_the_table_holds_every_line_and_every_definition(report: Compliance) -> None:
    text = compliance_csv(report, reader("en"))
    rows = list(csv.DictReader(io.StringIO(text)))
    kinds = {kind: [row for row in rows if row["row"] == kind] for kind in {row["row"] for row in rows}}
    lines = (*report.cycles, *report.people, *report.sites, *report.arms, *report.study)
    assert sum(len(kinds[kind]) for kind in ("cycle", "participant", "site", "arm", "study")) == len(lines)
    assert {row["name"] for row in kinds["definition"]} >= set(DEFINED)
    assert {row["definition"] for row in rows} == {report.rules.current_hash}
    assert {row["as_of"] for row in rows} == {"2026-12-02T12:00:00Z"}
    first = line_fields(report.cycles[0])
    assert [kinds["cycle"][0][name] for name in TALLY_COLUMNS] == [str(first[name]) for name in TALLY_COLUMNS]
    assert "\r" not in text
    assert not text.startswith("\ufeff")
    assert compliance_csv(report, reader("en"), bom=True) == "\ufeff" + text


def test_json_says_the_same(report: Compliance) -> None:
    content = json.loads(compliance_json(report, reader("zh_Hans_CN")))
    rows = list(csv.DictReader(io.StringIO(compliance_csv(report, reader("zh_Hans_CN")))))
    for kind, name in (
        ("cycle", "cycles"),
        ("study", "study_totals"),
        ("arm", "arm_totals"),
        ("week", "weeks"),
        ("supply", "supplies"),
    ):
        table = [row for row in rows if row["row"] == kind]
        assert len(table) == len(content[name])
        for row, entry in zip(table, content[name], strict=True):
            for column, value in entry.items():
                assert _same(row[column], value), (kind, column, row[column], value)
    assert set(content["definitions"]) >= set(DEFINED)
    assert content["supplies"] == [
        {
            **{"site": "TST", "subject_id": "TST-001", "drug": "ixazomib"},
            **{"dispensed": 3, "returned": 0, "told_as_taken": 2, "should_be_left": 1},
            **{"last_count_on": "2026-11-20", "counted": 0, "expected_then": 1, "difference": -1},
        }
    ]
    assert content["version"] == "1"
    assert content["catalogue"] == wording().hash("zh_Hans_CN")


def _same(cell: str, value: object) -> bool:
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return cell == ("yes" if value else "no")
    return float(cell) == value if isinstance(value, int | float) else cell == value


def test_the_same_question_has_the_same_bytes(report: Compliance) -> None:
    for language in LANGUAGES:
        for write_ in (compliance_csv, compliance_json, lambda one, by: page(one, by)):
            assert write_(report, reader(language)) == write_(report, reader(language))


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_nothing_but_itself(report: Compliance, language: str) -> None:
    text = page(report, reader(language))
    parsed = _Page()
    parsed.feed(text)
    assert parsed.addresses == []
    assert not {"script", "link", "img", "iframe", "form"} & set(parsed.tags)
    assert "http" not in text
    assert " style=" not in text  # a console whose pages may not carry inline styles can still show it
    assert parsed.tags.count("table") == 9


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_named(report: Compliance, language: str) -> None:
    for text in (
        compliance_csv(report, reader(language)),
        compliance_json(report, reader(language)),
        page(report, reader(language)),
    ):
        assert "李桂兰" not in text
        assert "TST-002" in text


def test_a_chinese_page_has_no_english_words_and_the_other_way_round(report: Compliance) -> None:
    chinese = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page(report, reader("zh_Hans_CN")), flags=re.DOTALL)
    words = set(re.findall(r"[A-Za-z]{4,}", chinese)) - {"Hans"}
    assert {word for word in words if not re.fullmatch(r"[0-9a-f]+|nct\w*", word)} == set()
    assert not re.search(r"[\u4e00-\u9fff]", page(report, reader("en")).replace("Noto Sans CJK SC", ""))


def test_the_instant_is_told_in_utc(report: Compliance) -> None:
    assert report.scope.as_of == datetime(2026, 12, 2, 12, tzinfo=UTC)
    assert "2026-12-02T12:00:00Z" in page(report, reader("en"))


def test_templates_are_where_the_package_looks_for_them() -> None:
    folder = Path(compliance_json.__code__.co_filename).parent / "templates"
    assert {file.name for file in folder.iterdir()} == {"compliance.html", "compliance.css"}
