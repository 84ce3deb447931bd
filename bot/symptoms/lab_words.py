"""How names of tests and units are compared: full-width, superscript and Greek signs become plain ones, case is lost."""

from __future__ import annotations

import unicodedata

_PLAIN = str.maketrans({"μ": "u", "×": "x", "∗": "*", "⁄": "/", "·": None, " ": None, "\t": None, "_": "-"})


def normal_form(text: str) -> str:
    """`10⁹/Ｌ` -> `109/l`, `µmol/L` -> `umol/l`: equal for spellings that mean the same."""
    return unicodedata.normalize("NFKC", text).translate(_PLAIN).strip().lower()
