"""The compliance figures equal those that a plain program computes from the virtual people's ledgers."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from bot.db.inbox import InboxMessage
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.rehearsal.plain.figures import NUMBERS, Count, add, counts, share
from bot.reports.compliance import compliance
from bot.reports.lines import Line


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        report = await compliance(tx, evidence.study, as_of=evidence.as_of)
        rows = await tx.all(select(InboxMessage.external_id, InboxMessage.outcome))
    fates = {row.external_id: row.outcome or "" for row in rows}
    told = {(line.subject_id, line.drug): line for line in report.people if line.drug}
    found = Findings()
    for one in evidence.ledgers:
        mine = counts(one, evidence.as_of, fates) if one.participant_id else {}
        drugs = set(mine) | {drug for subject, drug in told if subject == one.subject_id}
        for drug in sorted(drugs):
            line = told.get((one.subject_id, drug))
            found.checked += 1
            found.allowed["doses that a fault left open"] += len(mine.get(drug, Count()).either)
            where = f"{one.subject_id} {drug}"
            found.violations += _compare(mine.get(drug, Count()), line, where)
    for line in (*report.people, *report.sites, *report.arms, *report.study):
        found.violations += _percentages(line)
    return found


def _compare(mine: Count, line: Line | None, where: str) -> list[Violation]:
    theirs = {name: getattr(line.tally, name) if line else 0 for name in NUMBERS}
    possible = {_numbers(mine.sure)}
    for _, options in mine.either:
        possible = {_with(numbers, category) for numbers in possible for category in options}
    if tuple(theirs[name] for name in NUMBERS) in possible:
        return []
    sure = dict(zip(NUMBERS, min(possible), strict=True))
    differing = [
        f"{name} {theirs[name]}, by the ledgers {sure[name]}"
        for name in NUMBERS
        if theirs[name] != sure[name]
    ]
    return [Violation(8, "; ".join(differing) or "differs", where)]


def _numbers(count: Counter[str]) -> tuple[int, ...]:
    return tuple(count[name] for name in NUMBERS)


def _with(numbers: tuple[int, ...], category: str) -> tuple[int, ...]:
    more = Counter(dict(zip(NUMBERS, numbers, strict=True)))
    add(more, category)
    return _numbers(more)


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
