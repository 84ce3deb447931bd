"""Words as data: whole answers only, no word with two meanings in a question, no command about a medicine."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.dialogue.commands import COMMANDS, command_of
from bot.dialogue.faults import ScriptError
from bot.dialogue.lexicon import normal, parse_lexicon
from bot.dialogue.rows import Answer, AskStep
from bot.dialogue.run import Run
from bot.wording import placeholders
from tests.pure.dialogue.talk import LEXICON, SCRIPTS, WORDING, at, names, script_of

SHOWN = [
    (name, step_id, answer)
    for name in names()
    for step_id, step in script_of(name).steps.items()
    if isinstance(step, AskStep)
    for answer in step.answers
]
ASKS = [
    (name, step_id, step.answers)
    for name in names()
    for step_id, step in script_of(name).steps.items()
    if isinstance(step, AskStep)
]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("菜单", "menu"),
        ("菜單", "menu"),
        (" 菜单。", "menu"),
        ("MENU", "menu"),
        ("/menu", "menu"),
        ("今天的药", "today"),
        ("今天的药？", "today"),
        ("我的日历", "calendar"),
        ("更正", "correct"),
        ("我点错了", "correct"),
        ("联系护士", "nurse"),
        ("帮助", "help"),
        ("停止", "stop"),
        ("恢复提醒", "resume"),
    ],
)
def test_commands(text: str, command: str) -> None:
    assert command_of(text, LEXICON) == command


NOT_COMMANDS = """停药了 医生让我停 医生让我停药 停药 把药停了 想停药 我要停药 停止吃药 停止化疗 停了 停一停
今天的药吃了 帮助我 菜单在哪里啊我找不到 。 🙂 stop_taking_it the_doctor_told_me_to_stop"""


@pytest.mark.parametrize("text", ["", *(text.replace("_", " ") for text in re.findall(r"\S+", NOT_COMMANDS))])
def test_what_is_not_a_command(text: str) -> None:
    assert command_of(text, LEXICON) is None


def test_every_command_has_its_everyday_word() -> None:
    assert set(LEXICON.commands) == set(COMMANDS)
    for language in WORDING.texts:
        for command in COMMANDS:
            if command != "menu":
                assert command_of(WORDING.text(language, f"menu.{command}"), LEXICON) == command


@pytest.mark.parametrize(("name", "step", "answers"), ASKS, ids=[f"{name}.{step}" for name, step, _ in ASKS])
def test_no_word_means_two_answers_of_one_question(name: str, step: str, answers: tuple[Answer, ...]) -> None:
    """`all_taken` may be heard as `taken` where only one is left; the question's own answer goes first."""
    owners: dict[str, str] = {}
    for answer in answers:
        for word in (word for heard in answer.hears or (answer.answer,) for word in LEXICON.answers[heard]):
            if not (answer.answer == "taken" and word in LEXICON.answers["all_taken"]):
                assert owners.setdefault(word, answer.answer) == answer.answer, word


@pytest.mark.parametrize(("name", "step", "answer"), SHOWN, ids=[f"{n}.{s}.{a.answer}" for n, s, a in SHOWN])
def test_a_button_can_be_typed_as_it_reads(name: str, step: str, answer: Answer) -> None:
    """A tap lives 150 seconds on the provider's side: who types what the button says is understood."""
    if not answer.shown:
        return
    for language, texts in WORDING.texts.items():
        label = texts[answer.label_id]
        if not placeholders(label):
            ask = script_of(name).steps[step]
            assert isinstance(ask, AskStep)
            wanted = [word for one in ask.answers for word in (one.hears or (one.answer,))]
            heard = LEXICON.answer(label, wanted)
            assert heard in (answer.hears or (answer.answer,)), f"{language}: {label} is heard as {heard}"


@pytest.mark.parametrize(("answer", "text"), [("nurse", "choice.nurse"), ("again", "choice.again")])
def test_the_offer_of_a_person_can_be_typed(answer: str, text: str) -> None:
    for language in WORDING.texts:
        assert LEXICON.answer(WORDING.text(language, text), ["nurse", "again"]) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("吃了", "taken"),
        ("嗯，吃了", "taken"),
        ("吃过了啊", "taken"),
        ("没吃呢", "not_taken"),
        ("没吃", "not_taken"),
        ("我没吃", "not_taken"),
        ("晚点吧", None),
        ("晚点", "later"),
        ("等会儿再吃", "later"),
        ("吃了吗", None),
        ("吃了吧", None),
        ("没", "not_taken"),
        ("吃了没", None),
        ("应该吃了", None),
        ("好像没吃", None),
        ("不吃了，难受", None),
    ],
)
def test_whole_answers_only(text: str, answer: str | None) -> None:
    assert LEXICON.answer(text, ["taken", "later", "not_taken"]) == answer


@given(st.text(max_size=200))
def test_normal_is_stable(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("[answers", "words.toml: not TOML"),
        ("[answers.yes]\nzh = ['是']\n", "words.toml: commands: Field required"),
        ("x = 1\n", "words.toml: x: Extra inputs are not permitted (is 1)"),
    ],
)
def test_a_broken_lexicon_names_file_and_key(broken: str, told: str) -> None:
    with pytest.raises(ScriptError, match=told.replace("(", r"\(").replace(")", r"\)")):
        parse_lexicon(broken, "words.toml")


def test_a_word_of_signs_only_is_refused() -> None:
    text = (SCRIPTS / "words.toml").read_text(encoding="utf-8").replace('"吃了"', '"！？"', 1)
    with pytest.raises(ScriptError, match=r"words\.toml: answers\.taken: .*！？"):
        parse_lexicon(text, "words.toml")


def test_every_answer_of_a_script_has_words() -> None:
    for name, step, answer in SHOWN:
        assert all(LEXICON.answers.get(word) for word in answer.hears or (answer.answer,)), f"{name}.{step}"


def test_a_reference_is_never_looked_up_twice() -> None:
    run = Run(
        script_of("nurse"), {"words": "$site_phone", "site_phone": "x"}, at("2026-11-04 08:00"), LEXICON
    )
    assert run.value("$words") == "$site_phone"
