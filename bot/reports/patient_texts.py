"""Every text that a patient or family can read, with what names its edition and where it is used: for an ethics committee."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.wording import placeholders, read_catalogue

# The catalogues whose texts reach patients. The others are for staff.
CATALOGUES = ("patient.po", "symptoms.po", "page.po")
COLUMNS = ("id", "edition", "zh", "en", "values", "catalogue", "used_in")


@dataclass(frozen=True, slots=True)
class PatientText:
    """`edition`: changes whenever a letter in either language does. `used_in`: definitions; `program` where code names it."""

    id: str
    zh: str
    en: str
    catalogue: str
    used_in: tuple[str, ...]

    @property
    def edition(self) -> str:
        return hashlib.sha256(f"{self.id}\0{self.zh}\0{self.en}".encode()).hexdigest()[:16]


def patient_texts(locales: Path, uses: Mapping[str, Iterable[str]]) -> Iterator[PatientText]:
    """In the order of the catalogues. `uses`: place -> the text ids (or beginnings that end in a dot) named there."""
    for name in CATALOGUES:
        zh, en = (
            dict(read_catalogue(locales / language / "LC_MESSAGES" / name))
            for language in ("zh_Hans_CN", "en")
        )
        for text_id, text in zh.items():
            places = [place for place, ids in uses.items() if _named(text_id, ids)]
            yield PatientText(text_id, text, en[text_id], name, tuple(places) or ("program",))


def _named(text_id: str, ids: Iterable[str]) -> bool:
    return any(text_id == one or (one.endswith(".") and text_id.startswith(one)) for one in ids)


def table(texts: Iterable[PatientText], *, bom: bool) -> str:
    """CSV. A text that a spreadsheet would take for a formula is quoted by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in texts:
        values = " ".join(sorted(placeholders(one.zh)))
        row = (one.id, one.edition, one.zh, one.en, values, one.catalogue, " ".join(one.used_in))
        writer.writerow([re.sub(r"^([=+\-@\t])", r"'\1", cell) for cell in row])
    return ("﻿" if bom else "") + out.getvalue()
