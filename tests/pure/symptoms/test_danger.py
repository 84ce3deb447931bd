"""Faults in a danger file are named by file, key and value, all at once."""

from __future__ import annotations

import pytest

from bot.symptoms.danger import DangerError, parse_danger
from bot.symptoms.freetext import scan
from bot.symptoms.pattern import in_every_order

GOOD = """
version = "1"
[words]
pain = ["疼", "痛"]
[flag.RF-4]
source = "Chest pain may be a clot in the lung."
staff_text = "staff.danger.rf4"
emergency.chest_pain = { version = 1, zh = ["胸~{pain}"], en = ["chest pain"] }
"""


def test_a_good_file() -> None:
    rule = parse_danger(GOOD, "danger.toml").rule("chest_pain")
    assert (rule.version, rule.tier, rule.flag, rule.staff_text) == (
        1,
        "emergency",
        "RF-4",
        "staff.danger.rf4",
    )


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        (
            '["胸~{pain}"]',
            '["胸~{pian}"]',
            "flag.RF-4.emergency.chest_pain.zh = '胸~{pian}': there is no group",
        ),
        ('["胸~{pain}"]', '["疼"]', "flag.RF-4.emergency.chest_pain.zh = '疼': '疼' is a single character"),
        ('["胸~{pain}"]', '["胸~"]', "looks for nothing, or begins or ends with ~"),
        ('["胸~{pain}"]', '["胸痛 & "]', "looks for nothing"),
        ('["胸~{pain}"]', '["{heat>=3}"]', "'heat' is not a measure: number, degrees, armpit"),
        ('["胸~{pain}"]', '["胸{"]', "cannot be read from '{'"),
        ('["胸~{pain}"]', "[]", "flag.RF-4.emergency.chest_pain.zh = []"),
        ("version = 1,", "version = 0,", "flag.RF-4.emergency.chest_pain.version = 0"),
        ("en = [", "english = [", "flag.RF-4.emergency.chest_pain.english = ['chest pain']: Extra inputs"),
        ("RF-4", "RF-18", "flag.RF-18 = 'RF-18'"),
        ("staff.danger.rf4", "Staff text", "flag.RF-4.staff_text = 'Staff text'"),
        ("emergency.", "routine.", "flag.RF-4.routine"),
        ('version = "1"', 'version = "1', "not readable as TOML"),
        ("[words]", 'simplify = "點"\n[words]', "simplify: a character without a partner"),
    ],
)
def test_a_fault_is_named(good: str, bad: str, says: str) -> None:
    assert good in GOOD
    with pytest.raises(DangerError) as caught:
        parse_danger(GOOD.replace(good, bad), "danger.toml")
    assert str(caught.value).startswith("danger.toml: ")
    assert says in str(caught.value)


def test_all_faults_are_named_at_once() -> None:
    second = 'urgent.chest_pain = { version = 1, zh = ["{nothing}"] }\n'
    with pytest.raises(DangerError) as caught:
        parse_danger(GOOD.replace("{pain}", "{pian}") + second, "danger.toml")
    assert len(str(caught.value).splitlines()) == 3  # two unknown groups, and one id for two rules


@pytest.mark.parametrize(
    ("text", "orders"),
    [
        ("{stool}<~~>{black}", ["{stool}~~{black}", "{black}~~{stool}"]),
        ("发烧 & 抖<~>冷", ["发烧 & 抖~冷", "发烧 &冷~ 抖"]),
        ("胸~{pain}", ["胸~{pain}"]),
        ("{number<1.0}", ["{number<1.0}"]),
    ],
)
def test_words_in_either_order(text: str, orders: list[str]) -> None:
    assert in_every_order(text) == orders


@pytest.mark.parametrize(
    ("pattern", "said", "met"),
    [
        ("胸<~>{pain}", "疼，胸口", False),
        ("胸<~>{pain}", "疼在胸口", True),
        ("胸~~~{pain}", "胸口。一阵一阵地疼", True),
        ("胸~~~{pain}", "胸口？一阵一阵地疼", False),
        ("疼得", "疼的厉害", True),
        ("得病", "的病", False),
    ],
)
def test_what_a_pattern_meets(pattern: str, said: str, met: bool) -> None:
    lexicon = parse_danger(GOOD.replace("胸~{pain}", pattern), "danger.toml")
    assert bool(scan(said, lexicon)) == met
