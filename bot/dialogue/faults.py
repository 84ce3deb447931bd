"""How a fault in a script or lexicon is told: file, place, value, one line each."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError


class ScriptError(ValueError):
    """A definition is wrong. `faults` holds one line for each fault, beginning with the file."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def read_toml(text: str, name: str) -> dict[str, Any]:
    """Raises ScriptError that names the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScriptError([f"{name}: not TOML: {error}"]) from error


def faults_of(error: ValidationError, name: str) -> ScriptError:
    """Pydantic's findings as lines such as `dose.toml: steps.why.next: Field required`."""
    lines = []
    for fault in error.errors(include_url=False):
        place = ".".join(str(part) for part in fault["loc"])
        given = "" if fault["type"] == "missing" else f" (is {fault['input']!r:.80})"
        lines.append(f"{name}: {place}: {fault['msg']}{given}")
    return ScriptError(lines)
