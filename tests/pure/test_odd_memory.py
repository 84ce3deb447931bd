"""No file, form or update from outside takes more than 200 MiB or hangs, were it as big as is let in at all.

What is read while others wait may take a second of a processor, and what somebody runs by hand only what its size is
worth. Both are given three times as much, since a processor that is shared is slower. Each case runs in a process of its
own. What is odd and small is measured where its properties are tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from telegram import Bot

from bot.channels.telegram_updates import parse, read_update
from bot.channels.telegram_webhook import MOST_BODY_BYTES
from bot.channels.web.body import FILE_BYTES, FORM_BYTES, read_form, read_upload
from bot.channels.web.notice import NotTaken
from bot.channels.web.picture_metadata import without_metadata
from bot.commands.labs import NEEDS
from bot.commands.pro_files import pieces_of
from bot.commands.rules import rules as tables
from bot.commands.rules_adherence import MOST_ROWS
from bot.commands.rules_table import read_table
from bot.errors import Misconfigured
from bot.services.book import Source, check_source
from tests.pure.test_odd_files import COLUMNS, SHIPPED, _request
from tests.support.hanging import no_hang
from tests.support.memory import LIMIT, mebibytes
from tests.support.pro_wording import INSTRUMENT

AT_ONCE, BY_HAND = 3.0, 15.0  # seconds of the processor for each
MANY = 250_000  # rows of a table; as objects they would all be too much
MEBIBYTE = 1024 * 1024
BOT = Bot("700123456:AAFakeTokenForTestsOnly_0123456789abc")
# Small pieces that become large objects, again and again; and one that never ends.
JSON_PIECES = ("{},", '{"a":{}},', '"",', "[[[[]]]],", '{"file_id":"x","width":9},', "1e308,")


def big_webhook_bodies() -> None:
    for field in ("photo", "entities"):
        for body in _filled(
            f'{{"update_id": 9, "message": {{"date": 1, "{field}": [', "0]}}", MOST_BODY_BYTES
        ):
            _posted(body.encode())
    _posted(b"[" * MOST_BODY_BYTES)
    _posted(b'{"update_id": 9, "message": {"text": "' + b"x" * (MOST_BODY_BYTES - 60) + b'"}}')


def _posted(body: bytes) -> None:
    with no_hang(AT_ONCE):
        update = read_update(body)
        if update is not None:
            parse(update, BOT, sent=body)


def big_forms() -> None:
    for piece in (b"a", b"&", b"a=1&", b"%00", b"=", b"+"):
        with contextlib.suppress(NotTaken), no_hang(AT_ONCE):
            asyncio.run(
                read_form(_request(piece * (FORM_BYTES // len(piece)), "application/x-www-form-urlencoded"))
            )


def big_uploads() -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    for piece in (
        b"x",
        b"\r\n--",
        head,
        b"\r\n--x\r\nContent-Disposition: form-data; name=a\r\n\r\n",
        b"\r\n",
    ):
        body = head + piece * (FILE_BYTES // len(piece))
        with contextlib.suppress(NotTaken), no_hang(AT_ONCE):
            asyncio.run(read_upload(_request(body + b"\r\n--x--\r\n", "multipart/form-data; boundary=x")))


def big_pictures() -> None:
    png = b"\x89PNG\r\n\x1a\n"
    for piece in (b"\xff\xd8", b"\xff\xe1\x00\x02", b"\x00\x00\x00\x00tEXt\x00\x00\x00\x00", b"\x00"):
        for start in (b"\xff\xd8", png):
            content = start + piece * (FILE_BYTES // len(piece))
            with no_hang(AT_ONCE):
                without_metadata(content)


def big_tables() -> None:
    _answered("late", COLUMNS["late"], ",,,", MANY)


def big_table_of_no_table() -> None:
    for text in ("," * 9, '"\n",', "甲", "\n", '"', "a,b\r"):
        _answered("late", COLUMNS["late"], text * 80_000, 6)
        _answered("late", text * 80_000, "1,2", 1000)


def big_histories() -> None:
    _answered("adherence", COLUMNS["adherence"], "1,held,2026-11-02,ixazomib,1,4", MOST_ROWS)
    _answered("adherence", COLUMNS["adherence"], ",,,,,", MOST_ROWS + 1)


def big_laboratory_sheets() -> None:
    with _file(f"{','.join(NEEDS)}\n", "a,b,1,c,2026-11-02\n", MANY) as path, no_hang(BY_HAND):
        assert sum(len(one.cells) for one in read_table(str(path), NEEDS).rows) == len(NEEDS) * MANY


def _answered(command: str, columns: str, row: str, rows: int) -> None:
    """As somebody runs it whose terminal keeps nothing."""
    with contextlib.ExitStack() as stack:
        path = stack.enter_context(_file(f"{columns}\n", f"{row}\n", rows))
        nowhere = stack.enter_context(Path(os.devnull).open("w"))
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.enter_context(contextlib.redirect_stderr(nowhere))
        stack.enter_context(contextlib.suppress(SystemExit))
        stack.enter_context(no_hang(BY_HAND))
        tables.main([command, str(path)], standalone_mode=False)


def big_wordings() -> None:
    for body in _filled('{"resourceType": "Questionnaire", "item": [', "{}]}", 2 * MEBIBYTE):
        _pieces(body)
    head = "item,attribute,language,text,answer_0,answer_1\n"
    for row in ("39,amount,en,a,b,c\n", ",,,,,\n", "\n", '"\n', "1" + "," * 5000 + "\n"):
        _pieces(head + row * ((2 * MEBIBYTE - 100) // len(row)))


def big_definitions() -> None:
    first, *others = {one.kind: one for one in SHIPPED}.values()
    dear = (first, ("[[a]]\n", "x = [[[]]]\n"))  # read as TOML before anybody asks of what kind it is
    for source, pieces in (dear, *((one, ("# nothing\n", 'y = """\n')) for one in (first, *others))):
        for piece in pieces:
            with contextlib.suppress(Misconfigured), no_hang(BY_HAND):
                check_source(Source(source.kind, source.name, source.body + piece * (MEBIBYTE // len(piece))))


def _filled(before: str, after: str, most: int) -> Iterator[str]:
    for piece in JSON_PIECES:
        yield before + piece * ((most - len(before) - len(after)) // len(piece.encode())) + after


def _pieces(text: str) -> None:
    with _file(text) as path, contextlib.suppress(Misconfigured), no_hang(BY_HAND):
        pieces_of(path, INSTRUMENT)


@contextlib.contextmanager
def _file(text: str, again: str = "", times: int = 0) -> Iterator[Path]:
    """Written piece by piece: it is not the writing that is measured."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            for _ in range(times):
                file.write(again)
        yield path


def hanging() -> None:
    with no_hang(0.05):
        while True:
            pass


CASES = {name: work for name, work in globals().items() if name.startswith("big_")}


@pytest.mark.parametrize("name", CASES)
def test_at_most_200_mebibytes_and_no_hang(name: str) -> None:
    assert mebibytes(__name__, name) <= LIMIT


def test_a_hang_in_a_process_of_its_own_is_told_here() -> None:
    with pytest.raises(AssertionError, match="a hang"):
        mebibytes(__name__, "hanging")
