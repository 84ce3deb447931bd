"""Everything that can be checked without a database: studies, scripts, rules, and whether each text they name exists."""

from __future__ import annotations

from bot.app.app import LOCALES
from bot.app.sources import shipped
from bot.services.book import PARSERS
from bot.wording import check_catalogues, load_wording
from schedules.study import Study


def faults() -> list[str]:
    """One line for each fault, beginning with the file; empty when everything is in order."""
    found: list[str] = []
    used: set[str] = set()
    families: set[tuple[str, str]] = set()
    for path, source in shipped():
        try:
            parsed = PARSERS[source.kind](source.body, path.name)
        except ValueError as problem:
            found += str(problem).splitlines()
            continue
        if source.kind == "script" or isinstance(parsed, Study):
            used |= set(parsed.text_ids())
        if source.kind == "script":
            families |= {(path.name, family) for family in parsed.text_families()}
    found += check_catalogues(LOCALES)
    if not found:
        for language, texts in load_wording(LOCALES).texts.items():
            found += [f"{language}: no text {text_id!r}" for text_id in sorted(used - set(texts))]
            found += [
                f"{file}: {language} has no text that begins with {family!r}"
                for file, family in sorted(families)
                if not any(text_id.startswith(family) for text_id in texts)
            ]
    return found
