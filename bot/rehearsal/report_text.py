"""The report of a rehearsal for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.rehearsal.outcome import Outcome
from bot.rehearsal.tallies import by_tier

MOST_SHOWN, WIDTH = 10, 110


def lines(outcome: Outcome) -> Iterator[str]:
    setting = outcome.setting
    yield (
        f"{setting['study']}: {setting['participants']} people, {setting['length']}, seed {setting['seed']}, "
        f"{setting['zone']}, faults: {setting['faults']}"
    )
    order = f", order of events {outcome.fingerprint}" if outcome.fingerprint else ""
    yield f"{outcome.seconds:.0f} s, {outcome.pace}{order}"
    yield from _counted("", outcome.figures)
    yield from _clocks(outcome)
    yield from _counted("What was played", outcome.played)
    yield from _counted("Ordered or begun, and not carried out", outcome.undone)
    yield from _counted("Faults that struck", outcome.faults)
    yield from _promises(outcome)
    yield ""
    if outcome.never:
        never = f"Never played, so that nothing is known about it: {', '.join(map(_words, outcome.never))}."
        yield from textwrap.wrap(never, WIDTH)
    yield "Every promise held." if not outcome.violations else f"{outcome.violations} violations."


def _words(name: str) -> str:
    return name.replace("_", " ")


def _counted(heading: str, counts: Mapping[str, int | float | None]) -> Iterator[str]:
    if counts:
        yield ""
    if counts and heading:
        yield heading
    for name, value in counts.items():
        yield f"  {_words(name):44} {'-' if value is None else value}"


def _clocks(outcome: Outcome) -> Iterator[str]:
    """Minutes until somebody took an alert in hand."""
    if not outcome.waited:
        return
    yield ""
    yield "Alerts, until taken       raised  taken  median min  worst min  allowed min  in time  late or never"
    for tier, of in by_tier(outcome.waited).items():
        raised, taken, half, worst, allowed, kept, late = ("-" if one is None else one for one in of.values())
        yield f"  {tier:22} {raised:7} {taken:6} {half:>11} {worst:>10} {allowed:12} {kept:8} {late:14}"


def _promises(outcome: Outcome) -> Iterator[str]:
    yield ""
    yield "Promises                                                                        checked  violations"
    for promise in outcome.promises:
        broken = promise["violations"]
        yield f"{promise['number']}. {promise['title'][:75]:76} {promise['checked']:7}  {len(broken):10}"
        for what, times in promise["allowed"].items():
            yield f"     listed: {what} ({times})"
        yield from _broken(broken)


def violations(outcome: Outcome) -> Iterator[str]:
    """Of a town, as soon as it is over: whoever watches can begin to look before the others end."""
    for promise in outcome.promises:
        yield from (f"{promise['number']}.{line[4:]}" for line in _broken(promise["violations"]))


def _broken(violations: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in violations[:MOST_SHOWN]:
        yield f"     VIOLATION {one['what']} | {one['where']} | {one['at'] or ''}"
    if len(violations) > MOST_SHOWN:
        yield f"     and {len(violations) - MOST_SHOWN} more"
