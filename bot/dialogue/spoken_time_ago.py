"""Words for a length of time that has passed: 半小时前, 两个小时前, half an hour ago."""

from __future__ import annotations

import re
from datetime import timedelta

from bot.dialogue.numerals import ENGLISH, NUMERAL, integer

_AGO = re.compile(
    rf"""
      (?<![0-9.])(?P<hours>{NUMERAL}|半)个?(?P<and_half>半)?(?:小时|钟头)(?P<half_after>半)?
          (?:零?(?P<extra>{NUMERAL})(?:分钟|分))?多?(?:之|以)?前(?!后)
    | (?<![0-9.])(?P<minutes>{NUMERAL})(?:分钟|分)多?(?:之|以)?前(?!后)
    | (?P<quarters>[一两三1-3])?刻钟多?(?:之|以)?前(?!后)
    | \b(?P<half_hour>half\ an?\ hour)\ ago
    | \b(?P<count>[0-9]{{1,3}}|an?|{"|".join(ENGLISH)}|twenty)\ (?P<unit>hours?|hrs?|minutes?|mins?)
          (?P<and_a_half>\ and\ a\ half)?\ ago
    """,
    re.VERBOSE,
)
_MEAL = re.compile(r"(?:饭|餐|食|meal|food|breakfast|lunch|dinner|supper)$")
_COUNTS = ENGLISH | {"a": 1, "an": 1, "twenty": 20}


def take_agos(said: str) -> tuple[str, list[timedelta]]:
    """The lengths, and the text with them blanked out. 早饭半小时前 counts from a meal and is left out."""
    agos = [
        length
        for found in _AGO.finditer(said)
        if (length := _length(found)) is not None
        and not _MEAL.search(said[max(0, found.start() - 10) : found.start()])
    ]
    return _AGO.sub(lambda found: "|" * len(found[0]), said), agos


def _length(found: re.Match[str]) -> timedelta | None:
    if found["half_hour"]:
        return timedelta(minutes=30)
    if word := found["count"]:
        count = int(word) if word.isdigit() else _COUNTS[word]
        minutes = count * 60 if found["unit"].startswith("h") else count
        return timedelta(minutes=minutes + (30 if found["and_a_half"] else 0))
    if found["hours"]:
        return _hours(found)
    if found["minutes"]:
        whole = integer(found["minutes"])
        return None if whole is None else timedelta(minutes=whole)
    return timedelta(minutes=15 * (integer(found["quarters"] or "一") or 1))


def _hours(found: re.Match[str]) -> timedelta | None:
    hours = 0 if found["hours"] == "半" else integer(found["hours"])
    half = found["hours"] == "半" or found["and_half"] or found["half_after"]
    extra = integer(found["extra"]) if found["extra"] else 0
    if hours is None or extra is None:
        return None
    return timedelta(hours=hours, minutes=extra + (30 if half else 0))
