"""How a virtual person reads a question: which kind it is, which medicine, and which day's dose. Words on a screen only."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

DRUGS = {"伊沙佐米": "ixazomib", "来那度胺": "lenalidomide"}
OF_NO_DOSE = (*DRUGS, "想问清楚一点")  # of a dose it is said first of which day it was
TICKS = ("on-", "off-")
_PROGRESS = re.compile(
    r"（(?P<number>\d+)/(?P<count>\d+)）|^(?P<n>\d+)/(?P<of>\d+) "
)  # in a chat; above a page's question
_DAY = re.compile(r"(?P<month>\d{1,2})月(?P<day>\d{1,2})日")


@dataclass(frozen=True, slots=True)
class Question:
    """`kind`: take, did, hold_check, when, echo, why, which, tick, other; of what no plan had: which_drug, when_extra,
    echo_extra, and since, which asks whether there was any. `on`: the day that its words name, if they do.

    `left`: how many doses will still be asked about after this one.
    """

    kind: str
    drug: str
    on: date | None
    text: str
    answers: tuple[str, ...]
    left: int = 0


def read(text: str, answers: Sequence[str], today: date) -> Question:
    kind, on, left = _kind(text, frozenset(answers)), _on(text, today), _left(text)
    return Question(kind, _drug(text), on, text, tuple(answers), left)


def _kind(text: str, answers: frozenset[str]) -> str:
    if "更正哪一次" in text:
        return "which"
    if "other_medicine" in answers:
        return "which_drug"
    if "taken_since" in answers:
        return "since"
    if {"taken", "later"} <= answers:
        return "take"
    if {"taken", "cannot_say"} <= answers:
        return "did"
    if {"taken", "not_taken"} <= answers:
        return "hold_check" if "医生让停" in text else "did"
    if "now" in answers and "吃的" in text:
        return "when_extra" if "cannot_say" in answers else "when"
    if {"forgot", "no_medicine"} <= answers:
        return "why"
    if {"yes", "no"} <= answers and "吃的" in text:
        return "echo_extra" if text.startswith(OF_NO_DOSE) else "echo"
    return "tick" if any(one.startswith(TICKS) for one in answers) else "other"


def _drug(text: str) -> str:
    """The medicine that is asked about: of two in one message the one that comes first in the question at its end."""
    found = [
        (text.rfind(f"先说{name}"), text.rfind(name), drug) for name, drug in DRUGS.items() if name in text
    ]
    return max(found)[2] if found else ""


def _left(text: str) -> int:
    """（1/2）: one more."""
    progress = _PROGRESS.search(text)
    if progress is None:
        return 0
    return int(progress["count"] or progress["of"]) - int(progress["number"] or progress["n"])


def _on(text: str, today: date) -> date | None:
    """Today, yesterday, or the month and day that stand there: of the last year."""
    if (named := _DAY.search(text)) is not None:
        month, day = int(named["month"]), int(named["day"])
        for year in (today.year, today.year - 1):
            if (month, day) != (2, 29) or year % 4 == 0:
                found = date(year, month, day)
                if found <= today + timedelta(days=1):
                    return found
        return None
    for word, back in (("今天", 0), ("昨天", 1), ("前天", 2)):
        if word in text:
            return today - timedelta(days=back)
    return None
