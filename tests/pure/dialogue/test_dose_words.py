"""Which words are about a dose of the study while something else is asked: a table that a nurse can read."""

from __future__ import annotations

from typing import Literal, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.dose_words import DoseWords, dose_words
from tests.pure.dialogue.talk import LEXICON

# Words -> dose (surely), bare (perhaps: asked back), among (a medicine and other things), or - (another answer).
TABLE = """
刚吃了药                        dose
我刚吃了药                      dose
药吃了                          dose
刚吃药了                        dose
今天的药早上八点吃了            dose
伊沙佐米刚吃了                  dose named
来那度胺吃了一粒                dose named
两种药都吃了                    dose
按时吃了                        dose
没吃药                          dose denied
忘了吃药                        dose denied
吃完药吐了                      dose denied
又吃了一粒                      dose more
今天多吃了一粒                  dose more
又把药吃了一遍                  dose more
took my medicine                dose
吃了                            bare
刚吃了                          bare
吃过了                          bare
昨天吃了                        bare
没吃                            bare denied
医生让停了                      bare denied
中午散步以后又把药吃了一遍      among more
早上按时把药吃了然后散步        among
吃了一粒芬必得                  among
灵芝孢子粉                      -
吃了三七粉                      -
吃了布洛芬                      -
朋友给的中药吃了三天            -
没有吃别的药                    -
吃了饭                          -
饭后吃的                        -
有                              -
没有                            -
好了                            -
忘了                            -
今天的药吃了以后能喝酒吗        -
最近胃口好                      -
"""


def cases() -> list[tuple[str, DoseWords | None]]:
    found: list[tuple[str, DoseWords | None]] = []
    for line in TABLE.strip().splitlines():
        words, _, told = line.partition("  ")
        kind, *marks = told.split()
        given = dict.fromkeys(marks, True)
        expected = None if kind == "-" else DoseWords(cast("Literal['dose', 'bare', 'among']", kind), **given)
        found.append((words, expected))
    return found


@pytest.mark.parametrize(("words", "expected"), cases())
def test_what_is_about_a_dose(words: str, expected: DoseWords | None) -> None:
    assert dose_words(words, LEXICON) == expected


@given(st.text(max_size=600))
def test_no_words_raise(words: str) -> None:
    dose_words(words, LEXICON)
