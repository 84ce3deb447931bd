"""The rows that specify the rules, from the files that come with this version."""

from __future__ import annotations

from pathlib import Path

import bot.symptoms
from bot.symptoms.examples import Cases, parse_examples

FOLDER = Path(bot.symptoms.__file__).parent / "examples"


def shipped_examples() -> tuple[Cases, Cases]:
    """Of grading by term, of triage by rule. Raises ScriptError for a row that cannot be read."""
    graded, told = (
        parse_examples((FOLDER / name).read_text(encoding="utf-8"), f"examples/{name}")
        for name in ("grading.toml", "triage.toml")
    )
    return graded, told
