"""A broken script is found before anybody talks, and the fault names file, step, key and value."""

from __future__ import annotations

import pytest

from bot.dialogue.script import ScriptError, parse_script
from tests.pure.dialogue.talk import SCRIPTS, names, script_of

GOOD = """
name = "t"
about = "A test."
start = "ask"
[values]
phone = "$phone"
[steps.ask]
kind = "ask"
text = "t.ask"
again = "t.again"
answers = [{ answer = "yes", next = "note" }, { answer = "no", next = "end" }]
[steps.note]
kind = "do"
note = "StaffWanted"
fields = { words = "$words" }
next = "end"
"""


def test_the_good_one_is_good() -> None:
    script = parse_script(GOOD, "t.toml")
    assert {"t.ask", "t.again", "choice.yes", "choice.no", "ask.person"} <= script.text_ids()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            'next = "note"',
            'next = "nowhere"',
            "t.toml: steps.ask.answers.yes.next: there is no step 'nowhere'",
        ),
        ('next = "note"', 'next = "end"', "t.toml: steps.note: no way leads here"),
        ('start = "ask"', 'start = "asks"', "t.toml: start: there is no step 'asks'"),
        ('answer = "no"', 'answer = "yes"', "t.toml: steps.ask.answers: an id stands twice"),
        (
            'answer = "no"',
            'answer = "nurse"',
            "t.toml: steps.ask.answers.nurse: the engine uses this id itself",
        ),
        ('answer = "no"', 'answer = "不"', "t.toml: steps.ask.ask.answers.1.answer: .* (is '不')"),
        ('answer = "no"', 'answer = "a23456789012345678901"', "t.toml: steps.ask.ask.answers.1.answer: "),
        ("StaffWanted", "StaffWaned", "t.toml: steps.note.note: 'StaffWaned' is not one of "),
        ("{ words =", "{ word =", "t.toml: steps.note.fields.word: StaffWanted has no such field"),
        ("{ words =", "{ word =", "t.toml: steps.note.fields.words: StaffWanted needs it"),
        ('words" }\nnext = "end"', 'words" }', "t.toml: steps.note.next: a note has either"),
        ('words" }\nnext = "end"', 'words" }\nnext = "note"', "t.toml: steps.note: goes round in a circle"),
        (
            'text = "t.ask"',
            'text = "t.ask"\nwith = ["fone"]',
            "t.toml: steps.ask.with: no value is called 'fone'",
        ),
        ('kind = "ask"', 'kind = "asks"', "t.toml: steps.ask: "),
        (
            'again = "t.again"',
            'agian = "t.again"',
            "t.toml: steps.ask.ask.agian: Extra inputs are not permitted",
        ),
        ('again = "t.again"', "", "t.toml: steps.ask.ask.again: Field required"),
        ("[steps.note]", "[steps.end]", "t.toml: steps.end: this name is the end of every script"),
        ("[steps.note]", "[steps.note", "t.toml: not TOML: .*line"),
    ],
)
def test_every_fault_is_named(old: str, new: str, told: str) -> None:
    assert old in GOOD
    with pytest.raises(ScriptError) as caught:
        parse_script(GOOD.replace(old, new, 1), "t.toml")
    assert any(_fits(line, told) for line in caught.value.faults), caught.value.faults


def _fits(line: str, told: str) -> bool:
    head, _, tail = told.partition(".*")
    return line.startswith(head) and tail.strip() in line


@pytest.mark.parametrize("name", names())
def test_the_scripts_of_the_house_are_sound(name: str) -> None:
    script = script_of(name)
    assert script.name == name
    assert script.about


def test_no_file_of_a_script_is_longer_than_a_person_reads() -> None:
    for path in SCRIPTS.glob("*.toml"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path.name
