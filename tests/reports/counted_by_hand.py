"""A second, plain program for the same figures: it knows a text file and arithmetic, and nothing of Suiyao."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

LEDGER = Path(__file__).parent / "ledger.txt"
CLOSES = {"ixazomib": timedelta(hours=96), "lenalidomide": timedelta(hours=48)}
MG = {"ixazomib": 4, "lenalidomide": 25}
CYCLE_MG = {"ixazomib": 12, "lenalidomide": 275}
CATEGORY = {"taken": "in_window", "early": "late", "late": "late", "not": "missed", "held": "held"}
KNOWN_REASONS = ("forgot", "ill", "told_to_stop", "no_medicine", "other")


@dataclass(frozen=True)
class Entry:
    subject: str
    arm: str
    drug: str
    cycle: int
    day: int
    due: datetime
    judged: str
    extra: int
    reason: str
    prompted: bool

    @property
    def site(self) -> str:
        return self.subject.split("-")[0]


def entries() -> list[Entry]:
    lines = [line.split() for line in LEDGER.read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    return [
        Entry(a, b, c, int(d), int(e), datetime.fromisoformat(f), g, int(h), i, j == "yes")
        for a, b, c, d, e, f, g, h, i, j in lines
    ]


def where(entry: Entry, as_of: datetime) -> str:
    if entry.judged != "-":
        return CATEGORY[entry.judged]
    if as_of < entry.due + CLOSES[entry.drug]:
        return "open"
    return "unanswered" if entry.prompted else "not_asked"


def counts(chosen: list[Entry], as_of: datetime) -> dict[str, object]:
    found: defaultdict[str, int] = defaultdict(int)
    for entry in chosen:
        found["planned"] += 1
        found[where(entry, as_of)] += 1
        found["early"] += entry.judged == "early"
        found["extra"] += entry.extra
        if entry.judged == "not":
            reason = entry.reason if entry.reason in KNOWN_REASONS else "other"
            found["reason_unstated" if entry.reason == "-" else f"reason_{reason}"] += 1
    taken, missed = found["in_window"] + found["late"], found["missed"]
    return {
        **found,
        "taken": taken,
        "adherence_pct": share(taken, found["planned"] - found["held"]),
        "adherence_answered_pct": share(taken, taken + missed),
        "on_time_pct": share(found["in_window"], taken),
        "response_pct": share(taken + missed, taken + missed + found["unanswered"]),
    }


def intensity(chosen: list[Entry], drug: str) -> str | None:
    """Of people who each began two cycles four weeks apart."""
    own = [entry for entry in chosen if entry.drug == drug]
    swallowed = sum(MG[drug] * ((entry.judged in ("taken", "early", "late")) + entry.extra) for entry in own)
    people = len({entry.subject for entry in own})
    return share(swallowed, people * 2 * CYCLE_MG[drug])


def share(part: int, whole: int) -> str | None:
    """Percent to two decimals, half up, in whole numbers only."""
    if whole == 0:
        return None
    hundredths = (part * 100_00 * 2 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02}"


def grouped(of: Callable[[Entry], tuple[object, ...]]) -> dict[tuple[object, ...], list[Entry]]:
    found: defaultdict[tuple[object, ...], list[Entry]] = defaultdict(list)
    for entry in entries():
        found[of(entry)].append(entry)
    return dict(found)
