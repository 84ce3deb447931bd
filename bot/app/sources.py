"""The definitions that come with this version: studies, scripts, the lexicon, questionnaires and rules, as files."""

from __future__ import annotations

from pathlib import Path

from bot.services.book import Source

ROOT = Path(__file__).resolve().parents[2]
STUDIES = ROOT / "schedules" / "studies"
SCRIPTS = ROOT / "bot" / "dialogue" / "scripts"
RULES = ROOT / "bot" / "symptoms" / "rules"
QUESTIONNAIRES = ROOT / "bot" / "symptoms" / "questionnaires"


def shipped() -> list[tuple[Path, Source]]:
    """Every definition with its file, in a fixed order."""
    found = [(path, _source("study", path)) for path in sorted(STUDIES.glob("*.toml"))]
    for path in sorted(SCRIPTS.glob("*.toml")):
        found.append((path, _source("lexicon" if path.stem == "words" else "script", path)))
    found += [(path, _source(path.stem, path)) for path in sorted(RULES.glob("*.toml"))]
    found += [(path, _source("questionnaire", path)) for path in sorted(QUESTIONNAIRES.glob("*.toml"))]
    return found


def _source(kind: str, path: Path) -> Source:
    return Source(kind, path.stem, path.read_text(encoding="utf-8"))
