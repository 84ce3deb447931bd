"""A site's wording against the structure: CSV and FHIR, and every way in which a file can be wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.__main__ import cli
from bot.commands.pro_files import pieces_of
from bot.dialogue.faults import ScriptError
from bot.errors import Misconfigured
from bot.symptoms.pro_wording import Piece, ProWording, parse_pro_wording, wording_of
from tests.support.pro_wording import INSTRUMENT, as_csv, pieces


def wording(*numbers: int) -> ProWording:
    return wording_of("pro_ctcae", INSTRUMENT, pieces(*numbers))


def test_a_file_and_what_is_published_of_it(tmp_path: Path) -> None:
    file = tmp_path / "words.csv"
    file.write_text(as_csv(pieces(39, 16, 24)), "utf-8")
    found = wording_of("pro_ctcae", INSTRUMENT, pieces_of(file, INSTRUMENT))
    assert [(one.item, one.attribute) for one in found.questions] == [
        (39, "severity"),
        (39, "interference"),
        (16, "frequency"),
        (24, "presence"),
    ]
    assert parse_pro_wording(found.body(), "pro_ctcae") == found
    assert found == wording(39, 16, 24)


def test_all_eighty_questions_can_be_worded() -> None:
    assert len(wording(*range(1, 81)).questions) == 124


def fhir(own: str, other: str | None) -> dict[str, Any]:
    """Item 39 as a FHIR form would have it, in one language or with translations."""

    def said(key: str, text: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = {key: text[own]}
        if other:
            inner = [{"url": "lang", "valueCode": other}, {"url": "content", "valueString": text[other]}]
            url = "http://hl7.org/fhir/StructureDefinition/translation"
            found[f"_{key}"] = {"extension": [{"url": url, "extension": inner}]}
        return found

    def item(letter: str, attribute: str) -> dict[str, Any]:
        rows = {one.language[:2]: one for one in pieces(39) if one.attribute == attribute}
        options = [
            {
                "valueCoding": {
                    "code": score,
                    **said("display", {k: v.answers[score] for k, v in rows.items()}),
                }
            }
            for score in "01234"
        ]
        text = said("text", {key: row.text for key, row in rows.items()})
        return {"linkId": f"PROCTCAE_39{letter}_SCL", "type": "choice", "answerOption": options, **text}

    group = {"linkId": "g", "type": "group", "item": [item("A", "severity"), item("B", "interference")]}
    return {"resourceType": "Questionnaire", "language": own, "item": [group]}


@pytest.mark.parametrize("files", [[("zh", "en")], [("en", "zh")], [("zh", None), ("en", None)]])
def test_fhir_says_the_same(files: list[tuple[str, str | None]], tmp_path: Path) -> None:
    found: list[Piece] = []
    for number, (own, other) in enumerate(files):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(fhir(own, other)), "utf-8")
        found += pieces_of(file, INSTRUMENT)
    assert wording_of("pro_ctcae", INSTRUMENT, found) == wording(39)


def changed(number: int, **values: Any) -> list[Piece]:
    rows = pieces(39, 24)
    return [*rows[:number], replace(rows[number], **values), *rows[number + 1 :]]


# rows of the file -> what is said
WRONG: list[tuple[list[Piece], str]] = [
    ([], "no question was found"),
    (changed(0, item=81), "row 0: item 81 is not one of 1 to 80"),
    (
        changed(0, attribute="frequency"),
        "row 0: item 39 asks for severity, interference, not for 'frequency'",
    ),
    (changed(0, language="de"), "row 0: language 'de' is not one of zh_Hans_CN, en"),
    (changed(0, text=""), "row 0: the question has 0 characters"),
    (changed(0, answers={"0": "x"}), "row 0: answers 0, not 0, 1, 2, 3, 4"),
    (changed(4, answers={str(n): "x" for n in range(5)}), "row 4: answers 0, 1, 2, 3, 4, not 0, 1"),
    (changed(0, answers={str(n): "x" * 81 for n in range(5)}), "row 0: the answer for 0 is longer than 80"),
    (pieces(39)[:-1], "item 39: interference has no words in en"),
    (pieces(39)[:2], "item 39: interference has no words in zh_Hans_CN"),
    ([*pieces(39), pieces(39)[0]], "row 0: item 39 severity (zh_Hans_CN) stands twice"),
    (
        changed(0, answers={**{str(n): "x" for n in range(5)}, "na": "y"}),
        "item 39: severity offers other answers in one language than in the other",
    ),
]


@pytest.mark.parametrize(("rows", "said"), WRONG)
def test_what_does_not_fit_the_structure_is_named(rows: list[Piece], said: str) -> None:
    with pytest.raises(ScriptError) as fault:
        wording_of("pro_ctcae", INSTRUMENT, rows)
    assert any(line.startswith(said) for line in fault.value.faults), fault.value.faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("item,attribute\n39,severity\n", "no column language, text, answer_0, answer_1"),
        (
            "item,attribute,language,text,answer_0,answer_1\nx,severity,zh,a,b,c\n",
            "line 2: item 'x' is not a number",
        ),
        ("{", "not JSON"),
        ("{}", "not a FHIR Questionnaire"),
        ('{"resourceType": "Questionnaire", "item": [{"linkId": "q1"}]}', "item 'q1': linkId is not such as"),
    ],
)
def test_what_is_no_such_file(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text(text, "utf-8")
    with pytest.raises(Misconfigured, match=said.replace("(", r"\(")):
        pieces_of(file, INSTRUMENT)


def test_the_command_says_what_a_file_holds(tmp_path: Path) -> None:
    file = tmp_path / "words.csv"
    file.write_text(as_csv(pieces(39, 16)), "utf-8")
    done = CliRunner().invoke(cli, ["questionnaire", "load", "--check", str(file)])
    assert (done.exit_code, done.stdout) == (0, "pro_ctcae: 2 items, 3 questions, in Chinese and English.\n")


def test_a_later_attribute_waits_for_the_one_before_it() -> None:
    rows: list[Any] = wording(48).slots("en")
    assert [(row["key"], row["after"]) for row in rows] == [("48A", "first"), ("48B", "48A"), ("48C", "48B")]
    assert [answer["opens"] for answer in rows[0]["answers"]] == ["no", "yes", "yes", "yes", "yes"]
    assert wording(48).scores({"48A": "s2", "48B": "sna", "99A": "s1"}) == {"48A": 2}
