"""The report of a rehearsal as one page without scripts: what was played, the weeks as plots, and each promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from bot.rehearsal.outcome import Outcome
from bot.rehearsal.tallies import by_tier

WIDTH, HEIGHT = 640, 120
STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}"
    ".n{text-align:right}.bad{color:#a00;font-weight:bold}.good{color:#060}svg{background:#f6f6f6}"
)
NOT_TO_MISS = ("What was played", "Faults that struck")
PLOTS = {
    "planned": "Planned doses by week",
    "acts": "What people did, by week",
    "alerts": "Alerts by week",
    "faults": "Faults by week",
}


def page(outcome: Outcome) -> str:
    setting = outcome.setting
    title = f"Rehearsal of {setting['study']}"
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>",
        f"<h1>{escape(title)}</h1><p>",
        escape(
            f"{setting['participants']} people, {setting['length']}, seed {setting['seed']}, {setting['zone']}, "
            f"faults: {setting['faults']}. {outcome.seconds:.0f} s, {outcome.pace}. "
            + (f"Order of events: {outcome.fingerprint}." if outcome.fingerprint else "")
        ),
        "</p><h2>Promises</h2>",
        *_promises(outcome),
        *_counted("Figures", outcome.figures),
        *_clocks(outcome),
        *(_plot(outcome, name, heading) for name, heading in PLOTS.items()),
        *_counted("What was played", outcome.played),
        *_counted("Ordered or begun, and not carried out", outcome.undone),
        *_counted("Faults that struck", outcome.faults),
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _counted(heading: str, counts: Mapping[str, int | float | None]) -> Iterator[str]:
    """A kind of which there was none stands out: nothing is known about it."""
    if not counts:
        return
    yield f"<h2>{escape(heading)}</h2><table>"
    for name, value in counts.items():
        never = " class=bad" if value == 0 and heading in NOT_TO_MISS else ""
        yield f"<tr{never}><td>{escape(name.replace('_', ' '))}<td class=n>{'-' if value is None else value}"
    yield "</table>"


def _clocks(outcome: Outcome) -> Iterator[str]:
    if not outcome.waited:
        return
    tiers = by_tier(outcome.waited)
    yield "<h2>Alerts, until somebody took them in hand</h2><table><tr><th>"
    yield "".join(f"<th class=n>{escape(name.replace('_', ' '))}" for name in tiers["urgent"])
    for tier, of in tiers.items():
        yield f"<tr><td>{tier}" + "".join(f"<td class=n>{'-' if one is None else one}" for one in of.values())
    yield "</table>"


def _promises(outcome: Outcome) -> Iterator[str]:
    yield "<table><tr><th><th>Promise<th class=n>checked<th class=n>violations"
    for one in outcome.promises:
        kind = "bad" if one["violations"] else "good"
        row = f"<tr><td>{one['number']}<td>{escape(one['title'])}<td class=n>{one['checked']}"
        yield f"{row}<td class='n {kind}'>{len(one['violations'])}"
        for what, times in one["allowed"].items():
            yield f"<tr><td><td>listed: {escape(what)}<td class=n>{times}<td>"
        for broken in one["violations"]:
            yield f"<tr class=bad><td><td>{escape(broken['what'])}<td colspan=2>{escape(broken['where'])}"
    yield "</table>"


def _plot(outcome: Outcome, name: str, heading: str) -> str:
    """One bar for each week."""
    values = {week: figures.get(name, 0) for week, figures in outcome.weekly.items()}
    most = max(values.values(), default=0)
    if not most:
        return ""
    step = WIDTH / max(values)
    bars = "".join(
        f"<rect x='{(week - 1) * step:.1f}' y='{HEIGHT * (1 - value / most):.1f}' width='{step * 0.8:.1f}' "
        f"height='{HEIGHT * value / most:.1f}' fill='#4a6fa5'><title>week {week}: {value}</title></rect>"
        for week, value in values.items()
        if week > 0
    )
    return (
        f"<h2>{escape(heading)}</h2><p>at most {most} in a week</p>"
        f"<svg width={WIDTH} height={HEIGHT} role=img aria-label='{escape(heading)}'>{bars}</svg>"
    )
