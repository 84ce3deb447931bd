"""The figures of a ledger written by hand, counted twice: by the report and by a second, plain program."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from bot.reports.compliance import Compliance, compliance
from bot.reports.fields import line_fields
from bot.reports.lines import Line
from tests.reports.counted_by_hand import Entry, counts, entries, grouped, intensity
from tests.reports.pen import STUDY, Hold, Pen, due, house, writing
from tests.support.house import Town
from tests.support.snapshots import once

AS_OF = datetime(2026, 12, 2, 12, tzinfo=UTC)
STATUS = {
    "taken": "taken_in_window",
    "early": "taken_early",
    "late": "taken_late",
    "not": "missed",
    "held": "held",
}


@pytest.fixture
async def report(unmade_url: str) -> Compliance:
    async with house(unmade_url, AS_OF) as town:
        await once(town.ctx, "the ledger written", lambda: write(town))
        async with town.ctx.begin() as tx:
            return await compliance(tx, STUDY, as_of=AS_OF)


async def write(town: Town) -> None:
    async with writing(town) as pen:
        await pen.site("BEI")
        people = {entry.subject: entry for entry in entries()}
        ids = {subject: await pen.participant(subject, one.arm, one.site) for subject, one in people.items()}
        for participant_id in ids.values():
            await pen.cycle(participant_id, 2, date(2026, 11, 30), due(20))
        # The hold behind the two held doses: of days 9 and 11.
        hold_id = await pen.fact(
            Hold, ids["TST-002"], due(9), drug="lenalidomide", effective_from=due(9), confirmed=True
        )
        await pen.resumed(ids["TST-002"], hold_id, due(12))
        for entry in entries():
            await _entry(pen, ids[entry.subject], entry)


async def _entry(pen: Pen, participant_id: int, entry: Entry) -> None:
    dose_id = await pen.dose(participant_id, entry.drug, entry.cycle, entry.day, entry.due)
    if entry.prompted:
        await pen.asked(participant_id, [dose_id], entry.due)
    if entry.judged == "-":
        return
    at = entry.due + timedelta(hours=1)
    taken = entry.judged in ("taken", "early", "late") or entry.extra
    reason = None if entry.reason == "-" else entry.reason
    if entry.judged != "held" or taken:
        status = "taken" if taken else "not_taken"
        await pen.said(participant_id, dose_id, entry.drug, status, at, reason=reason)
    await pen.judged(dose_id, STATUS[entry.judged], at, entry.extra)


def same(line: Line, expected: dict[str, object]) -> None:
    found = {
        name: str(value) if isinstance(value, Decimal) else value for name, value in line_fields(line).items()
    }
    zero = {name: 0 for name in found if name.startswith("reason_")}
    names = ("held", "in_window", "late", "missed", "unanswered", "not_asked", "open", "extra", "early")
    whole = zero | dict.fromkeys(names, 0) | expected
    assert {name: found[name] for name in whole} == whole


def test_each_cycle(report: Compliance) -> None:
    cells = grouped(lambda entry: (entry.subject, entry.drug, entry.cycle))
    assert {(line.subject_id, line.drug, line.cycle) for line in report.cycles} == set(cells)
    for line in report.cycles:
        same(line, counts(cells[line.subject_id, line.drug, line.cycle], AS_OF))


@pytest.mark.parametrize("kind", ["participant", "site", "arm", "study"])
def test_each_total(report: Compliance, kind: str) -> None:
    lines = {
        "participant": report.people,
        "site": report.sites,
        "arm": report.arms,
        "study": report.study,
    }[kind]
    key = {"participant": "subject", "site": "site", "arm": "arm"}.get(kind)
    groups = grouped(lambda entry: (getattr(entry, key) if key else "",))
    assert len(lines) == sum(1 + len({entry.drug for entry in own}) for own in groups.values())
    for line in lines:
        name = {"participant": line.subject_id, "site": line.site, "arm": line.arm, "study": ""}[kind]
        own = [entry for entry in groups[name,] if line.drug in ("", entry.drug)]
        expected = counts(own, AS_OF) | {"participants": len({entry.subject for entry in own})}
        same(line, expected | ({"rdi_pct": intensity(own, line.drug)} if line.drug else {}))


def test_some_figures_as_worked_out_on_paper(report: Compliance) -> None:
    """So that both programs cannot be wrong in the same way."""
    lines = {(line.kind, line.subject_id, line.drug): line for line in (*report.people, *report.study)}
    person = lines["participant", "TST-002", "lenalidomide"]
    assert person.tally.planned == 11
    assert str(person.tally.adherence_pct) == "55.56"  # 5 of 11 - 2
    assert str(person.tally.adherence_answered_pct) == "71.43"  # 5 of 5 + 2
    assert person.given is not None
    assert str(person.given.intensity.rdi_pct) == "27.27"  # 6 x 25 mg in 56 days; planned 550 mg in 56 days
    assert person.given.running
    whole = lines["study", "", ""].tally
    assert (whole.planned, whole.held, whole.in_window, whole.late, whole.missed) == (23, 2, 9, 2, 4)
    assert (whole.unanswered, whole.not_asked, whole.open, whole.extra) == (3, 1, 2, 2)
    assert str(whole.adherence_pct) == "52.38"  # 11 of 23 - 2
