"""What staff are sent by mail is as neutral as a lock screen."""

from __future__ import annotations

import re

from bot.wording import read_catalogue
from tests.pure.test_texts import LANGUAGES, LOCALES

SYMPTOM = re.compile(
    "发烧|发热|腹泻|拉肚子|便秘|恶心|吐|皮疹|麻|乏力|疼|痛"
    "|fever|diarrh|constipat|nause|vomit|rash|numb|tired|pain",
    re.IGNORECASE,
)


def test_a_digest_names_no_symptom() -> None:
    """It is mail: what somebody felt is read in the console."""
    for language in LANGUAGES:
        staff = read_catalogue(LOCALES / language / "LC_MESSAGES" / "staff.po")
        needs = {text_id: text for text_id, text in staff if text_id.startswith("need.")}
        assert len(needs) > 20
        assert [text for text in needs.values() if SYMPTOM.search(text)] == []
