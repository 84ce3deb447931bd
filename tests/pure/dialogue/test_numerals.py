"""Numbers and characters as people write them."""

from __future__ import annotations

import pytest

from bot.dialogue.numerals import close_up, integer, pairs, plain


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("8", 8),
        ("08", 8),
        ("八", 8),
        ("两", 2),
        ("〇", 0),
        ("零五", 5),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("四十五", 45),
        ("一百二十", 120),
        ("一百零五", 105),
        ("七八", None),  # seven or eight: a range, not a number
        ("十十", None),
        ("点", None),
        ("", None),
        ("1234", None),
    ],
)
def test_integer(word: str, number: int | None) -> None:
    assert integer(word) == number


@pytest.mark.parametrize(
    ("written", "shape"),
    [
        ("８：３０", "8:30"),
        ("８點半", "8点半"),
        ("8PM", "8pm"),
        ("8\u200b点", "8点"),  # zero width
        ("\u202e8点", "8点"),  # right-to-left mark
        ("8 \u3000\u00a0 点", "8 点"),
    ],
)
def test_plain(written: str, shape: str) -> None:
    assert plain(written, pairs("點点")) == shape


def test_blanks_beside_chinese_go_and_others_stay() -> None:
    assert close_up("8 点 半 at noon") == "8点半at noon"


@pytest.mark.parametrize("table", ["點", "点点"])
def test_a_table_with_a_fault_is_refused(table: str) -> None:
    with pytest.raises(ValueError, match=r"itself|partner"):
        pairs(table)
