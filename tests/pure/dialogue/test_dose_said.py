"""The dose check as it reads: one message for two drugs, what is shown afterwards, what is asked back."""

from __future__ import annotations

import pytest

from bot.dialogue.notes import DoseReported
from tests.pure.dialogue.talk import dose
from tests.pure.dialogue.test_dose import DID, DUE, NEXT_DAY, NIGHT, NOON, ON_TIME, ONE, TWO, begun, taken


def test_one_drug_is_asked_with_its_advice() -> None:
    assert begun(ONE, DUE).said == (
        "该吃药了：来那度胺 25毫克。\n饭前饭后都可以吃，每次尽量在同一个时间，整粒用水吞下。\n"
        "来那度胺吃了吗？\n[吃了]\n[晚点再说]\n[没吃]"
    )


def test_two_drugs_stand_in_one_message_then_come_one_by_one() -> None:
    talk = begun(TWO, DUE)
    assert talk.said == (
        "该吃药了，这次是两种：\n"
        "伊沙佐米 4毫克\n吃饭前至少1小时，或者吃完饭至少2小时以后再吃，整粒用水吞下。\n"
        "来那度胺 25毫克\n饭前饭后都可以吃，每次尽量在同一个时间，整粒用水吞下。\n"
        "先说伊沙佐米（1/2），吃了吗？\n[吃了]\n[晚点再说]\n[没吃]\n[都吃了]"
    )
    talk.hear("tap:taken")
    assert talk.settled == "伊沙佐米：已记录，今天早上8:00吃了"
    assert talk.said.startswith("（2/2）\n该吃药了：来那度胺 25毫克。")
    talk.hear("tap:taken")
    assert talk.settled == "来那度胺：已记录，今天早上8:00吃了"
    assert talk.said == "记好了，谢谢您告诉我们。"


@pytest.mark.parametrize(
    ("lines", "settled", "said"),
    [
        (["tap:later"], "来那度胺：过一会儿再来问您", "好的，过一会儿再来问您。"),
        (["tap:not_taken"], "您的回答：没吃", None),
        (["tap:not_taken", "tap:forgot"], "来那度胺：已记录，这次没吃", "记好了，谢谢您告诉我们。"),
        (["没吃", "tap:told_to_stop"], "来那度胺：已记录，您说医生让停了，等研究团队确认", None),
        (["没吃", "出门了"], "来那度胺：已记录，这次没吃", None),
    ],
)
def test_the_answered_question_shows_what_was_recorded(
    lines: list[str], settled: str, said: str | None
) -> None:
    talk = begun(ONE, ON_TIME)
    for line in lines:
        talk.hear(line)
    assert talk.settled == settled
    assert said is None or talk.said == said


def test_yesterday_is_named_with_its_date() -> None:
    assert begun(DID, NEXT_DAY).said.startswith(
        "昨天（11月4日，周三）早上8:00的来那度胺（25毫克），您吃了吗？"
    )


def test_two_readings_become_buttons() -> None:
    talk = begun(ONE, NIGHT)
    talk.hear("吃了")
    turn = talk.hear("8点")
    assert talk.said == (
        "这个时间有几种可能，您说的是哪一个？请点一个，或者写清楚哪天、早上还是晚上、几点。\n[今天早上8:00]\n[今天晚上8:00]"
    )
    assert turn.understood


@pytest.mark.parametrize("words", ["晚上12点", "半夜12点"])
def test_midnight_is_asked_back(words: str) -> None:
    talk = begun(ONE, NIGHT)
    talk.hear("吃了")
    talk.hear(words)
    assert talk.step == "when"
    assert "哪一天夜里" in talk.said
    assert talk.notes == [DoseReported("l1", "taken", claim=True)]


def test_last_night_before_three_is_asked_back() -> None:
    talk = begun(ONE, "2026-11-05 01:30")
    talk.hear("吃了")
    talk.hear("昨晚10点半")
    assert talk.step == "when"
    assert "刚过去的这个晚上" in talk.said


def test_as_planned_is_not_offered_before_the_dose_is_due() -> None:
    talk = begun(ONE, "2026-11-04 07:30")
    talk.hear("吃了")
    assert talk.answers == ["now"]


@pytest.mark.parametrize(
    "words",
    ["早上八点没吃", "8点吃了饭", "8点吃了又吐了", "吃了两粒", "8点半吃了吗", "要是8点吃了呢", "吃了吗"],
)
def test_a_doubtful_sentence_is_not_taken_for_an_answer(words: str) -> None:
    talk = begun(ONE, NOON)
    turn = talk.hear(words)
    assert not turn.understood
    assert talk.notes == []
    assert talk.step == "ask_take"


def test_a_dose_without_advice_or_earlier_dose() -> None:
    talk = begun([dose("lenalidomide", advice="", previous_at=None)], DUE)
    assert talk.said.startswith("该吃药了：来那度胺 25毫克。\n来那度胺吃了吗？")
    talk.hear("早上7点吃了")
    talk.hear("对")
    assert talk.notes == [taken("l1", "2026-11-04 07:00", "told")]
