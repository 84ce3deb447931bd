"""What the conversations say: the order of things, what is always named, and words kept as they are."""

from __future__ import annotations

from typing import Any

import pytest

from bot.dialogue.notes import CommandGiven, StaffWanted
from tests.pure.dialogue.talk import PHONE, Talk, at, dose
from tests.pure.dialogue.test_conversations import ANSWERED, CODE, DANGER, NOW, SITE, TRIED, welcome


def test_a_wrong_invitation_and_wrong_digits_get_the_same_words() -> None:
    talk = Talk("link", CODE, at(NOW))
    talk.hear("1234")
    talk.hear("outcome:refused")
    first = talk.said
    talk.hear("9999")
    talk.hear("outcome:refused")
    assert talk.said == first
    assert "过期" not in first
    assert "用过" not in first


def test_after_the_last_try_a_new_invitation_is_named() -> None:
    talk = Talk("link", CODE, at(NOW))
    for _ in range(3):
        talk.hear("1234")
        talk.hear("outcome:refused")
    assert "新的邀请" in talk.said


def test_a_note_with_an_outcome_is_the_last_of_its_turn() -> None:
    talk = Talk("link", CODE, at(NOW))
    turn = talk.hear("1234")
    assert turn.notes[-1] == TRIED
    assert talk.step == "try"
    assert turn.says == ()


@pytest.mark.parametrize("words", ["12345", "12", "不记得了", "１２３４５"])
def test_anything_but_four_digits_is_asked_again(words: str) -> None:
    talk = Talk("link", CODE, at(NOW))
    assert not talk.hear(words).understood
    assert talk.notes == []
    assert "4个数字" in talk.said


def test_a_refusal_is_respected() -> None:
    talk = Talk("welcome", welcome(), at(NOW))
    talk.hear("tap:self")
    talk.hear("outcome:new")
    talk.hear("tap:decline")
    assert "尊重您的决定" in talk.said
    assert not any(say.question for say in talk.turn.says)


def test_the_information_comes_before_the_consent_in_short_messages() -> None:
    talk = Talk("welcome", welcome("telegram"), at(NOW))
    talk.hear("tap:self")
    talk.hear("outcome:new")
    assert [say.phrases[0].text_id for say in talk.turn.says] == [
        "welcome.what",
        "welcome.limits",
        "welcome.health_data",
    ]
    talk.hear("tap:agree")
    for part in ("Telegram Messenger Inc.", "境外", "不是端到端加密", "撤回", "手机网页"):
        assert part in talk.said


def test_the_page_asks_no_consent_for_telegram() -> None:
    talk = Talk("welcome", welcome("web"), at(NOW))
    talk.hear("tap:self")
    talk.hear("outcome:new")
    talk.hear("tap:agree")
    assert talk.step == "dose_time"


def test_preferences_are_echoed_in_spoken_time() -> None:
    talk = Talk("welcome", welcome(), at(NOW))
    for line in ("1", "outcome:new", "1", "早上7点半"):
        talk.hear(line)
    assert talk.said.startswith("提醒改到早上7:30，对吗？")
    for line in ("1", "outcome:kept", "晚上9点到早上7点"):
        talk.hear(line)
    assert talk.said.startswith("晚上9:00到早上7:00不打扰您，对吗？")


def test_what_can_be_corrected_is_named_by_drug_and_day() -> None:
    assert Talk("correct", ANSWERED, at(NOW)).said == (
        "您想更正哪一次？\n[11月4日（周三）来那度胺：吃了]\n[11月4日（周三）伊沙佐米：没吃]\n[返回]"
    )


def test_stop_says_that_medicines_and_the_study_go_on() -> None:
    talk = Talk("stop", SITE, at(NOW))
    assert "药和研究都照旧" in talk.said
    assert PHONE in talk.said


@pytest.mark.parametrize(("script", "slots"), [("nurse", SITE), ("danger", DANGER)])
def test_the_way_to_real_help_is_always_named(script: str, slots: dict[str, Any]) -> None:
    talk = Talk(script, slots, at(NOW))
    assert "120" in talk.said
    assert PHONE in talk.said


def test_words_that_are_a_command_are_not_sent_to_the_nurse() -> None:
    talk = Talk("nurse", SITE, at(NOW))
    talk.hear("菜单")
    assert talk.notes == [CommandGiven("menu")]
    assert talk.step == "words"


@pytest.mark.parametrize(
    "words", ["$site_phone", "@drug.ixazomib", "{site_phone}", "<b>药</b>", "'; DROP TABLE x; --"]
)
def test_words_are_kept_as_they_are(words: str) -> None:
    talk = Talk("nurse", SITE, at(NOW))
    talk.hear(words)
    assert talk.notes == [StaffWanted(words)]


@pytest.mark.parametrize("words", ["$site_phone", "@drug.ixazomib", "{drug}", "$now"])
def test_a_reason_is_kept_as_it_is(words: str) -> None:
    talk = Talk("dose", {"doses": [dose("lenalidomide")], "site_phone": PHONE}, at("2026-11-04 08:05"))
    talk.hear("tap:not_taken")
    talk.hear(words)
    assert talk.notes[-1] == StaffWanted(words, "other")
