"""The machine itself: not understood, a person offered, commands, silence, resuming, and hostile input."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.dialogue import engine
from bot.dialogue.notes import CommandGiven
from bot.dialogue.turn import Heard, State
from bot.symptoms.pro_wording import wording_of
from tests.pure.dialogue.talk import LEXICON, PHONE, Talk, at, dose, names, script_of
from tests.pure.dialogue.test_conversations import ANSWERED, CODE, DANGER, SITE, TOLD, welcome
from tests.pure.symptoms.shipped import SHORT
from tests.pure.symptoms.shipped import slots as check_slots
from tests.support.pro_wording import INSTRUMENT, pieces

NOW = at("2026-11-04 12:30")
DOSES: dict[str, Any] = {"doses": [dose("ixazomib"), dose("lenalidomide", mode="did")], "site_phone": PHONE}
SLOTS: dict[str, dict[str, Any]] = {
    "link": CODE,
    "welcome": welcome("telegram"),
    "dose": DOSES,
    "correct": ANSWERED,
    "nurse": SITE,
    "from_nurse": {**SITE, "words": "明天请空腹来"},
    "stop": SITE,
    "resume_reminders": {},
    "danger": DANGER,
    "told": TOLD,
    "symptoms": check_slots(check=SHORT),
    "visit": {"lines": [{"text": "visit.blood"}], "about": {"due_on": "2026-11-23"}, **SITE},
    "interactions": {"about": {"due_on": "2026-11-25"}, **SITE},
    "prophylaxis": {"medicines": [{"matter": "aspirin"}], "about": {"due_on": "2026-11-06"}, **SITE},
    "daily": {
        "medicines": [{"matter": m} for m in ("aspirin", "acyclovir")],
        "about": {"due_on": "2026-11-06"},
    },
    "off_week": {"edge": {"cycle": "1", "day": "2026-11-16"}, **SITE},
    "cycle_start": {"edge": {"cycle": "2", "day": "2026-11-30"}, **SITE},
    "pro_ctcae": {
        "check": {"name": "pro_ctcae", "definition": "d", "due_on": "2026-11-28", "topic": "pro:1"},
        "questions": wording_of("pro_ctcae", INSTRUMENT, pieces(39)).slots("zh_Hans_CN"),
        **SITE,
    },
    "unplanned": {
        "drugs": [{"drug": "ixazomib"}, {"drug": "lenalidomide"}],
        "earliest": at("2026-10-20 08:00").isoformat(),
        **SITE,
    },
    "amount": {"drugs": [{"drug": "ixazomib"}], "words": "吃了两粒", "quantity": 2, **SITE},
    "meant": {"words": "吃了", "talk": "1"},
    "vomited": {"doses": [dose("ixazomib") | {"taken_at": at("2026-11-02 08:00").isoformat()}], **SITE},
}

FEVER = ["1", "选好了", "都没有", "outcome:go_on"]  # ticked on the first screen, nothing on the second

# How to come to each question: the lines before it.
QUESTIONS: list[tuple[str, list[str]]] = [
    ("link", []),
    ("link", ["1234", "outcome:refused"]),
    ("welcome", []),
    ("welcome", ["1", "outcome:new"]),
    ("welcome", ["1", "outcome:new", "1"]),
    ("welcome", ["1", "outcome:new", "1", "1"]),
    ("welcome", ["1", "outcome:new", "1", "1", "早上7点"]),
    ("welcome", ["1", "outcome:new", "1", "1", "1"]),
    ("welcome", ["1", "outcome:new", "1", "1", "1", "晚上9点到早上7点"]),
    ("dose", []),
    ("dose", ["1"]),
    ("dose", ["1", "早上9点"]),
    ("dose", ["1", "1"]),
    ("correct", []),
    ("correct", ["1"]),
    ("correct", ["1", "1"]),
    ("correct", ["1", "1", "早上9点"]),
    ("stop", []),
    *(("stop", [number]) for number in "123"),
    *((name, []) for name in ("danger", "prophylaxis")),
    *(("told", lines) for lines in ([], ["1"])),
    *((name, lines) for name in ("off_week", "pro_ctcae") for lines in ([], ["1"])),
    *(("unplanned", lines) for lines in ([], ["1"], ["1", "早上7点"])),
    *((name, []) for name in ("vomited", "meant", "amount", "daily", "cycle_start")),
    ("daily", ["2"]),
    ("symptoms", []),
    ("symptoms", ["1"]),
    ("symptoms", ["1", *FEVER]),
    ("symptoms", ["1", *FEVER, "38.2", "outcome:go_on"]),
    ("symptoms", ["1", *FEVER, "41", "outcome:call_first"]),
]
# Questions that take any words as their answer.
WORDS: list[tuple[str, list[str]]] = [
    ("nurse", []),
    ("from_nurse", []),
    ("visit", []),
    ("interactions", []),
    ("interactions", ["2"]),
    ("dose", ["3"]),
    ("dose", ["3", "5"]),
    ("correct", ["1", "2"]),
    ("symptoms", ["1", "都没有", "都没有", "outcome:go_on"]),
]


def reached(name: str, lines: list[str]) -> Talk:
    talk = Talk(name, SLOTS[name], NOW)
    for line in lines:
        talk.hear(line)
    talk.notes.clear()
    return talk


def test_every_question_is_in_these_tables() -> None:
    """A question added to a script must be added above, or its misunderstandings are never tried."""
    tried = {(name, reached(name, lines).step) for name, lines in QUESTIONS + WORDS}
    asked = {
        (name, step) for name in names() for step, row in script_of(name).steps.items() if row.kind == "ask"
    }
    elsewhere = {("dose", "ask_both"), ("dose", "ask_did"), ("dose", "ask_hold_check")}
    assert asked - elsewhere <= tried


@pytest.mark.parametrize(("name", "lines"), QUESTIONS)
def test_not_understood_is_asked_in_other_words_then_a_person_is_offered(name: str, lines: list[str]) -> None:
    talk = reached(name, lines)
    assert talk.state is not None
    before, question = talk.state, talk.said
    turn = talk.hear("呃这个嘛")
    assert not turn.understood
    assert [say.question for say in turn.says] == [True]
    assert talk.state == State(before.script, before.step, before.slots, misheard=1)
    assert talk.said not in question or before.step.startswith("sure_")
    assert talk.hear("唔知").understood is False
    assert talk.answers == ["nurse", "again"]
    assert talk.state == State(before.script, before.step, before.slots, misheard=2)
    assert talk.notes == []


@pytest.mark.parametrize(("name", "lines"), QUESTIONS)
@pytest.mark.parametrize("answer", ["tap:nurse", "1", "请护士看看", "找护士"])
def test_the_nurse_is_offered_and_the_question_stays_open(name: str, lines: list[str], answer: str) -> None:
    talk = reached(name, [*lines, "呃这个嘛", "唔知"])
    step = talk.step
    talk.hear(answer)
    assert talk.notes == [CommandGiven("nurse")]
    assert talk.step == step


@pytest.mark.parametrize(("name", "lines"), QUESTIONS)
@pytest.mark.parametrize("answer", ["tap:again", "2", "再答一次"])
def test_the_question_again(name: str, lines: list[str], answer: str) -> None:
    talk = reached(name, lines)
    assert talk.state is not None
    resumed = engine.resume(talk.script, talk.state, NOW, LEXICON)
    talk.hear("呃这个嘛")
    talk.hear("唔知")
    talk.hear(answer)
    assert talk.turn.says == resumed.says
    assert talk.state is not None
    assert talk.state.misheard == 0


def test_a_third_misunderstanding_offers_a_person_again() -> None:
    talk = reached("dose", ["什么", "什么意思", "听不懂"])
    assert talk.answers == ["nurse", "again"]


def test_a_word_that_answers_the_question_still_counts_while_a_person_is_offered() -> None:
    talk = reached("dose", ["什么", "什么意思"])
    talk.hear("没吃")
    assert talk.step == "why"


@pytest.mark.parametrize(("name", "lines"), QUESTIONS + WORDS)
def test_a_command_leaves_the_question_open(name: str, lines: list[str]) -> None:
    talk = reached(name, lines)
    before = talk.state
    turn = talk.hear("今天的药")
    assert turn.notes == (CommandGiven("today"),)
    assert turn.says == ()
    assert talk.state == before


@pytest.mark.parametrize(("name", "lines"), QUESTIONS + WORDS)
def test_media_change_nothing(name: str, lines: list[str]) -> None:
    talk = reached(name, lines)
    before = talk.state
    turn = talk.hear("media")
    assert (turn.says, turn.notes, turn.understood) == ((), (), False)
    assert talk.state == before


@pytest.mark.parametrize(("name", "lines"), QUESTIONS + WORDS)
def test_silence_ends_and_says_nothing(name: str, lines: list[str]) -> None:
    talk = reached(name, lines)
    talk.hear("silence")
    assert talk.step == "end"
    assert talk.turn.says == ()


@pytest.mark.parametrize(("name", "lines"), QUESTIONS)
def test_a_button_of_another_question_changes_nothing(name: str, lines: list[str]) -> None:
    talk = reached(name, lines)
    assert talk.state is not None
    before = talk.state
    for answer in ("", "nurse", "again", "t1", "d99", "taken:now", "forgotten", "吃了", "x" * 5000):
        turn = engine.advance(talk.script, before, Heard("choice", answer), NOW, LEXICON)
        assert not turn.understood, answer[:20]
        assert turn.state == State(before.script, before.step, before.slots, misheard=1), answer[:20]


def test_hidden_answers_cannot_be_tapped() -> None:
    talk = reached("dose", [])
    assert not talk.hear("tap:told_to_stop").understood


@pytest.mark.parametrize(("name", "lines"), QUESTIONS + WORDS)
def test_resuming_asks_again_and_changes_nothing(name: str, lines: list[str]) -> None:
    talk = reached(name, lines)
    assert talk.state is not None
    turn = engine.resume(talk.script, talk.state, NOW, LEXICON)
    assert turn.state == talk.state
    assert turn.says == talk.turn.says[-1:]
    assert turn.notes == ()


def test_a_missing_slot_and_an_unknown_outcome_are_faults_of_the_caller() -> None:
    with pytest.raises(ValueError, match="site_phone"):
        engine.begin(script_of("nurse"), {}, NOW, LEXICON)
    talk = reached("link", ["1234"])
    with pytest.raises(ValueError, match="outcome"):
        talk.hear("outcome:maybe")


def test_words_while_a_note_is_being_carried_out_change_nothing() -> None:
    talk = reached("link", ["1234"])
    before = talk.state
    assert not talk.hear("还在吗").understood
    assert talk.state == before


@pytest.mark.parametrize("name", sorted(SLOTS))
def test_the_engine_never_changes_what_it_is_given(name: str) -> None:
    script, slots = script_of(name), SLOTS[name]
    given_slots = json.dumps(slots)
    turn = engine.begin(script, slots, NOW, LEXICON)
    if turn.state is not None:
        saved = json.dumps(turn.state.to_json())
        engine.advance(script, turn.state, Heard("text", "1"), NOW, LEXICON)
        assert json.dumps(turn.state.to_json()) == saved
    assert json.dumps(slots) == given_slots


ANY_TEXT = st.one_of(
    st.text(max_size=40),
    st.text(
        alphabet="没不吃了药早晚上点半零一二三八十两昨今明天刚才12345678１８:：-到~？ $@{}'\u202e🙂",
        max_size=30,
    ),
    st.text(max_size=12).map(lambda text: (text or "药")[:1] * 4096),
)


@settings(max_examples=300, deadline=None)
@given(where=st.sampled_from(QUESTIONS), text=ANY_TEXT)
def test_no_words_raise_or_change_what_they_do_not_mean(where: tuple[str, list[str]], text: str) -> None:
    talk = reached(*where)
    assert talk.state is not None
    before = talk.state
    turn = engine.advance(talk.script, before, Heard("text", text), NOW, LEXICON)
    if not turn.understood:
        assert turn.state == State(before.script, before.step, before.slots, misheard=1)
        assert turn.notes == ()
        assert [say.question for say in turn.says] == [True]
    if turn.state is not None:
        assert State.from_json(json.loads(json.dumps(turn.state.to_json()))) == turn.state


@settings(max_examples=100, deadline=None)
@given(where=st.sampled_from(QUESTIONS + WORDS), texts=st.lists(ANY_TEXT, max_size=6))
def test_any_talk_can_be_saved_between_any_two_lines(where: tuple[str, list[str]], texts: list[str]) -> None:
    talk = reached(*where)
    for text in texts:
        waiting = talk.state is not None and talk.script.steps[talk.state.step].kind == "ask"
        if waiting and not text.startswith(("tap:", "outcome:")) and text not in ("media", "silence"):
            talk.hear(text)


@pytest.mark.parametrize(
    "saved", [{}, {"script": 1}, {"script": "a", "step": "b", "slots": [], "misheard": 0}]
)
def test_a_state_that_was_not_saved_by_us_is_refused(saved: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a saved"):
        State.from_json(saved)
