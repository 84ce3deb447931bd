"""The text of a rule file that comes with this version."""

from __future__ import annotations

from pathlib import Path


def shipped_text(path: str) -> str:
    """`path` lies below bot/symptoms, such as rules/labs.toml."""
    import bot.symptoms

    return (Path(bot.symptoms.__file__).parent / path).read_text(encoding="utf-8")
