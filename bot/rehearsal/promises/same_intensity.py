"""Dose intensity beside that of the plain program: of each person and medicine, and pooled for sites, arms and the study."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from bot.rehearsal.evidence import Violation
from bot.rehearsal.ledger import Ledger
from bot.rehearsal.plain.intensity import Intensity, meant, together
from bot.reports.lines import Line

Key = tuple[str, str, str]  # kind of line, its name, medicine
Told = tuple[Intensity, str | None, int]  # with its percentage, and of how many people


def key_of(line: Line) -> Key:
    names = {"participant": line.subject_id, "site": line.site, "arm": line.arm}
    return line.kind, names.get(line.kind, ""), line.drug


def intensities(
    people: Sequence[tuple[Ledger, Mapping[str, set[int]]]], lines: Iterable[Line], as_of: datetime
) -> list[Violation]:
    """`people`: with the tenths of milligrams that each may have swallowed, by medicine."""
    given = {key_of(line): _told(line) for line in lines if line.given is not None}
    pooled: defaultdict[Key, list[Intensity]] = defaultdict(list)
    expected: dict[Key, Told] = {}
    for ledger, swallowed in people:
        arms = {one.value for one in ledger.orders if one.what == "arm" and one.effective_from <= as_of}
        for drug, possible in swallowed.items():
            days, mg, meant_days = meant(ledger.orders, drug, as_of)
            if not meant_days:
                continue  # nothing of it was meant for him: there is nothing to divide by
            key = ("participant", ledger.subject_id, drug)
            theirs = given[key][0].taken if key in given else None
            taken = theirs if theirs in possible else min(possible)
            mine = Intensity(taken, days, mg, meant_days)
            expected[key] = mine, mine.percent, 1
            # What is wrong is said once: pooled is what the report has of each.
            for kind, name in (("site", ledger.site), ("study", ""), *(("arm", arm) for arm in arms)):
                if kind != "arm" or len(arms) == 1:  # the days of a cycle cannot be shared out between two
                    pooled[kind, name, drug].append(given[key][0] if key in given else mine)
    for key, found in pooled.items():
        expected[key] = (whole := together(found)), whole.percent, len(found)
    return [
        Violation(
            8,
            f"dose intensity {_shown(given.get(key))}, by the ledgers {_shown(expected.get(key))}",
            " ".join(key),
        )
        for key in sorted({*given, *expected})
        if given.get(key) != expected.get(key)
    ]


def _told(line: Line) -> Told:
    assert line.given is not None
    one = line.given.intensity
    taken, meant_mg = int(one.actual_mg * 10), int(one.planned_mg * 10)
    whole = Intensity(taken, one.actual_days, meant_mg, one.planned_days)
    return whole, None if one.rdi_pct is None else f"{one.rdi_pct:.2f}", line.given_of


def _shown(told: Told | None) -> str:
    if told is None:
        return "none"
    one, percent, people = told
    return f"{percent} % ({one.taken / 10} mg in {one.days} days of {one.meant / 10} mg in {one.meant_days}, {people} people)"
