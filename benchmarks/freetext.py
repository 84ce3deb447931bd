"""How long a person's words take to be read: short phrases, and the longest text that is kept, against their limits.

The limits: 5 ms for 99 of 100 phrases, 50 ms for any text of 4,096 characters. Time of this thread on the processor.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path
from time import thread_time

from bot.dialogue.turn import LONGEST_WORDS
from bot.symptoms.danger import parse_danger
from bot.symptoms.freetext import Lexicon, lexicon, read
from bot.symptoms.symptom_words import parse_symptom_words

ROOT = Path(__file__).parents[1]
RULES = ROOT / "bot" / "symptoms" / "rules"
PHRASE_LIMIT, TEXT_LIMIT = 5.0, 50.0
TIMES = 5


def load() -> Lexicon:
    danger, symptoms = (
        (RULES / name).read_text(encoding="utf-8") for name in ("danger.toml", "symptoms.toml")
    )
    return lexicon(parse_danger(danger, "danger.toml"), parse_symptom_words(symptoms, "symptoms.toml"))


def phrases() -> list[str]:
    found = []
    for file in sorted((ROOT / "tests" / "pure" / "symptoms").glob("freetext_*.tsv")):
        with file.open(encoding="utf-8", newline="") as source:
            found += [row["phrase"] for row in csv.DictReader(source, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return found


def long_texts(some: list[str]) -> list[str]:
    """Everything one after the other, the same danger again and again, one character, and shuffled splinters."""
    chance = random.Random(0)
    characters = "".join(some)
    return [
        "，".join(some)[:LONGEST_WORDS],
        *(
            (phrase * LONGEST_WORDS)[:LONGEST_WORDS]
            for phrase in ("没胸痛", "疼", "腿肿", "拉了七八回", "不发烧38度5，")
        ),
        "".join(chance.choices(characters, k=LONGEST_WORDS)),
        " ".join(chance.choices(characters, k=LONGEST_WORDS // 2)),
    ]


def measured(work: Callable[[], object]) -> float:
    """Milliseconds, the best of a few."""
    best = float("inf")
    for _ in range(TIMES):
        begun = thread_time()
        work()
        best = min(best, thread_time() - begun)
    return best * 1000


def main() -> None:
    begun = thread_time()
    words = load()
    print(f"reading the rules: {(thread_time() - begun) * 1000:.0f} ms")
    some = phrases()
    each = sorted(measured(lambda phrase=phrase: read(phrase, words)) for phrase in some)  # type: ignore[misc] # bound now
    worst = max(measured(lambda text=text: read(text, words)) for text in long_texts(some))  # type: ignore[misc] # bound now
    p50, p99 = each[len(each) // 2], each[int(len(each) * 0.99)]
    print(
        f"{len(each)} phrases: half within {p50:.2f} ms, 99 of 100 within {p99:.2f} ms: {p99 / PHRASE_LIMIT:.2f} of the limit"
    )
    print(f"{LONGEST_WORDS} characters: {worst:.1f} ms at worst: {worst / TEXT_LIMIT:.2f} of the limit")


if __name__ == "__main__":
    main()
