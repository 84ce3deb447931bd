"""Figures of the report that are wrong in one place are found, whichever place it is; and nothing else is called wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.rehearsal import outcome as outcomes
from bot.rehearsal import rehearse
from bot.rehearsal.evidence import Evidence
from bot.rehearsal.outcome import Outcome
from bot.rehearsal.promises import same_figures
from bot.reports.compliance import Compliance, compliance
from bot.reports.lines import Line
from schedules import intensity
from tests.rehearsal.conftest import Play, broken

Change = Callable[[Line], Line]


def one_more(what: str) -> Change:
    return lambda line: replace(line, tally=replace(line.tally, **{what: getattr(line.tally, what) + 1}))


def given(**changes: Any) -> Change:
    def change(line: Line) -> Line:
        assert line.given is not None
        whole = line.given.intensity
        more = {name: getattr(whole, name) + value for name, value in changes.items()}
        return replace(line, given=replace(line.given, intensity=replace(whole, **more)))

    return change


def planted(report: Compliance, part: str, change: Change | None, *, of_drug: bool) -> Compliance:
    """One line of that part is otherwise, or is not there: the last one that is of a medicine, or of all together."""
    lines: Sequence[Line] = getattr(report, part)
    number = max(at for at, line in enumerate(lines) if bool(line.drug) == of_drug)
    changed = [change(lines[number])] if change else []
    parts: dict[str, Any] = {part: [*lines[:number], *changed, *lines[number + 1 :]]}
    return replace(report, **parts)


# part of the report, what is otherwise (None: the line is not there), whether of one medicine, how it is told
PLANTED: list[tuple[str, Change | None, bool, str]] = [
    ("cycles", one_more("late"), True, "cycle 1: planned"),
    ("cycles", lambda line: replace(line, cycle=2), True, "cycle 2: planned"),
    ("cycles", one_more("extra"), True, "cycle 1: extra"),
    ("people", one_more("held"), False, "participant"),
    ("people", one_more("extra"), True, "extra"),
    ("sites", one_more("missed"), False, "site"),
    ("sites", None, True, "site"),
    ("arms", one_more("unanswered"), True, "arm"),
    ("study", one_more("in_window"), False, "study"),
    ("people", given(actual_mg=Decimal(4)), True, "dose intensity"),
    ("people", given(planned_days=28), True, "dose intensity"),
    ("sites", given(actual_days=-1), True, "dose intensity"),
    ("arms", given(planned_mg=Decimal("0.1")), True, "dose intensity"),
    ("study", lambda line: replace(line, given_of=line.given_of - 1), True, "dose intensity"),
    ("study", lambda line: replace(line, given=None), True, "dose intensity"),
]


async def test_a_wrong_figure_is_found(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[list[str]] = []

    async def judge(evidence: Evidence, outcome: Outcome) -> Outcome:
        async with evidence.ctx.begin() as tx:
            report = await compliance(tx, evidence.study, as_of=evidence.as_of)
        for part, change, of_drug, _ in PLANTED:
            wrong = planted(report, part, change, of_drug=of_drug)
            findings = same_figures.compare(evidence, wrong, {})
            found.append([f"{one.where}: {one.what}" for one in findings.violations])
        with monkeypatch.context() as rounded:
            rounded.setattr(intensity, "percent", lambda part, whole: Decimal(int(100 * part / whole)))
            findings = same_figures.compare(evidence, report, {})
            assert all("dose intensity" in one.what for one in findings.violations)
            assert findings.violations
        return await outcomes.judge(evidence, outcome)

    monkeypatch.setattr(rehearse, "judge", judge)
    assert broken(await play(participants=4, days=5)) == []
    for (part, _, of_drug, words), lines in zip(PLANTED, found, strict=True):
        assert any(words in line for line in lines), (part, of_drug, words, lines)
