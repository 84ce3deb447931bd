"""Several things in one question: what a tap marks, what a list of numbers marks, and what two taps do not undo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.notes import SymptomsAnswered, SymptomsReported
from tests.pure.dialogue.talk import Talk, at
from tests.pure.symptoms.shipped import SHORT, slots

NOW = at("2026-11-08 08:00")
FIRST = list(SHORT.screens[0])


def screen() -> Talk:
    talk = Talk("symptoms", slots(check=SHORT), NOW)
    talk.hear("1")
    return talk


def marked(talk: Talk) -> list[str]:
    return [answer.removeprefix("off-") for answer in talk.answers if answer.startswith("off-")]


MARKS: list[tuple[str, list[str], list[str]]] = [
    ("a tap", ["tap:on-fever"], ["fever"]),
    ("two taps", ["tap:on-fever", "tap:on-diarrhea"], ["fever", "diarrhea"]),
    ("the same tap twice, before the screen has changed", ["tap:on-fever", "tap:on-fever"], ["fever"]),
    ("a mark taken away", ["tap:on-fever", "tap:on-diarrhea", "tap:off-fever"], ["diarrhea"]),
    ("taken away twice", ["tap:on-fever", "tap:on-diarrhea", "tap:off-fever", "tap:off-fever"], ["diarrhea"]),
    ("numbers", ["1 3"], ["fever", "diarrhea"]),
    ("numbers as people write them", ["１、３和4"], ["fever", "diarrhea", "constipation"]),
    ("Chinese numbers", ["第一个，第三个"], ["fever", "diarrhea"]),
    ("a number is a tap on that button", ["1 3", "1"], ["diarrhea"]),
    ("names", ["手麻，拉肚子"], ["numbness", "diarrhea"]),
    ("a name never takes away", ["麻", "麻"], ["numbness"]),
    ("names and numbers", ["便秘 1"], ["fever", "constipation"]),
]


@pytest.mark.parametrize(("what", "lines", "wanted"), MARKS, ids=[what for what, _, _ in MARKS])
def test_marks(what: str, lines: list[str], wanted: list[str]) -> None:
    talk = screen()
    for line in lines:
        turn = talk.hear(line)
        assert turn.understood
        assert [say.in_place for say in turn.says] == [True]
    assert marked(talk) == wanted
    assert talk.answers[-1] == "done"
    assert talk.step == "screen"


@pytest.mark.parametrize(
    "line", ["1 9", "13", "7", "猫", "1 猫", "0", "1 3 5", "tap:on-unicorn", "tap:off-", "1" * 80]
)
def test_what_marks_nothing_leaves_everything_as_it_is(line: str) -> None:
    talk = screen()
    talk.hear("tap:on-fever")
    assert talk.state is not None
    before = talk.state.slots
    assert not talk.hear(line).understood
    assert talk.state is not None
    assert talk.state.slots == before


def test_the_button_that_ends_it_says_whether_anything_is_marked() -> None:
    talk = screen()
    assert talk.answers[-1] == "none"
    talk.hear("tap:on-rash" if "rash" in FIRST else "tap:on-fever")
    assert talk.answers[-1] == "done"
    talk.hear("tap:off-fever")
    assert talk.answers[-1] == "none"


def test_an_old_none_does_not_wipe_out_marks() -> None:
    talk = screen()
    talk.hear("tap:on-fever")
    assert not talk.hear("tap:none").understood
    talk.hear("tap:done")
    assert talk.state is not None
    assert talk.state.slots["answers"] == {name: "yes" if name == "fever" else "no" for name in FIRST}


def test_what_was_ticked_is_shown_when_it_is_settled() -> None:
    talk = screen()
    talk.hear("1 3")
    talk.hear("好了")
    assert talk.settled == "您的回答：发烧，或发冷打哆嗦；拉肚子"


def test_marks_of_one_screen_are_not_those_of_the_next() -> None:
    talk = screen()
    for line in ("1", "选好了", "都没有"):
        talk.hear(line)
    note = talk.notes[-1]
    assert isinstance(note, SymptomsAnswered)
    assert [name for name, said in note.answers.items() if said == "yes"] == ["fever"]
    assert set(note.answers) == set(SHORT.symptoms)


def test_resumed_days_later_it_shows_the_marks() -> None:
    talk = screen()
    talk.hear("2")
    talk.now = at("2026-11-10 21:00")
    talk.hear("4")
    assert marked(talk) == ["numbness", "constipation"]


def test_every_mark_is_told_and_is_no_answer_yet() -> None:
    talk = screen()
    talk.hear("tap:on-fever")
    note = talk.notes[-1]
    assert isinstance(note, SymptomsAnswered)
    assert not note.sent and note.answers == {}


@pytest.mark.parametrize(
    ("lines", "known"),
    [
        (["tap:on-fever"], {"fever": "yes"}),
        (["tap:on-fever", "tap:off-fever"], None),
        ([], None),
        (["都没有", "1"], {**dict.fromkeys(FIRST, "no"), SHORT.screens[1][0]: "yes"}),
    ],
)
def test_what_is_marked_on_a_screen_that_is_left_is_reported(
    lines: list[str], known: dict[str, str] | None
) -> None:
    talk = screen()
    for line in (*lines, "outcome:silence"):
        talk.hear(line)
    reports = [note for note in talk.notes if isinstance(note, SymptomsReported)]
    assert [note.answers for note in reports] == ([] if known is None else [known])
    assert not any(note.complete for note in reports)


def answered(*lines: str) -> Talk:
    """Past the screens, every note answered with "go on"."""
    talk = screen()
    for line in lines:
        talk.hear(line)
        while talk.state is not None and talk.state.step in ("screened", "answered"):
            talk.hear("outcome:go_on")
    return talk


def test_one_question_back_and_the_answer_is_another() -> None:
    talk = answered("2", "选好了", "都没有", "疼", "上一题", "不疼", "1", "1", "1", "没有了")
    (report,) = [note for note in talk.notes if isinstance(note, SymptomsReported)]
    assert report.answers["numbness.pain"] == "no"
    assert report.complete


def test_there_is_no_way_back_before_the_first_question() -> None:
    assert "back" not in answered("2", "选好了", "都没有").answers


def test_who_would_rather_not_say_is_not_asked_twice() -> None:
    talk = answered("2", "选好了", "都没有", "不想说", "不想答", "不想答", "不想答", "没有了")
    (report,) = [note for note in talk.notes if isinstance(note, SymptomsReported)]
    assert report.answers["numbness.pain"] == report.answers["numbness.limits"] == "not_told"


@pytest.mark.parametrize(
    ("lines", "complete"),
    [(["2", "选好了", "都没有", "疼"], False), (["都没有"], False), (["都没有", "都没有"], True)],
)
def test_silence_keeps_what_was_said(lines: list[str], complete: bool) -> None:
    talk = answered(*lines)
    talk.hear("silence")
    (report,) = [note for note in talk.notes if isinstance(note, SymptomsReported)]
    assert report.complete == complete
    assert report.respondent == "self"


def test_silence_before_anything_was_said_reports_nothing() -> None:
    talk = screen()
    talk.hear("silence")
    assert [note for note in talk.notes if isinstance(note, SymptomsReported)] == []


@given(
    st.lists(
        st.text(max_size=12) | st.sampled_from(["tap:on-fever", "tap:off-fever", "1 2", "好了", "没有"]),
        max_size=8,
    )
)
def test_no_words_break_a_screen(lines: list[str]) -> None:
    talk = screen()
    for line in lines:
        if talk.state is None or talk.state.step != "screen" or line in ("media", "silence"):
            return
        if not line.startswith(("outcome:", "tap:")) or line.startswith(("tap:on", "tap:off")):
            talk.hear(line)
