"""Tables for `suiyao rules`: read one, answer each row by itself, print it with the answers.

A row that is wrong gets its reason and never stops the run; a file that is no such table stops it at once. A table is read
to its end once before anything comes of it, and a row at a time: its size is bounded, and so is what it takes in memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from bot.commands.study_file import stop

_LARGEST = 64 * 1024 * 1024  # bytes; a million rows
_LONGEST_ROW = 1024 * 1024  # characters
_MOST_COLUMNS = 1000
_A_PIECE = 256 * 1024
Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """`line`: where it ends in the file; `fault`: why its cells cannot be read at all."""

    line: int
    cells: Cells
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    _content: bytes
    _delimiter: str
    _quoted: bool

    @property
    def rows(self) -> Iterator[Row]:
        """From the first one, each time that they are asked for."""
        reader = _Reader(self._content, self._delimiter, self._quoted)
        reader.row()
        while (cells := reader.row()) is not None:
            if cells:  # an empty line is no row
                yield _row(reader.line, cells, self.columns)


def answer_rows(
    file: str,
    needs: Sequence[str],
    adds: Sequence[str],
    answer: Callable[[Cells], Cells],
    delimiter: str = ",",
    *,
    quoted: bool = True,
) -> None:
    """Print the table of `file` with the columns `adds` and `error`, and exit with 1 if a row had an error.

    `answer` takes one row's cells and gives the added ones; a ValueError of it is the row's error. Not `quoted`:
    quotation marks are characters like others, also in what is printed.
    """
    table = read_table(file, needs, delimiter, quoted=quoted)
    columns = [name for name in table.columns if name not in adds and name != "error"]
    failed = False
    with printed([*columns, *adds, "error"], delimiter, quoted=quoted) as line:
        for row in table.rows:
            found, error = _answered(row, answer)
            failed |= bool(error)
            line([*(row.cells[name] for name in columns), *(found.get(name, "") for name in adds), error])
    sys.exit(1 if failed else 0)


def read_table(
    file: str,
    needs: Sequence[str],
    delimiter: str = ",",
    *,
    quoted: bool = True,
    most_rows: int | None = None,
) -> Table:
    """The table in a file or in standard input (`-`); ends the command where this is none with those columns.

    `most_rows`: where all of them must be held at once.
    """
    content = _content(file)
    reader = _Reader(content, delimiter, quoted)
    rows = 0
    try:
        columns = tuple(name.strip() for name in reader.row() or ())
        _check_header(file, columns, needs)
        while reader.row() is not None:
            rows += 1
    except csv.Error as problem:
        _refuse(file, f"line {reader.line}: {problem}")
    if most_rows is not None and rows > most_rows:
        _refuse(file, f"more than {most_rows:,} rows; give them in several files")
    return Table(columns, content, delimiter, quoted)


@contextmanager
def printed(
    columns: Sequence[str], delimiter: str = ",", *, quoted: bool = True
) -> Iterator[Callable[[Sequence[str]], object]]:
    """What prints one line of a table; all of them are out at the end, also when something fails in the middle."""
    out = io.StringIO()
    form: dict[str, Any] = {
        "delimiter": delimiter,
        "lineterminator": "\n",
        "quotechar": '"' if quoted else None,
    }
    table = csv.writer(out, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE, **form)
    # Not every Python puts quotation marks around a carriage return, and to who reads the table it would end the row.
    broken = csv.writer(out, quoting=csv.QUOTE_ALL, **form) if quoted else table

    def line(cells: Sequence[str]) -> None:
        (broken if any("\r" in cell for cell in cells) else table).writerow(cells)
        if out.tell() > _A_PIECE:
            _print(out)

    table.writerow(columns)
    try:
        yield line
    finally:
        _print(out)


def _print(out: io.StringIO) -> None:
    """Bytes: the terminal's own encoding and line ends have no say."""
    click.echo(out.getvalue().encode(), nl=False)
    out.seek(0)
    out.truncate()


def _answered(row: Row, answer: Callable[[Cells], Cells]) -> tuple[Cells, str]:
    if row.fault is not None:
        return {}, row.fault
    try:
        return answer(row.cells), ""
    except ValueError as problem:
        return {}, str(problem)


class _Reader:
    """Rows of cells, one after the other, none of them longer than is allowed."""

    def __init__(self, content: bytes, delimiter: str, quoted: bool) -> None:
        csv.field_size_limit(_LONGEST_ROW)
        self._text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
        self._rows = csv.reader(
            self._lines(),
            delimiter=delimiter,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            strict=True,
        )
        self._used = 0

    @property
    def line(self) -> int:
        """Physical lines until here: where a row with a line break inside ends."""
        return self._rows.line_num

    def row(self) -> list[str] | None:
        """None at the end. Raises csv.Error."""
        self._used = 0
        return next(self._rows, None)

    def _lines(self) -> Iterator[str]:
        while line := self._text.readline(_LONGEST_ROW + 1):
            self._used += len(line)
            if self._used > _LONGEST_ROW:
                raise csv.Error("a row of more than a million characters")
            yield line


def _row(line: int, cells: list[str], columns: tuple[str, ...]) -> Row:
    fault = None
    if len(cells) != len(columns):
        fault = f"{len(cells)} cells where the header has {len(columns)}"
    padded = [*cells, *[""] * len(columns)]
    return Row(line, dict(zip(columns, padded, strict=False)), fault)


def _content(file: str) -> bytes:
    try:
        with click.open_file(file, "rb") as source:
            content: bytes = source.read(_LARGEST + 1)
    except OSError as problem:
        _refuse(file, f"cannot be read ({problem.strerror})")
    if len(content) > _LARGEST:
        _refuse(file, "larger than 64 MiB")
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(content)
    for start in range(0, len(content) + 1, _A_PIECE):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(view[start : start + _A_PIECE], start + _A_PIECE > len(content))
        except UnicodeDecodeError as problem:
            _refuse(file, f"not UTF-8 text (byte {start - waiting + problem.start + 1})")
    return content


def _check_header(file: str, columns: tuple[str, ...], needs: Sequence[str]) -> None:
    if not columns:
        _refuse(file, f"empty: a header line is needed, with {', '.join(needs)}")
    if len(columns) > _MOST_COLUMNS:
        _refuse(file, f"the header has {len(columns):,} columns, more than {_MOST_COLUMNS:,}")
    twice = sorted(name for name, times in Counter(columns).items() if times > 1)
    if twice:
        _refuse(file, f"the header has {twice[0][:80]!r} twice")
    missing = [name for name in needs if name not in columns]
    if missing:
        _refuse(file, f"no column {', '.join(missing)}; the header has {', '.join(columns)[:200]}")


def _refuse(file: str, why: str) -> NoReturn:
    shown = "standard input" if file == "-" else "".join(s if s.isprintable() else "?" for s in file[:80])
    stop(f"{shown}: {why}")
