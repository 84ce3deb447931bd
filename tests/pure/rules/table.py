"""A `suiyao rules` command run on a table of text, and its answer as rows."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import click
from click.testing import CliRunner


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    rows: list[dict[str, str]]
    columns: tuple[str, ...]
    said: str


def run(command: click.Command, header: str, *rows: str, more: tuple[str, ...] = ()) -> Answer:
    """`header` and `rows` as lines of CSV, given on standard input."""
    text = "".join(f"{line}\n" for line in (header, *rows))
    return run_bytes(command, text.encode(), more)


def run_bytes(command: click.Command, content: bytes, more: tuple[str, ...] = ()) -> Answer:
    done = CliRunner().invoke(command, ["-", *more], input=content)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    reader = csv.DictReader(io.StringIO(done.stdout))
    return Answer(done.exit_code, list(reader), tuple(reader.fieldnames or ()), done.stderr)
