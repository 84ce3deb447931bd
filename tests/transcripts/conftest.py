"""`pytest tests/transcripts --golden` writes the transcripts anew: read every changed line before committing it."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden", action="store_true", help="write the transcripts anew instead of comparing")
