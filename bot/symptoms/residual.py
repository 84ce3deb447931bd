"""What is left of a symptom that has gone: 还有一点点麻, 好多了, 没那么疼了. It is still there, and it is better."""

from __future__ import annotations

import re

from bot.symptoms.passage import Passage
from bot.symptoms.pattern import Match

_BEFORE = re.compile(
    r"(?:还有一?(?:点点|点儿|点|些|丝)|(?:还剩|仍有|还是有|就剩|只剩|还留)一?(?:点点|点儿|点|些|丝)?)[^,。]{0,3}$"
)
_AFTER = re.compile(
    r"[^,。]{0,4}?(?:好多了|好些了|好点了|好一点了|轻多了|轻些了|轻了|减轻|缓解|少多了|少了|比[^,。]{1,6}(?:少|轻|好)|退了大半"
    r"|快好了|差不多好|没好利|没好透|消了(?:大半|一些|不少)|剩)"
)


_INSIDE = re.compile(r"还有(?:一)?点|还剩|仍有|没那么|不那么|没以前|没原来")


def is_residual(passage: Passage, place: Match) -> bool:
    """Whether the words around a symptom say that it is on its way out."""
    text = passage.text
    before = text[passage.clause_start(place.start, 12) : place.start]
    end = passage.clause_end(place.end)
    inside = text[place.start : place.end]
    return bool(_BEFORE.search(before) or _INSIDE.search(inside) or _AFTER.match(text[place.end : end]))
