"""What a virtual person suffers from, week by week, and how he answers when he is asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from bot.rehearsal.rates import Rates

TEMPERATURES = ("37.4", "38.3", "39.1")
# Answers that need somebody, by a word of the question and the answer. The worst tier that certainly follows.
EMERGENCIES = (("血", "yes"), ("水泡", "raw"))
URGENT_ANSWERS = frozenset(
    {"4_6", "7_more", "housework", "selfcare", "stuck", "hardly", "3_5", "6_more", "blisters"}
)
URGENT_IF_YES = ("疼不疼", "打哆嗦")
NOT_URGENT = "休息"  # tiredness that keeps from housework is grade 2: for the digest
# Which symptom such a question is about, by its words.
ABOUT = {
    "大便": "diarrhea",
    "平时多几次": "diarrhea",
    "便秘": "constipation",
    "恶心": "nausea",
    "吐": "vomiting",
    "麻的": "numbness",
    "扣扣子": "numbness",
    "水泡": "rash",
    "疹子": "rash",
    "多少度": "fever",
    "打哆嗦": "fever",
}
EVASIVE = frozenset({"back", "not_told", "not_measured", "unknown"})


@dataclass(slots=True)
class Body:
    arm: str
    chance: Random
    rates: Rates
    since: date
    _week: int = -1
    _ill: dict[str, tuple[int, int]] = field(default_factory=dict)  # symptom -> weeks left, severity

    def symptoms(self, today: date) -> dict[str, int]:
        """What is there this week, each with how bad it is: 0 mild, 2 severe."""
        week = max(0, (today - self.since).days // 7)
        while self._week < week:
            self._week += 1
            self._age()
        return {name: severity for name, (_, severity) in self._ill.items()}

    def _age(self) -> None:
        self._ill = {name: (left - 1, bad) for name, (left, bad) in self._ill.items() if left > 1}
        for one in self.rates.toxicities:
            chance = one.weekly + one.growth * (self._week // 4)
            if self.arm in one.arms and one.name not in self._ill and self.chance.random() < chance:
                bad = self.chance.choices(range(len(one.severity)), one.severity)[0]
                self._ill[one.name] = (self.chance.randrange(1, one.weeks + 1), bad)

    def answer(self, answers: Sequence[str], severity: int) -> str:
        """One of the answers from mild to severe, mostly as bad as it is."""
        real = [one for one in answers if one not in EVASIVE] or list(answers)
        if set(real) == {"no", "yes"}:
            return "yes" if self.chance.random() < (0.03, 0.15, 0.5)[severity] else "no"
        return real[min(severity, len(real) - 1)]


def tier_of(text: str, answer: str) -> str:
    """What certainly follows from an answer: emergency, urgent, or nothing."""
    if any(word in text and answer == worst for word, worst in EMERGENCIES):
        return "emergency"
    if answer in URGENT_ANSWERS and NOT_URGENT not in text and "累" not in text:
        return "urgent"
    return "urgent" if answer == "yes" and any(word in text for word in URGENT_IF_YES) else ""


def about(text: str) -> str:
    """The symptom that a question is about. Raises LookupError for one whose answers need nobody."""
    found = [symptom for words, symptom in ABOUT.items() if words in text]
    if not found:
        raise LookupError(text)
    return found[0]
