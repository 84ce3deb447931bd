"""Written forms made plain: full-width and traditional characters, hidden marks, Chinese numerals.

For matching only: what a person wrote is stored as it was written, never in this form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

NUMERAL = r"(?:[0-9]{1,3}|[零〇一二两三四五六七八九十百]{1,5})"
"""A regular expression for one small number as `integer` reads it."""

ENGLISH = {
    word: value
    for value, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100}
_CJK = r"\u3400-\u4dbf\u4e00-\u9fff"
_BLANKS = re.compile(r"[^\S\n]+")
_SPACE_BESIDE_CHINESE = re.compile(rf"(?<=[{_CJK}]) | (?=[{_CJK}])")


def pairs(text: str) -> dict[int, str]:
    """A table for `plain` from a string of character pairs: "點点兩两" maps 點 to 点 and 兩 to 两.

    Raises ValueError when a character stands alone or maps to itself.
    """
    packed = "".join(text.split())
    if len(packed) % 2:
        raise ValueError(f"a character without a partner at the end of {packed[-3:]!r}")
    table = {ord(a): b for a, b in zip(packed[::2], packed[1::2], strict=True)}
    same = [b for a, b in table.items() if chr(a) == b]
    if same:
        raise ValueError(f"{same[0]!r} stands for itself")
    return table


def plain(text: str, simplify: Mapping[int, str]) -> str:
    """NFKC, lower case, simplified by the given table, runs of blanks as one, without invisible marks."""
    shown = unicodedata.normalize("NFKC", text)
    hidden = {ord(c): None for c in set(shown) if unicodedata.category(c) == "Cf"}
    return _BLANKS.sub(" ", shown.translate(hidden).lower().translate(simplify))


def close_up(text: str) -> str:
    """Without the blanks beside Chinese characters: "8 点 半" is "8点半"."""
    return _SPACE_BESIDE_CHINESE.sub("", text)


def integer(word: str) -> int | None:
    """The whole number 0..999 that "8", "十二", "两" or "零五" stands for; None for anything else."""
    if word.isascii() and word.isdigit():
        return int(word) if len(word) <= 3 else None
    total, digit, unit_before = 0, -1, 1000
    for character in word:
        if character in _DIGITS and digit in (-1, 0):
            digit = _DIGITS[character]
        elif character in _UNITS and _UNITS[character] < unit_before:
            unit_before = _UNITS[character]
            total, digit = total + (1 if digit == -1 else digit) * unit_before, -1
        else:
            return None
    if word[-2:-1] == "百" and digit > 0:  # 一百三 is 130; 103 is 一百零三
        digit *= 10
    return total + max(digit, 0) if word else None
