"""What a question offers now: one entry for each answer, and how a typed position names one of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.dialogue.turn import JSON, Phrase


@dataclass(frozen=True, slots=True)
class Offer:
    """An answer that a question has now: what it is called, how it is heard, what it sets, where it leads."""

    answer: str
    label: Phrase
    next: str
    hears: tuple[str, ...] = ()
    set: Mapping[str, JSON] = field(default_factory=dict)
    shown: bool = True
    told: Phrase | None = None  # what is shown as recorded, where the label alone would not say it


_NUMBER = re.compile(
    r"(?:第|选|選|option|no\.?)?\s*([0-9]|[一二三四五六七八九])\s*(?:个|個|号|號|种|種|项|項)?\s*[.。、,，)）]?"
)
_CHINESE = "零一二三四五六七八九"


def number_of(text: str) -> int | None:
    """The position that a whole text names: 2, 二, 第2个."""
    found = (
        _NUMBER.fullmatch(unicodedata.normalize("NFKC", text[:20]).strip().casefold())
        if len(text) <= 20
        else None
    )
    if found is None:
        return None
    sign = found.group(1)
    return _CHINESE.index(sign) if sign in _CHINESE else int(sign)
