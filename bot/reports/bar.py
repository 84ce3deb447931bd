"""All planned doses as one bar. Each part also carries its count and its name: on paper colours may be lost."""

from __future__ import annotations

from dataclasses import dataclass

from bot.reports.printed import Reader
from schedules.adherence import Tally

WIDTH = 1000
PARTS = ("in_window", "late", "missed", "unanswered", "not_asked", "open", "held")


@dataclass(frozen=True, slots=True)
class Part:
    """`x` and `width` of 1000; `kind` is its class in the style sheet."""

    kind: str
    label: str
    count: int
    x: int
    width: int


def bar_of(tally: Tally, reader: Reader) -> list[Part]:
    """Parts that are empty are left out; the edges are rounded from running sums, so that they add up to the whole."""
    found, before = [], 0
    for kind in PARTS:
        count = getattr(tally, kind)
        if count:
            x, end = (WIDTH * edge // tally.planned for edge in (before, before + count))
            found.append(Part(kind, reader.text(f"report.column.{kind}"), count, x, end - x))
        before += count
    return found
