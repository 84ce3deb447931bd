"""Which words tell of another amount than is planned: a table that a nurse can read. 25 mg and 4 mg are planned."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.amounts import MOST, told_amount
from tests.pure.dialogue.talk import LEXICON

PLANNED = (Decimal("25"), Decimal("4"))

# Words -> usual (one of each), other and the number of capsules it may be recorded as, or - (no amount is told).
TABLE = """
吃了一粒                        usual
早上八点吃了1粒                 usual
吃了二十五毫克                  usual
吃了25mg                        usual
来那度胺和伊沙佐米各一粒        usual
一粒来那度胺一粒伊沙佐米都吃了  usual
昨天晚上没吃，今天早上吃了一粒  usual
took one capsule                usual
吃了两粒                        other 2
吃了2粒                         other 2
吃了２粒                        other 2
吃了兩顆                        other 2
吃了四粒                        other 4
吃了三颗                        other 3
吃了两片                        other 2
吃了两个                        other 2
吃了两个胶囊                    other 2
两粒                            other 2
不小心吃了两粒                  other 2
早上8点吃了两粒                 other 2
来那度胺吃了两粒                other 2
吃了十二粒                      other 9
吃了好几粒                      other 2
早上一粒晚上一粒                other 2
早上和晚上各吃了一粒            other 2
又吃了一次                      other 2
吃双份了                        other 2
吃了半粒                        other 2
只吃了一半                      other 2
吃了50毫克                      other 1
吃了2.3毫克                     other 1
I took two                      other 2
took 3 pills                    other 3
took two capsules               other 2
took half a capsule             other 2
吃了                            -
吃了两种                        -
都吃了                          -
两个钟头前吃的                  -
早上8点吃了                     -
吃了，还剩两粒                  -
吃了两粒止痛药                  -
吃了两碗饭                      -
took it at 2                    -
took 2 hours ago                -
"""
CASES = [line.split("  ", 1) for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("words", "told"), CASES, ids=[words for words, _ in CASES])
def test_another_amount_is_found(words: str, told: str) -> None:
    amount = told_amount(words, LEXICON)
    if amount is None:
        assert told.strip() == "-"
    elif not amount.differs(PLANNED):
        assert told.strip() == "usual"
    else:
        assert told.strip() == f"other {amount.capsules}"


def test_milligrams_are_held_against_what_is_planned() -> None:
    ten = told_amount("吃了10毫克", LEXICON)
    assert ten is not None
    assert ten.differs(PLANNED)
    assert not ten.differs([Decimal("10")])


@given(
    st.text(alphabet="吃了两粒半一二三颗毫克mg0123456789. 又各早晚tookcapsules", max_size=60)
    | st.text(max_size=600)
)
def test_any_text_is_read(text: str) -> None:
    amount = told_amount(text, LEXICON)
    assert amount is None or 1 <= amount.capsules <= MOST
