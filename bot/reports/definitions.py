"""The editions of a study's rules behind a report: each dose is closed by the edition that planned it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.reports.ledger import Ledger
from schedules.study import Study, parse_study


@dataclass(frozen=True, slots=True)
class Edition:
    """One published edition of the study. `doses`, `judgements`: how many of those counted rest on it."""

    hash: str
    version: str
    effective_from: datetime
    doses: int
    judgements: int


@dataclass(frozen=True, slots=True)
class Rules:
    """`current`: in force at the as-of, else the first that was to come; None before anything was published."""

    current: Study | None
    current_hash: str
    by_hash: Mapping[str, Study]


def rules_of(ledger: Ledger) -> Rules:
    parsed = {row.hash: parse_study(row.body, f"study:{row.name}") for row in ledger.definitions}
    in_force = [row.hash for row in ledger.definitions if row.effective_from <= ledger.scope.as_of]
    key = in_force[-1] if in_force else next(iter(parsed), "")
    return Rules(parsed.get(key), key, parsed)


def editions(ledger: Ledger, rules: Rules) -> tuple[Edition, ...]:
    """The edition in force, and every other on which something counted here rests."""
    doses = [dose for own in ledger.doses.values() for dose in own]
    judged = [ledger.judgements[dose.dose_id] for dose in doses if dose.dose_id in ledger.judgements]
    found = [
        Edition(
            row.hash,
            rules.by_hash[row.hash].version,
            row.effective_from,
            sum(dose.definition == row.hash for dose in doses),
            sum(one.definition == row.hash for one in judged),
        )
        for row in ledger.definitions
    ]
    return tuple(one for one in found if one.doses or one.judgements or one.hash == rules.current_hash)
