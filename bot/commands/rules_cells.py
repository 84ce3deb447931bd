"""What a cell of a table means: exact numbers, counts, instants and days, or a ValueError that names the cell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

MISSING = frozenset({"", "na", "nan", "null"})  # as spreadsheets, R and pandas write an empty cell


def is_missing(cells: Mapping[str, str], name: str) -> bool:
    return cells.get(name, "").strip().lower() in MISSING


def number(cells: Mapping[str, str], name: str) -> Decimal:
    """An exact number; a comma, a sign such as `<` and a unit inside the cell are refused, not guessed at."""
    text = given(cells, name)
    if not re.fullmatch(r"[+-]?[0-9]{1,15}(\.[0-9]{0,15})?([eE][+-]?[0-9]{1,2})?", text):
        raise ValueError(f"{name} {shown(text)} is not a number")
    return Decimal(text)


def optional_number(cells: Mapping[str, str], name: str) -> Decimal | None:
    return None if is_missing(cells, name) else number(cells, name)


def count(cells: Mapping[str, str], name: str) -> int:
    """A whole number from 0; `2.0` is 2, as statistical programs write it."""
    text = given(cells, name)
    found = re.fullmatch(r"\+?([0-9]{1,6})(\.0*)?", text)
    if found is None:
        raise ValueError(f"{name} {shown(text)} is not a whole number from 0")
    return int(found[1])


def instant(cells: Mapping[str, str], name: str) -> datetime:
    """An instant in UTC. Another offset is converted; a time without any is refused: nobody knows which it is."""
    text = given(cells, name)
    try:
        found = datetime.fromisoformat(text.upper())  # RFC 3339 allows t and z
        if re.fullmatch(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}", text):
            raise ValueError("a date")
    except ValueError:
        raise ValueError(f"{name} {shown(text)} is not an instant such as 2026-11-02T00:00:00Z") from None
    if found.tzinfo is None:
        raise ValueError(f"{name} {shown(text)} has no offset: write Z for UTC")
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} {shown(text)} is out of range") from None


def optional_instant(cells: Mapping[str, str], name: str) -> datetime | None:
    return None if is_missing(cells, name) else instant(cells, name)


def day(cells: Mapping[str, str], name: str) -> date:
    text = given(cells, name)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{name} {shown(text)} is not a date such as 2026-11-02")


def word(cells: Mapping[str, str], name: str) -> str:
    """Without spaces around it, in small letters."""
    return given(cells, name).lower()


def shown(text: str) -> str:
    """A cell as an error shows it: short, and without signs that a terminal obeys."""
    return '"' + "".join(sign if sign.isprintable() else "?" for sign in text[:40]) + '"'


def given(cells: Mapping[str, str], name: str) -> str:
    """The cell without spaces around it; ValueError where it is empty or holds what no database keeps."""
    text = cells.get(name, "").strip()
    if text.lower() in MISSING:
        raise ValueError(f"{name} is empty")
    if "\x00" in text:
        raise ValueError(f"{name} {shown(text)} holds a zero byte")
    return text
