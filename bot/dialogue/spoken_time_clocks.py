"""Clock times as they are said: 8点半, 差一刻九点, 8:30, half past eight, 8pm. Not yet a time of any day."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from bot.dialogue.numerals import ENGLISH, NUMERAL, integer
from bot.dialogue.spoken_time_days import Day


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock time as said: `hour` 0..24 as spoken, `part` of the day ("" when none was named)."""

    start: int
    hour: int
    minute: int = 0
    part: str = ""  # dawn, morning, noon, afternoon, dusk, evening, night
    day: Day | None = None
    digital: bool = False  # written 8:30 rather than 8点半
    padded: bool = False  # written 08:30, which is never the evening unless a part of the day says so


_NOT_A_MINUTE = r"(?!\s*(?:毫克|mg|粒|片|颗|度|个|天|岁|次|[0-9]))"
_NOT_AN_HOUR = (
    r"(?!\s*(?:mg|milligram|pill|capsule|tablet|dose|minute|min|hour|hr|day|week|粒|片|颗|点|个|毫克))"
)
_CLOCK = re.compile(
    rf"""
      (?<![0-9.:零〇一二两三四五六七八九十百])
      (?:差(?P<to>一刻|{NUMERAL})(?:分钟|分|钟)?(?:不?到)?)?
      (?P<hour>{NUMERAL})(?P<point>点钟|点整|点|时(?![间候辰常]))
      (?: (?P<half>半)
        | (?P<quarter>[一三13])刻
        | 差(?P<less>一刻|{NUMERAL})(?:分钟|分)?
        | (?:过|零|〇)(?P<past>{NUMERAL})(?:分钟|分)?{_NOT_A_MINUTE}
        | (?P<minute>[0-9]{{2}}|[二三四五]?十[一二三四五六七八九]?|[二三四五][一二三四五六七八九]
            |{NUMERAL}(?=分))(?:分钟|分)?{_NOT_A_MINUTE}
      )?
    | (?<![0-9.:])(?P<h>[0-9]{{1,2}})[:.。](?P<m>[0-5][0-9])(?::[0-5][0-9])?(?![0-9.:])
      \ ?(?P<ampm>[ap]\.?m\b\.?)?(?!\ ?(?:mg|毫克|度|°))
    | \b(?:(?P<span>half|(?:a\ )?quarter|[0-9]{{1,2}}|ten|twenty-five|twenty|five)(?:\ minutes?)?
          \ (?P<side>past|to)\ )?
      (?P<lead>(?:at|around|about)\ )?(?P<eh>[0-9]{{1,2}}|{"|".join(ENGLISH)})
      (?: \ ?(?P<eampm>[ap]\.?m\b\.?)
        | \ ?(?P<oclock>o'?clock)
        | (?P<qualified>(?=\ (?:in\ the\ |at\ night|¦)))
      )?
      (?![0-9:.])\b{_NOT_AN_HOUR}
    """,
    re.VERBOSE,
)
_WHOLE = re.compile(r" ?(?P<h>[0-9]{1,2}?)(?P<m>[0-5][0-9])? ?")
_VAGUE_BEFORE = re.compile(
    r"(?:不是|不到|没到|未到|before|after|not at) ?"
    r"(?:早上|上午|中午|下午|晚上|昨天|昨晚|今天|今早)?$"
)
_VAGUE_AFTER = re.compile(r"(?:钟|多)?(?:之|以)?(?:前(?!后)|后)(?!来|面)")
_ONE_OCLOCK = re.compile(
    r"(?:[上中下]午|凌晨|早上|晚上|半夜|夜里|午后|[昨今]晚|昨夜|今天|昨天|大概|大约|在|是|约|[|¦])$"
)
_SPANS = ENGLISH | {"quarter": 15, "half": 30, "twenty": 20, "twenty-five": 25}


