"""Patients who answer by tap and in words: what each of them will say is settled beforehand, and so is what must be recorded.

Whatever is lost, handled twice or handled out of turn makes another record than the expected one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

IXAZOMIB, LENALIDOMIDE = "ixazomib", "lenalidomide"
DANGER = "胸口疼，喘不上气"
Report = tuple[str, str]  # drug, status

TAKEN, NOT_TAKEN, FORGOT = ("吃了", "吃了"), ("没吃", "没吃"), ("没想起来", "忘了")
# Day 1 of the combination: ixazomib is asked about first. Each answer as its button and as words.
FIRST_ANSWERS: tuple[tuple[tuple[tuple[str, str], ...], tuple[Report, ...]], ...] = (
    ((NOT_TAKEN, FORGOT, TAKEN), ((IXAZOMIB, "not_taken"), (LENALIDOMIDE, "taken"))),
    ((TAKEN, NOT_TAKEN, FORGOT), ((IXAZOMIB, "taken"), (LENALIDOMIDE, "not_taken"))),
    ((("都吃了", "都吃了"),), ((IXAZOMIB, "taken"), (LENALIDOMIDE, "taken"))),
)
# A correction in words: which dose by its number in the list, what, and why or when.
CORRECTIONS: tuple[tuple[tuple[str, ...], Report], ...] = (
    (("更正", "1", "没吃", "忘了"), (IXAZOMIB, "not_taken")),
    (("更正", "2", "没吃", "4"), (LENALIDOMIDE, "not_taken")),
    (("更正", "１", "吃了", "1"), (IXAZOMIB, "taken")),
    (("更正", "2", "吃了", "刚才", "对"), (LENALIDOMIDE, "taken")),
)
ASIDES = (
    "今天的药",
    "我的日历",
    "菜单",
    "帮助",
    "今天天气不错",
    "<b>'; DROP TABLE inbox_message; --",
    "谢谢护士",
)


@dataclass(frozen=True, slots=True)
class Patient:
    """`taps`: (button, words) one after the other, each when the last is answered. `words`: sent without waiting."""

    taps: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    reports: tuple[Report, ...]

    @property
    def dangers(self) -> int:
        return self.words.count(DANGER)


def patient(number: int, most_words: int) -> Patient:
    """The same number is the same patient, every time."""
    chance = Random(number)
    taps, first = FIRST_ANSWERS[number % len(FIRST_ANSWERS)]
    words, reports = [], list(first)
    if number % 8 == 0:
        words.append(DANGER)
    for block, report in _blocks(chance):
        if len(words) + len(block) > most_words:
            break
        words += block
        reports += [report] if report else []
    words += chance.choices(ASIDES, k=most_words - len(words))
    return Patient(taps, tuple(words), tuple(reports))


def _blocks(chance: Random) -> Iterator[tuple[tuple[str, ...], Report | None]]:
    while True:
        if chance.random() < 0.8:
            yield (chance.choice(ASIDES),), None
        else:
            yield chance.choice(CORRECTIONS)
