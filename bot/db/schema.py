"""Which schema this version of the code was written for."""

from __future__ import annotations

from pathlib import Path

_VERSIONS = Path(__file__).parent / "migrations" / "versions"


def newest() -> str:
    """The revision of the last migration: files are named by their revision, in order."""
    return max(file.stem.partition("_")[0] for file in _VERSIONS.glob("[0-9]*.py"))
