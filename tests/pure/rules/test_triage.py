"""`suiyao rules triage`: a table of tabs in, codes and urgency beside each phrase out."""

from __future__ import annotations

from click.testing import CliRunner

from bot.commands.rules_triage import triage


def answered(text: str) -> tuple[int, list[list[str]]]:
    done = CliRunner().invoke(triage, ["-"], input=text.encode())
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, [line.split("\t") for line in done.stdout.splitlines()]


def test_phrases_come_back_with_codes_and_urgency() -> None:
    status, lines = answered("id\tphrase\nA\t头疼，发骚38.6\nB\t今天的药吃过了\n")
    assert status == 0
    assert lines == [
        ["id", "phrase", "codes", "urgency", "error"],
        ["A", "头疼，发骚38.6", "fever,headache", "urgent", ""],
        ["B", "今天的药吃过了", "none", "none", ""],
    ]


def test_a_bad_row_has_its_error_and_the_others_go_on() -> None:
    status, lines = answered("id\tphrase\nA\t \nB\nC\t胸口疼\tmore\nD\t胸口疼\n")
    assert status == 1
    assert [line[-1] for line in lines[1:]] == [
        "phrase is empty",
        "1 cells where the header has 2",
        "3 cells where the header has 2",
        "",
    ]
    assert lines[4] == ["D", "胸口疼", "chest_pain", "emergency", ""]


def test_quotation_marks_are_characters_like_others() -> None:
    status, lines = answered('phrase\n"我说"胸口疼\n他说"不想活了\n')
    assert status == 0
    assert [line[:3] for line in lines[1:]] == [
        ['"我说"胸口疼', "chest_pain", "emergency"],
        ['他说"不想活了', "self_harm", "emergency"],
    ]


def test_columns_that_are_there_already_are_written_anew() -> None:
    _, lines = answered("phrase\turgency\n你好\tnone at all\n")
    assert lines == [["phrase", "codes", "urgency", "error"], ["你好", "none", "none", ""]]
