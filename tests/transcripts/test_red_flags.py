"""Every red flag of the study's list is met in a conversation that a nurse can read."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from bot.commands.shipped_file import shipped_text

ALERT = re.compile(r"^! (?:emergency|urgent) (danger|symptom|extra_dose) (\w+)", re.MULTILINE)


def flags() -> dict[tuple[str, str], set[str]]:
    """(kind of alert, rule) -> the red flags that its file says it stands for."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for flag, rules in tomllib.loads(shipped_text("rules/danger.toml"))["flag"].items():
        for tier in ("emergency", "urgent"):
            for rule in rules.get(tier, ()):
                found["danger", rule].add(flag)
    for rules in tomllib.loads(shipped_text("rules/triage.toml"))["rules"].values():
        for rule, row in rules.items():
            found["symptom", rule] |= set(re.findall(r"RF-\d+", row["source"]))
    return found


def met() -> set[str]:
    of_rule, seen = flags(), set()
    for file in Path(__file__).parent.glob("*.txt"):
        for kind, rule in ALERT.findall(file.read_text("utf-8")):
            seen |= {"RF-14"} if rule.startswith("rf14_") else of_rule[kind, rule]
    return seen


@pytest.mark.parametrize("flag", [f"RF-{number}" for number in range(1, 18)])
def test_a_red_flag_has_a_conversation(flag: str) -> None:
    assert flag in met()
