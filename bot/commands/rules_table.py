"""Tables for `suiyao rules`: read one, answer each row by itself, print it with the answers.

A row that is wrong gets its reason and never stops the run; a file that is no such table stops it at once.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import click

from bot.commands.study_file import stop

_LARGEST = 64 * 1024 * 1024  # bytes; a million rows
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
    rows: tuple[Row, ...]


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
    lines = []
    for row in table.rows:
        found, error = _answered(row, answer)
        failed |= bool(error)
        lines.append(
            [
                *(row.cells[name] for name in columns),
                *(found.get(name, "") for name in adds),
                error,
            ]
        )
    print_table([*columns, *adds, "error"], lines, delimiter, quoted=quoted)
    sys.exit(1 if failed else 0)


def read_table(file: str, needs: Sequence[str], delimiter: str = ",", *, quoted: bool = True) -> Table:
    """The rows of a file or of standard input (`-`); ends the command where this is no table with those columns."""
    csv.field_size_limit(_LARGEST)
    text = io.StringIO(_text(file), newline="")
    reader = csv.reader(
        text, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE, strict=True
    )
    try:
        columns = tuple(name.strip() for name in next(reader, []))
        _check_header(file, columns, needs)
        return Table(columns, tuple(_rows(reader, columns)))
    except csv.Error as problem:
        _refuse(file, f"line {reader.line_num}: {problem}")


def print_table(
    columns: Sequence[str], lines: Sequence[Sequence[str]], delimiter: str = ",", *, quoted: bool = True
) -> None:
    out = io.StringIO()
    table = csv.writer(
        out,
        delimiter=delimiter,
        lineterminator="\n",
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        quotechar='"' if quoted else None,
    )
    table.writerow(columns)
    table.writerows(lines)
    # Bytes: the terminal's own encoding and line ends have no say.
    click.echo(out.getvalue().encode(), nl=False)


def _answered(row: Row, answer: Callable[[Cells], Cells]) -> tuple[Cells, str]:
    if row.fault is not None:
        return {}, row.fault
    try:
        return answer(row.cells), ""
    except ValueError as problem:
        return {}, str(problem)


def _rows(reader: Iterator[list[str]], columns: tuple[str, ...]) -> Iterator[Row]:
    for cells in reader:
        if not cells:
            continue  # an empty line is no row
        fault = None
        if len(cells) != len(columns):
            fault = f"{len(cells)} cells where the header has {len(columns)}"
        padded = [*cells, *[""] * len(columns)]
        # csv.reader counts physical lines; it says where a row with a line break inside ends.
        line = getattr(reader, "line_num", 0)
        yield Row(line, dict(zip(columns, padded, strict=False)), fault)


def _text(file: str) -> str:
    try:
        with click.open_file(file, "rb") as source:
            content: bytes = source.read(_LARGEST + 1)
    except OSError as problem:
        _refuse(file, f"cannot be read ({problem.strerror})")
    if len(content) > _LARGEST:
        _refuse(file, "larger than 64 MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        _refuse(file, f"not UTF-8 text (byte {problem.start + 1})")


def _check_header(file: str, columns: tuple[str, ...], needs: Sequence[str]) -> None:
    if not columns:
        _refuse(file, f"empty: a header line is needed, with {', '.join(needs)}")
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        _refuse(file, f"the header has {twice[0]!r} twice")
    missing = [name for name in needs if name not in columns]
    if missing:
        _refuse(file, f"no column {', '.join(missing)}; the header has {', '.join(columns)[:200]}")


def _refuse(file: str, why: str) -> NoReturn:
    shown = "standard input" if file == "-" else "".join(s if s.isprintable() else "?" for s in file[:80])
    stop(f"{shown}: {why}")
