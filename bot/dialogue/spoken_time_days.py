"""Words for a day (昨天, 前晚, 周三, 3号, two days ago) and the calendar dates that they may mean.

Knows only today's date; whether a date can be meant at all is decided in spoken_time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.dialogue.numerals import NUMERAL, integer

_LONGEST_LOOK_BACK_DAYS = 62


@dataclass(frozen=True, slots=True)
class Day:
    """A day that was named. `part` is set where one word names both (昨晚).

    `relative`: counted from the speaker's today, which before 03:00 may still be the day before.
    """

    start: int
    dates: tuple[date, ...]
    part: str = ""
    relative: bool = True
    yesterday: bool = False


_DAY = re.compile(
    rf"""
      (?P<eve>last\ night|昨[晚夜]|今[晚夜]|前[晚夜]|明晚|tonight|this\ evening)
    | (?P<morn>[今昨明][早晨]|this\ morning)
    | (?P<three>大前[天日])
    | (?P<two>(?<![以之])前[天日儿](?![天气])|the\ day\ before\ yesterday|day\ before\ yesterday)
    | (?P<one>昨[天日儿]|昨(?=[0-9零一二两三四五六七八九十])|yesterday)
    | (?P<zero>今[天日儿]|\btoday\b)
    | (?P<later>明[天日儿]|后天|tomorrow)
    | (?P<ago>{NUMERAL})(?:天|\ days?\ )(?:之|以)?(?:前(?!后)|ago)
    | (?P<week>[上下])?个?(?<![一二两三四五六七八九十几每0-9])
          (?:周|星期|礼拜)(?P<weekday>[一二三四五六日天1-6])
    | \b(?P<english>monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b
    | (?P<iso>20[0-9]{{2}}-[0-9]{{1,2}}-[0-9]{{1,2}})(?![0-9])
    | (?:(?P<year>20[0-9]{{2}})年)?(?P<month>{NUMERAL})月(?P<of_month>{NUMERAL})[日号]?
    | (?P<number>{NUMERAL})号
    """,
    re.VERBOSE,
)

_FIXED = {"three": -3, "two": -2, "one": -1, "zero": 0, "later": 1}
_BEFORE = {"前": -2, "昨": -1, "今": 0, "明": 1, "l": -1, "t": 0}
_ENGLISH = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def take_days(said: str, today: date) -> tuple[str, list[Day]]:
    """The days, and the text with them blanked out: by | or, where the part was named too, by ¦."""
    days = [day for found in _DAY.finditer(said) if (day := _day(found, today))]
    return _DAY.sub(_blank, said), days


def _blank(found: re.Match[str]) -> str:
    return ("¦" if found["eve"] or found["morn"] else "|") * len(found[0])


def _day(found: re.Match[str], today: date) -> Day | None:
    """What a match means; None when there is no such day (2月30日)."""
    start = found.start()
    for name, days in _FIXED.items():
        if found[name]:
            return Day(start, (today + timedelta(days),), yesterday=days == -1)
    if word := found["eve"] or found["morn"]:
        days, part = _BEFORE[word[0]], "evening" if found["eve"] else "morning"
        return Day(start, (today + timedelta(days),), part, yesterday=days == -1)
    if found["ago"]:
        ago = integer(found["ago"])
        return None if ago is None else Day(start, (today - timedelta(ago),), yesterday=ago == 1)
    if found["weekday"] or found["english"]:
        return Day(start, _weekdays(found, today), relative=False)
    dates = _calendar_dates(found, today)
    return Day(start, dates, relative=False) if dates else None


def _weekdays(found: re.Match[str], today: date) -> tuple[date, ...]:
    """周三 is the latest Wednesday or the one before; 上周三 the one of last week (Monday first)."""
    index = _ENGLISH.index(found["english"]) if found["english"] else _weekday_index(found["weekday"])
    if found["week"]:
        monday = today - timedelta(today.weekday())
        return (monday + timedelta(index + (-7 if found["week"] == "上" else 7)),)
    latest = today - timedelta((today.weekday() - index) % 7)
    return latest, latest - timedelta(7)


def _weekday_index(word: str) -> int:
    return 6 if word in "日天" else (integer(word) or 1) - 1


def _calendar_dates(found: re.Match[str], today: date) -> tuple[date, ...]:
    if found["iso"]:
        year, month, day = (int(part) for part in found["iso"].split("-"))
        return _dates(year, month, day)
    if found["number"]:
        return _latest_with(integer(found["number"]), today)
    month, day = integer(found["month"]) or 0, integer(found["of_month"]) or 0
    if found["year"]:
        return _dates(int(found["year"]), month, day)
    this_year = _dates(today.year, month, day)
    return this_year if this_year and this_year[0] <= today else _dates(today.year - 1, month, day)


def _dates(year: int, month: int, day: int) -> tuple[date, ...]:
    try:
        return (date(year, month, day),)
    except ValueError:
        return ()


def _latest_with(number: int | None, today: date) -> tuple[date, ...]:
    back = (today - timedelta(days) for days in range(_LONGEST_LOOK_BACK_DAYS))
    return tuple(day for day in back if day.day == number)[:1]
