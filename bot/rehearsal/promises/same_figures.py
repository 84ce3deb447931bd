"""The compliance figures equal those that a plain program computes from the virtual people's ledgers.

Each person's arm, medicine and cycle by itself; then the totals of people, sites, arms and the study, added up from those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from bot.db.inbox import InboxMessage
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.rehearsal.ledger import Ledger
from bot.rehearsal.plain.figures import (
    NUMBERS,
    Count,
    Numbers,
    Place,
    added,
    counts,
    on_its_word,
    share,
)
from bot.rehearsal.promises.same_intensity import Key, intensities, key_of
from bot.reports.compliance import Compliance, compliance
from bot.reports.lines import Line

ON_ITS_WORD = "acts on a screen that a fault had left behind, counted as the product says that it heard them"
NOTHING = (0,) * len(NUMBERS)


@dataclass(slots=True)
class Counted:
    """One person: what stands in each place, and the tenths of milligrams by medicine that go with it."""

    ledger: Ledger
    numbers: dict[Place, Numbers] = field(default_factory=dict)
    swallowed: dict[str, set[int]] = field(default_factory=dict)


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        report = await compliance(tx, evidence.study, as_of=evidence.as_of)
        rows = await tx.all(select(InboxMessage.external_id, InboxMessage.outcome))
    fates = {row.external_id: row.outcome or "" for row in rows}
    return compare(evidence, report, fates)


def compare(evidence: Evidence, report: Compliance, fates: dict[str, str]) -> Findings:
    found = Findings()
    told: defaultdict[str, dict[Place, Numbers]] = defaultdict(dict)
    for line in report.cycles:
        told[line.subject_id][line.arm, line.drug, line.cycle or 0] = _numbers(line)
    people = []
    for one in evidence.ledgers:
        mine = counts(one, evidence.as_of, fates) if one.participant_id else {}
        found.allowed["doses that a fault left open"] += sum(len(count.either) for count in mine.values())
        found.allowed[ON_ITS_WORD] += on_its_word(one)
        people.append(_person(found, one, mine, told[one.subject_id]))
    lines = (*report.people, *report.sites, *report.arms, *report.study)
    found.violations += _totals(people, lines)
    swallowed = [(one.ledger, one.swallowed) for one in people]
    found.violations += intensities(swallowed, lines, evidence.as_of)
    for line in lines:
        found.checked += 1
        found.violations += _percentages(line)
    return found


def _person(
    found: Findings, ledger: Ledger, mine: Mapping[Place, Count], theirs: Mapping[Place, Numbers]
) -> Counted:
    """What is wrong is said once: the totals are added up from what the report has."""
    person = Counted(ledger)
    for place in sorted({*mine, *theirs}):
        found.checked += 1
        possible, given = mine.get(place, Count()).possible(), theirs.get(place, NOTHING)
        right = {sum_ for sum_ in possible if sum_[0] == given}
        if not right:
            where = f"{ledger.subject_id} {place[0]} {place[1]} cycle {place[2]}"
            found.violations.append(_differs(given, min(possible)[0], where))
        person.numbers[place] = given
        before = person.swallowed.get(place[1], {0})
        person.swallowed[place[1]] = {one + more for one in before for _, more in right or possible}
    return person


def _totals(people: Iterable[Counted], lines: Iterable[Line]) -> list[Violation]:
    sums: defaultdict[Key, Numbers] = defaultdict(lambda: NOTHING)
    for one in people:
        for (arm, drug, _), numbers in one.numbers.items():
            groups = (
                ("participant", one.ledger.subject_id),
                ("site", one.ledger.site),
                ("arm", arm),
                ("study", ""),
            )
            for kind, name in groups:
                for of in ("", drug):
                    sums[kind, name, of] = added(sums[kind, name, of], numbers)
    given = {key_of(line): _numbers(line) for line in lines}
    return [
        _differs(given.get(key, NOTHING), sums[key], " ".join(key))
        for key in sorted({*sums, *given})
        if given.get(key, NOTHING) != sums[key]
    ]


def _numbers(line: Line) -> Numbers:
    return tuple(getattr(line.tally, name) for name in NUMBERS)


def _differs(theirs: Numbers, mine: Numbers, where: str) -> Violation:
    differing = [
        f"{name} {one}, by the ledgers {other}"
        for name, one, other in zip(NUMBERS, theirs, mine, strict=True)
        if one != other
    ]
    return Violation(8, "; ".join(differing), where)


def _percentages(line: Line) -> list[Violation]:
    tally = line.tally
    taken = tally.in_window + tally.late
    expected = {
        "adherence_pct": share(taken, tally.planned - tally.held),
        "adherence_answered_pct": share(taken, taken + tally.missed),
        "on_time_pct": share(tally.in_window, taken),
    }
    where = f"{line.kind} {line.site} {line.subject_id} {line.arm} {line.drug}"
    given = {name: getattr(tally, name) for name in expected}
    return [
        Violation(8, f"{name} is {given[name]}, not {value}", where)
        for name, value in expected.items()
        if (None if given[name] is None else f"{given[name]:.2f}") != value
    ]
