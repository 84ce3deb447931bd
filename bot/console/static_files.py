"""Style, script and icon of the console, read once and served under names that carry their content's hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    name: str  # console.1f2e3d4c5b6a.css
    content: bytes
    media_type: str


def load_static() -> dict[str, StaticFile]:
    """By plain name ("console.css"). A changed file has another address, so browsers may keep each for ever."""
    return {path.name: _load(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _TYPES}


def _load(path: Path) -> StaticFile:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    return StaticFile(f"{path.stem}.{digest}{path.suffix}", content, _TYPES[path.suffix])
