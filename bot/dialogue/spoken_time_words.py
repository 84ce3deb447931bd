"""Gathers what a message says about time: clock times with their day and part of the day, or "so long ago".

Decides nothing: which instant is meant depends on now and on the previous dose (see spoken_time).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import date, timedelta

from bot.dialogue.numerals import NUMERAL, close_up, pairs, plain
from bot.dialogue.spoken_time_ago import take_agos
from bot.dialogue.spoken_time_clocks import Clock, clocks_in
from bot.dialogue.spoken_time_days import Day, take_days

MOST_CLOCKS = 12
"""More clock times than this in one message are no answer to "when?"; the rest is not read."""
LONGEST_TEXT = 4096
"""Characters that are read; an answer to "when?" is far shorter."""

_SIMPLIFY = pairs("點点時时鐘钟鍾钟兩两剛刚現现後后個个號号週周禮礼間间飯饭裡里裏里兒儿沒没還还約约")


@dataclass(frozen=True, slots=True)
class TimeWords:
    """Everything in a message that speaks of time. `bare_day`: a day or part was named without an hour."""

    clocks: tuple[Clock, ...]
    ago: tuple[timedelta, ...]
    just_now: bool
    bare_day: bool


_CLAUSE = re.compile(r"[^,。;!?\n]*[,。;!?\n]?")
_NOT_TAKEN = re.compile(
    r"没吃|没有吃|不吃|不想吃|没服|没有服|还没|未服|忘了|忘记|忘吃"
    r"|didn't|did not|haven't|have not|not yet|forgot|missed"
)
_JUST_NOW = re.compile(
    r"刚(?!好)|才吃|现在|这会儿|立刻|几分钟(?:之|以)?前|没多久"
    r"|\bjust\b|\bnow\b|a few minutes ago|a moment ago"
)
_ASKING = re.compile(r"几点|什么时候|什么时间|多久|when|what time")
_PARTS = {
    "dawn": r"凌晨",
    "morning": r"清晨|清早|早晨|早上|早间|一早|大早|上午|午前|早饭|早餐|\bmorning",
    "noon": r"中午|正午|晌午|午饭|午餐|中饭|\bnoon|\bmidday",
    "afternoon": r"下午|午后|\bafternoon",
    "dusk": r"傍晚|黄昏",
    "night": r"半夜|夜里|深夜|夜间|midnight",
    "evening": r"晚上|晚间|夜晚|晚饭|晚餐|睡前|\bevening|\bnight",
    "early": rf"早(?=(?![一1]点){NUMERAL}[点:])",
    "late": rf"晚(?=(?![一1]点){NUMERAL}[点:])",
}
_PART = re.compile("|".join(f"(?P<{name}>{words})" for name, words in _PARTS.items()))
_SHORT = {"early": "morning", "late": "evening"}
_NOON_ITSELF = re.compile(r"中午|正午|晌午|noon|midday")
_MIDNIGHT_ITSELF = re.compile(r"\bmidnight\b")


def read_times(text: str, today: date) -> TimeWords:
    """The time words of a message of any length. Clauses that say "not taken" are passed over."""
    said = close_up(plain(text[:LONGEST_TEXT], _SIMPLIFY)[:LONGEST_TEXT])
    said = "".join(c[0] for c in _CLAUSE.finditer(said) if not _NOT_TAKEN.search(c[0]))
    rest, agos = take_agos(said)
    rest, days = take_days(rest, today)
    parts = [(found.start(), _part_name(found)) for found in _PART.finditer(rest)]
    clocks = clocks_in(rest, MOST_CLOCKS + 1)
    clocks = _with_days(clocks, days, parts) if clocks else _noon_or_midnight(rest, days)
    just_now = bool(_JUST_NOW.search(said)) and not _ASKING.search(said)
    return TimeWords(tuple(clocks), tuple(agos[:MOST_CLOCKS]), just_now, bare_day=bool(days or parts))


def _part_name(found: re.Match[str]) -> str:
    name = found.lastgroup or ""
    return _SHORT.get(name, name)


def _with_days(clocks: list[Clock], days: list[Day], parts: list[tuple[int, str]]) -> list[Clock]:
    """Each clock with the day and part said before it; the last one also with what follows it."""
    starts = [day.start for day in days]
    marks = sorted(parts + [(day.start, day.part) for day in days if day.part])
    at = [start for start, _ in marks]
    dressed, earliest = [], -1
    for clock in clocks:
        last = clock is clocks[-1]
        before = bisect_left(starts, clock.start)
        day = days[before - 1] if before else days[0] if days and last else None
        mark = bisect_left(at, clock.start)
        since = max(earliest, days[before - 1].start if before else -1)
        part = marks[mark - 1][1] if mark and at[mark - 1] >= since else ""
        if not part and last and mark < len(marks):
            part = marks[mark][1]
        dressed.append(replace(clock, day=day, part=clock.part or part))
        earliest = clock.start
    return dressed


def _noon_or_midnight(rest: str, days: list[Day]) -> list[Clock]:
    """中午 by itself is 12:00; it is said back to the person before it counts. 今早 by itself has no hour."""
    for word, part in ((_MIDNIGHT_ITSELF, "night"), (_NOON_ITSELF, "noon")):
        if found := word.search(rest):
            return [Clock(found.start(), 12, 0, part, days[0] if days else None)]
    return []
