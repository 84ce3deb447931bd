"""Numbers that count in danger rules: body temperatures, counts, and which of them were taken in the armpit.

Reads numbers only; which number is dangerous stands in the rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.dialogue.numerals import close_up, integer, pairs, plain


@dataclass(frozen=True, slots=True)
class Reading:
    """A number at a place in the text. Of a range (七八回, 6-7次) the lower one."""

    start: int
    end: int
    value: float


KINDS = ("number", "degrees", "armpit")

_SIMPLE = r"(?:[0-9]{1,3}(?:\.[0-9])?|[零〇一二两三四五六七八九十百]{1,5})"
_NUMBER = re.compile(
    rf"(?<![0-9.])(?:(?P<several>好几)|(?P<low>{_SIMPLE})(?P<more>来|几|多)?"
    rf"(?:[-~、到至](?={_SIMPLE})(?P<high>{_SIMPLE}))?)(?![0-9])"
)
_SEVERAL = 4.0
_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}

_DEGREES = re.compile(
    r"""
    (?<![0-9.零一二三四五六七八九十])
    (?:(?P<whole>3[4-9]|4[0-3])|(?P<chinese>三十[四五六七八九]|四十[一二三]?(?![四五六七八九])))
    (?:(?:\.|。|点|度|°c?)(?P<tenth>[0-9]{1,2}(?![0-9])|[一二三四五六七八九半](?!个)))?
    (?P<unit>度|°c?|c\b|\ ?celsius)?
    (?![0-9])(?!\ ?(?:岁|多|几|来|好几|斤|公斤|kg|cm|次|天|块|元|分|号|%|个|粒|片|颗|mg|毫克|/|码|路|楼|级|小时))
    | (?<![0-9.])(?P<fahrenheit>(?:9[5-9]|10[0-9])(?:\.[0-9])?)\ ?(?:°?f\b|degrees|华氏)
    """,
    re.VERBOSE,
)
_FEVER_TALK = re.compile(
    r"烧|骚|体温|[耳口额腋肛]温|发热|温度|量|测|哆嗦|寒战|发冷|怕冷|腋|夹肢窝|胳肢窝|temp|fever|burning"
)
_FEVER_TALK_JUST_BEFORE = re.compile(r"(?:烧|骚|温|热|量|度|temp|fever|temperature)[^0-9。!?;\n]{0,6}$")
_TIME_OF_DAY_JUST_BEFORE = re.compile(
    r"(?:[今昨][早晚]|早上|上午|中午|下午|傍晚|晚上|夜里|半夜|凌晨|刚才|这会儿?)(?:是|有|又)?$"
)
_WEATHER_OR_WATER = re.compile(
    r"(?:外面|外头|外边|户外|室外|室内|屋里|屋外|天气|天太?热|热死|气温|室温|空调|水温|热水|开水|洗澡水|脚水|泡脚|(?<!喝)酒)[^。!?;\n]{0,6}$"
)
_FEVER_SINCE_THE_COMMA = re.compile(
    r",[^,]{0,4}(?:体温|发烧|高烧|低烧|发热|烧到|烧起|又烧|烧了|烧得)[^,]{0,4}$"
)
"""天气热，体温38度5 is no weather."""
_WEATHER_AFTER = re.compile(r"[^。!?;\n]{0,3}(?:高温|天气|太阳|开空调|晒|预警)")
_ARMPIT = re.compile(r"腋|胳肢窝|夹肢窝|胳支窝|咯吱窝|胳膊窝|夹窝|armpit|axill")


def readings(text: str) -> dict[str, list[Reading]]:
    """All readings of a text in plain form, by kind, in order."""
    degrees = [reading for found in _DEGREES.finditer(text) if (reading := _degrees(found, text))]
    numbers = [reading for found in _NUMBER.finditer(text) if (reading := _number(found))]
    return {"number": numbers, "degrees": degrees, "armpit": degrees if _ARMPIT.search(text) else []}


_TRADITIONAL = pairs("點点溫温體体燒烧兩两發发熱热")


def body_temperature(text: str) -> float | None:
    """Degrees Celsius of an answer to "how high was it?", the highest of several, to a tenth; None for none."""
    asked = close_up(plain(f"体温 {text}", _TRADITIONAL))
    found = [reading.value for reading in readings(asked)["degrees"]]
    return round(max(found), 1) if found else None


def _number(found: re.Match[str]) -> Reading | None:
    if found["several"]:
        return Reading(found.start(), found.end(), _SEVERAL)
    value = _value(found["low"])
    if value is None:
        return None
    return Reading(found.start(), found.end(), value + (1 if found["more"] == "几" else 0))


def _value(word: str) -> float | None:
    if word[0].isascii():
        return float(word)
    whole = integer(word)
    if whole is None and len(word) == 2 and word[0] in _DIGITS:  # 七八: seven or eight
        return float(_DIGITS[word[0]])
    if whole is None and len(word) == 3 and word[0] == "十":  # 十七八
        whole = integer(word[:2])
    if whole is None and len(word) == 3 and word[2] == "十" and word[0] in _DIGITS:  # 一二十
        return _DIGITS[word[0]] * 10.0
    return None if whole is None else float(whole)


def _degrees(found: re.Match[str], text: str) -> Reading | None:
    if found["fahrenheit"]:
        return Reading(found.start(), found.end(), (float(found["fahrenheit"]) - 32) / 1.8)
    before = text[max(0, found.start() - 12) : found.start()]
    outside = None if _FEVER_SINCE_THE_COMMA.search(before) else _WEATHER_OR_WATER.search(before)
    weather = outside or _WEATHER_AFTER.match(text[found.end() : found.end() + 12])
    if weather or not _is_body(found, before, text):
        return None
    whole = int(found["whole"]) if found["whole"] else integer(found["chinese"]) or 0
    return Reading(found.start(), found.end(), whole + _tenths(found["tenth"]))


def _is_body(found: re.Match[str], before: str, text: str) -> bool:
    """A number is a body temperature by its unit, by the talk around it, or when it is all that was said."""
    if found["unit"] or found[0].strip() == text.strip() or "度" in found[0]:
        return True
    if found["tenth"]:
        return bool(_FEVER_TALK.search(text) or _TIME_OF_DAY_JUST_BEFORE.search(before))
    return bool(_FEVER_TALK_JUST_BEFORE.search(before))


def _tenths(word: str | None) -> float:
    if not word:
        return 0.0
    if word == "半":
        return 0.5
    return int(word) / 10 ** len(word) if word.isdigit() and word.isascii() else _DIGITS[word] / 10
