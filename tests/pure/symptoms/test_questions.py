"""Questions about the rules: which topic a sentence asks about, and which sentences ask nothing."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.symptoms.danger import DangerLexicon, parse_danger
from bot.symptoms.questions import Asked, Questions, QuestionsError, asked, parse_questions

RULES = Path(__file__).parents[3] / "bot" / "symptoms" / "rules"


@cache
def shipped() -> tuple[Questions, DangerLexicon]:
    texts = [(RULES / name).read_text(encoding="utf-8") for name in ("questions.toml", "danger.toml")]
    return parse_questions(texts[0], "questions.toml"), parse_danger(texts[1], "danger.toml")


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("伊沙佐米饭后能吃吗", "how"),
        ("这药空腹吃还是饭后吃", "how"),
        ("胶囊能打开吃吗", "how"),
        ("药怎么吃", "how"),
        ("昨天的来那度胺忘吃了，今天要补吗", "missed"),
        ("依沙佐米漏了三天了还补不补", "missed"),
        ("忘吃了一天怎么办", "missed"),
        ("能补吃吗", "missed"),
        ("晚了五个小时还能吃吗", "missed"),
        ("吐了要不要补", "vomited"),
        ("吃完药半小时吐了，还要再吃一次吗", "vomited"),
        ("能一次吃两粒吗", "double"),
        ("中药能不能一起吃", "together"),
        ("能喝酒吗", "together"),
        ("能喝绿茶吗", "together"),
        ("can I take it with food?", "how"),
        ("what if I missed a dose?", "missed"),
        ("下次复查要空腹吗", None),
        ("能坐飞机吗", None),
        ("可以同房吗", None),
    ],
)
def test_what_is_asked(text: str, topic: str | None) -> None:
    questions, writing = shipped()
    found = asked(text, questions, writing)
    assert found is not None
    assert found.topic == topic


@pytest.mark.parametrize("text", ["今天的药吃过了", "忘吃了", "饭后吃的", "谢谢", "", "和早饭一起吃的"])
def test_what_asks_nothing(text: str) -> None:
    questions, writing = shipped()
    assert asked(text, questions, writing) is None


def test_the_drug_that_is_named() -> None:
    questions, writing = shipped()
    assert asked("依沙佐米饭后能吃吗", questions, writing) == Asked("how", ("ixazomib",))


@settings(deadline=None)
@given(st.text(max_size=4096))
def test_any_text_can_be_asked(text: str) -> None:
    questions, writing = shipped()
    asked(text, questions, writing)


def test_a_fault_is_named_with_its_place() -> None:
    text = 'version = "1"\nasking = ["吗"]\nelsewhere = ["x"]\n[drugs]\n[topics]\nhow = ["{food}"]\n'
    with pytest.raises(
        QuestionsError, match=r"q.toml: topics.how = '\{food\}': there is no group of words 'food'"
    ):
        parse_questions(text, "q.toml")
