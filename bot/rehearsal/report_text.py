"""The report of a rehearsal for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from bot.rehearsal.outcome import Outcome

MOST_SHOWN = 10


def lines(outcome: Outcome) -> Iterator[str]:
    setting = outcome.setting
    yield (
        f"{setting['study']}: {setting['participants']} people, {setting['length']}, seed {setting['seed']}, "
        f"{setting['zone']}, faults: {setting['faults']}"
    )
    order = f", order of events {outcome.fingerprint}" if outcome.fingerprint else ""
    yield f"{outcome.seconds:.0f} s, {outcome.pace}{order}"
    yield ""
    for name, value in outcome.figures.items():
        yield f"  {name.replace('_', ' '):32} {'-' if value is None else value}"
    if outcome.faults:
        yield ""
        yield "Faults that struck"
        for kind, times in outcome.faults.items():
            yield f"  {kind.replace('_', ' '):32} {times}"
    yield ""
    yield "Promises                                                                        checked  violations"
    for promise in outcome.promises:
        broken = promise["violations"]
        yield f"{promise['number']}. {promise['title'][:75]:76} {promise['checked']:7}  {len(broken):10}"
        for what, times in promise["allowed"].items():
            yield f"     listed: {what} ({times})"
        for one in broken[:MOST_SHOWN]:
            yield f"     VIOLATION {one['what']} | {one['where']} | {one['at'] or ''}"
        if len(broken) > MOST_SHOWN:
            yield f"     and {len(broken) - MOST_SHOWN} more"
    yield ""
    yield "Every promise held." if not outcome.violations else f"{outcome.violations} violations."