def clocks_in(said: str, most: int) -> list[Clock]:
    """The clock times of a text in which days are blanked out (| and, named with their part, ¦)."""
    if whole := _WHOLE.fullmatch(said):
        alone = _digital(0, whole["h"], whole["m"])
        return [alone] if alone else []
    found: list[Clock] = []
    for match in _CLOCK.finditer(said):
        clock = _clock(match, said)
        if clock:
            found.append(clock)
        if len(found) == most:
            break
    return found


def _clock(found: re.Match[str], said: str) -> Clock | None:
    before, after = said[max(0, found.start() - 8) : found.start()], said[found.end() : found.end() + 4]
    if _VAGUE_BEFORE.search(before) or _VAGUE_AFTER.match(after):
        return None
    if found["point"]:
        return None if _is_a_bit(found, before, after) else _chinese(found)
    if found["h"]:
        digital = _digital(found.start(), found["h"], found["m"])
        return _am_pm(digital, found["ampm"]) if digital else None
    return _english(found)


def _digital(start: int, hour: str, minute: str | None) -> Clock | None:
    """8:30, 0830 and a lone 8."""
    padded = hour.startswith("0")
    return _valid(Clock(start, int(hour), int(minute or 0), digital=bool(minute), padded=padded))


def _is_a_bit(found: re.Match[str], before: str, after: str) -> bool:
    """一点 is one o'clock only where it cannot be "a bit" (晚一点, 好一点, 有一点)."""
    exact = ("half", "quarter", "minute", "past", "to", "less")
    if integer(found["hour"]) != 1 or found["point"] != "点" or any(found[name] for name in exact):
        return False
    if found["hour"] == "1":
        return before.endswith(("早", "晚", "快", "好"))
    said = _ONE_OCLOCK.search(before) or re.match(r"左右|多|前后", after)
    return not said and bool(before or after)


def _chinese(found: re.Match[str]) -> Clock | None:
    minute: int | None = 0
    if found["half"]:
        minute = 30
    elif found["quarter"]:
        minute = 15 * (integer(found["quarter"]) or 1)
    elif word := found["past"] or found["minute"]:
        minute = integer(word) if integer(word) is not None else _read_out(word)
    hour = integer(found["hour"])
    if hour is None or minute is None:
        return None
    if short := found["to"] or found["less"]:
        return _earlier(Clock(found.start(), hour), 15 if short == "一刻" else integer(short))
    return _valid(Clock(found.start(), hour, minute))


def _read_out(word: str) -> int | None:
    """四五 read out digit by digit is 45."""
    both = [integer(character) for character in word]
    return both[0] * 10 + both[1] if len(both) == 2 and both[0] and both[1] else None


def _english(found: re.Match[str]) -> Clock | None:
    marks = (found["span"], found["lead"], found["eampm"], found["oclock"])
    if not any(marks) and found["qualified"] is None:
        return None
    hour = found["eh"]
    clock: Clock | None = Clock(found.start(), int(hour) if hour.isdigit() else ENGLISH[hour])
    if clock and found["span"]:
        word = found["span"].removeprefix("a ")
        minutes = int(word) if word.isdigit() else _SPANS[word]
        clock = replace(clock, minute=minutes) if found["side"] == "past" else _earlier(clock, minutes)
    return _valid(_am_pm(clock, found["eampm"])) if clock else None


def _am_pm(clock: Clock, mark: str | None) -> Clock:
    """12am is a midnight and 12pm noon; both are known to be confused, the night is asked about."""
    if not mark:
        return clock
    if clock.hour == 12:
        return replace(clock, part="night" if mark[0] == "a" else "noon")
    return replace(clock, part="morning" if mark[0] == "a" else "evening" if clock.hour >= 5 else "afternoon")


def _earlier(clock: Clock, minutes: int | None) -> Clock | None:
    """差一刻九点: a quarter to nine. One o'clock less ten is 12:50."""
    if minutes is None or not 0 < minutes < 60:
        return None
    return _valid(replace(clock, hour=clock.hour - 1 if clock.hour > 1 else 12, minute=60 - minutes))


def _valid(clock: Clock) -> Clock | None:
    return clock if (clock.hour, clock.minute) <= (24, 0) and clock.minute < 60 else None
