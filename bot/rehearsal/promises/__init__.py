"""What a study is promised, counted from ledgers against the database. One file for each promise."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.rehearsal.evidence import Evidence, Findings
from bot.rehearsal.promises import (
    after_restore,
    alerts_in_time,
    chains_hold,
    neutral_pushes,
    nothing_unsolicited,
    one_prompt,
    recorded_once,
    same_figures,
    walls_hold,
)


@dataclass(frozen=True, slots=True)
class Promise:
    number: int
    title: str
    count: Callable[[Evidence], Awaitable[Findings]]


PROMISES = (
    Promise(1, "What was acknowledged is recorded once and handled in order", recorded_once.count),
    Promise(
        2, "Every planned dose is asked about once, or the reason why not is on record", one_prompt.count
    ),
    Promise(3, "Nothing comes unasked when it must not, and nothing comes twice", nothing_unsolicited.count),
    Promise(
        4, "Whoever needs somebody has an alert on its way within seconds, and it ends", alerts_in_time.count
    ),
    Promise(5, "No site sees another's people", walls_hold.count),
    Promise(6, "Audit chains and seals hold", chains_hold.count),
    Promise(7, "No forbidden word in any push", neutral_pushes.count),
    Promise(8, "The figures are those of a plain second program", same_figures.count),
    Promise(
        9,
        "After a restore nothing old goes out, staff see the gap, questions come again",
        after_restore.count,
    ),
)
