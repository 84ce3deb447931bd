"""Dates and times as forms send them and as people type them into an old browser. None for what is none of them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from schedules.localtime import instant

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def day(text: str) -> date | None:
    """2026-11-04."""
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def clock(text: str) -> time | None:
    """08:00."""
    text = text[:5] if len(text) == 8 else text  # some browsers add the seconds
    return time.fromisoformat(text) if _CLOCK.fullmatch(text) else None


def moment(text: str, zone: str) -> datetime | None:
    """2026-11-04T08:00, also with a blank, by the wall clock of that zone; as an instant."""
    on, at = day(text[:10]), clock(text[11:])
    if on is None or at is None or text[10:11] not in ("T", " ") or not 1900 < on.year < 2200:
        return None
    return instant(on, at, zone).astimezone(UTC)
