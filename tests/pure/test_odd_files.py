"""Files and forms from outside, as odd as they come: read or refused with a word, within a second, never half.

A slow example fails by `not_hanging`, a greedy one by `lean`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import tempfile
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from bot.app.sources import shipped
from bot.channels.web.body import read_form, read_upload
from bot.channels.web.notice import NotTaken
from bot.commands import labs
from bot.commands.pro_files import pieces_of
from bot.commands.rules import rules
from bot.commands.rules_table import Row
from bot.errors import Misconfigured
from bot.services.book import Source, check_source
from tests.support.pro_wording import INSTRUMENT, as_csv, pieces

pytestmark = pytest.mark.usefixtures("lean")
SHIPPED = [source for _, source in shipped()]
ODD = (
    "",
    "-1",
    "1e309",
    "9" * 5000,
    "[]",
    "{}",
    '""',
    "true",
    "[[[]]]",
    '"\\u0000"',
    '"' + "x" * 5000 + '"',
    "nan",
    "=",
)
few = settings(max_examples=30)


@st.composite
def damaged(draw: st.DrawFn) -> Source:
    """A definition of ours with a line lost, doubled, moved, cut off or given an odd value."""
    source = draw(st.sampled_from(SHIPPED))
    lines = source.body.splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(("lost", "doubled", "moved", "cut", "value"))):
            case "lost":
                lines[at] = ""
            case "doubled":
                lines.insert(at, lines[at])
            case "moved":
                lines.insert(draw(st.integers(0, len(lines) - 1)), lines[at])
            case "cut":
                lines[at] = lines[at][: len(lines[at]) // 2]
            case _:
                key, _, _ = lines[at].partition("=")
                lines[at] = f"{key}= {draw(st.sampled_from(ODD))}"
    return Source(source.kind, source.name, "\n".join(lines))


@settings(max_examples=60)
@given(damaged())
def test_a_damaged_definition_is_read_or_refused(source: Source) -> None:
    _taken_or_refused(source)


@few
@given(st.sampled_from(SHIPPED), st.text(max_size=200))
def test_what_is_no_definition_is_refused(one: Source, text: str) -> None:
    _taken_or_refused(Source(one.kind, one.name, text))


def test_a_line_that_is_a_number_is_refused() -> None:
    [script] = [one for one in SHIPPED if one.name == "nurse"]
    body = re.sub("^text = .*$", "text = -1", script.body, count=1, flags=re.MULTILINE)
    with pytest.raises(Misconfigured, match="text"):
        check_source(Source("script", "nurse", body))


def _taken_or_refused(source: Source) -> None:
    with contextlib.suppress(Misconfigured):
        check_source(source)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
LINKS = st.sampled_from(["PROCTCAE_39A", "39B", "PROCTCAE_999Z", "1C_SCL"]) | JSON
ITEMS: st.SearchStrategy[Any] = st.recursive(
    st.fixed_dictionaries(
        {"linkId": LINKS},
        optional={"text": JSON, "_text": JSON, "answerOption": JSON, "type": JSON, "item": JSON},
    ),
    lambda inner: st.fixed_dictionaries({"type": st.just("group"), "item": st.lists(inner, max_size=3)}),
    max_leaves=5,
)


@settings(max_examples=60)
@given(st.lists(ITEMS, max_size=3) | JSON, JSON)
def test_an_odd_questionnaire_is_read_or_refused(items: Any, language: Any) -> None:
    _read_pieces(json.dumps({"resourceType": "Questionnaire", "language": language, "item": items}))


@few
@given(st.data())
def test_an_odd_table_of_wordings_is_read_or_refused(data: st.DataObject) -> None:
    lines = as_csv(pieces(1, 39)).splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = data.draw(
        st.text(max_size=60) | st.sampled_from(["9" * 5000 + ",a,b,c,d,e", '"' + "x" * 200_000, "\x00,"])
    )
    _read_pieces("\n".join(lines))


def test_a_questionnaire_nested_beyond_measure_is_refused() -> None:
    for depth in (300, 900, 100_000):
        _read_pieces(
            '{"resourceType": "Questionnaire", "item": ' + '[{"item": ' * depth + "[]" + "}]" * depth + "}"
        )


def _read_pieces(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wording"
        file.write_text(text, encoding="utf-8", errors="replace")
        with contextlib.suppress(Misconfigured):
            pieces_of(file, INSTRUMENT)


COLUMNS: Mapping[str, str] = {
    "late": "drug,scheduled_utc,asked_utc,next_scheduled_utc",
    "composite": "structure,frequency,severity,interference",
    "crcl": "sex,age_years,weight_kg,scr_value,scr_unit",
    "labs": "test,value,unit,lln,uln,baseline",
    "adherence": "case_id,event_type,date,drug,quantity,mg_per_dose",
}
CELLS = st.sampled_from(
    [
        *(
            "ixazomib",
            "lenalidomide",
            "2026-11-02",
            "2026-11-02T08:00:00Z",
            "0001-01-01",
            "9999-12-31",
            "F",
            "M",
            "70",
        ),
        *(
            "0",
            "-1",
            "1e400",
            "nan",
            "9" * 5000,
            "mg/dL",
            "neutrophils",
            "1.5",
            "dose_taken",
            "1",
            "",
            " ",
            '"',
            "\x00",
            "甲",
        ),
    ]
) | st.text(max_size=12)


@few
@given(st.sampled_from(sorted(COLUMNS)), st.lists(st.lists(CELLS, max_size=7), max_size=4))
def test_an_odd_table_gets_an_answer_in_each_row(command: str, table: list[list[str]]) -> None:
    rows = [",".join(cells).replace("\n", " ") for cells in table]
    done = CliRunner().invoke(
        rules, [command, "-"], "\n".join([COLUMNS[command], *rows]).encode("utf-8", "replace")
    )
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.exit_code in (0, 1, 2)
    assert not re.search("Traceback", done.output)


@few
@given(st.dictionaries(st.sampled_from((*labs.NEEDS, "lln", "uln")), CELLS))
def test_an_odd_laboratory_value_is_read_or_refused(cells: dict[str, str]) -> None:
    with contextlib.suppress(ValueError):
        found = labs._read(Row(2, cells))
        assert found.value.is_finite()
        assert found.test and found.unit


def test_a_header_of_half_a_million_columns_is_refused_at_once() -> None:
    for header in ("," * 500_000, ",".join(map(str, range(100_000)))):
        done = CliRunner().invoke(rules, ["late", "-"], header.encode())
        assert (done.exit_code, done.stdout) == (2, "")
        assert re.search(r"columns, more than 1,000|twice", done.stderr)


def test_a_file_that_ends_in_the_middle_of_a_cell_gives_no_answer_at_all() -> None:
    good = "ixazomib,2026-11-02T00:00:00Z,2026-11-02T01:00:00Z,\n"
    for end in ('"', 'a,"b', "1," * 600_000):
        done = CliRunner().invoke(rules, ["late", "-"], f"{COLUMNS['late']}\n{good * 3}{end}".encode())
        assert (done.exit_code, done.stdout) == (2, ""), done.stderr


def test_a_long_history_of_one_person_is_counted() -> None:
    """Compared with each other one by one, its doses would take minutes."""
    day, rows = date(1900, 1, 1), []
    for number in range(20_000):
        rows.append(f"1,held,{day + timedelta(days=number)},ixazomib,1,")
    done = CliRunner().invoke(rules, ["adherence", "-"], "\n".join([COLUMNS["adherence"], *rows]).encode())
    assert done.exit_code == 0, done.output


# A file that was cut off on its way is dropped by the parser without a word, and its memory with it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@few
@given(
    st.binary(max_size=300),
    st.sampled_from(["", "; boundary=x", "; boundary=x; charset=nothing", '; boundary="']),
)
def test_any_form_is_read_or_refused(body: bytes, boundary: str) -> None:
    asyncio.run(_read_forms(body, boundary))
    asyncio.run(
        _read_forms(
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + body, boundary
        )
    )


async def _read_forms(body: bytes, boundary: str) -> None:
    refused: list[int] = []
    for reader in (read_form, read_upload):
        try:
            await reader(_request(body, f"multipart/form-data{boundary}"))
        except NotTaken as refusal:
            refused.append(refusal.status)
    assert set(refused) <= {400, 413}


def _request(body: bytes, kind: str) -> Request:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
    return Request({"type": "http", "method": "POST", "path": "/", "headers": headers}, receive)
