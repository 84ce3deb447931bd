"""How often people answered, week by week on study."""

from __future__ import annotations

from datetime import date, timedelta

from bot.reports.compliance import compliance
from tests.reports.pen import STUDY, Pen, due, house, writing

HOUR = timedelta(hours=1)


async def _asked_thrice(pen: Pen, person: int) -> None:
    """Answered at once, answered after a nudge, never answered; and one more that is open at the as-of."""
    doses = [await pen.dose(person, "lenalidomide", 1, day, due(day)) for day in (1, 3, 5, 9)]
    tokens = [
        await pen.asked(person, [dose], due(day)) for dose, day in zip(doses, (1, 3, 5, 9), strict=True)
    ]
    await pen.said(person, doses[0], "lenalidomide", "taken", due(1) + HOUR)
    await pen.judged(doses[0], "taken_in_window", due(1) + HOUR)
    for (_, token), day in zip(tokens[1:3], (3, 5), strict=True):
        await pen.message(person, token, due(day) + HOUR, purpose="nudge")
    # An answer, but no word about the dose: it stays unanswered in the figures of doses.
    await pen.said(person, doses[1], "lenalidomide", "cannot_say", due(3) + 2 * HOUR)


async def test_prompts_nudges_and_checks_by_week(unmade_url: str) -> None:
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            person = await pen.participant("TST-001", "lenalidomide")
            await _asked_thrice(pen, person)
            await pen.check(person, date(2026, 11, 8), due(7), due(7, 2))
            await pen.check(person, date(2026, 11, 9), due(8), None)
            await pen.check(person, date(2026, 11, 10), None, None)
        async with town.ctx.begin() as tx:
            first, second = (await compliance(tx, STUDY, as_of=due(10))).weeks
    assert (first.week, first.participants, first.prompted, first.prompts_answered) == (1, 1, 3, 2)
    assert (first.nudged, first.nudges_answered, str(first.nudge_pct)) == (2, 1, "50.00")
    assert (str(first.prompt_pct), str(first.check_pct)) == ("66.67", "100.00")
    assert (second.week, second.prompted, second.prompts_open, second.prompt_pct) == (2, 1, 1, None)
    assert (second.checks_due, second.checks_asked, second.checks_open) == (2, 1, 1)
    assert second.check_pct is None


async def test_what_staff_record_answers_no_question(unmade_url: str) -> None:
    """The dose has its answer, the question had none."""
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            person = await pen.participant("TST-001", "lenalidomide")
            dose = await pen.dose(person, "lenalidomide", 1, 1, due(1))
            await pen.asked(person, [dose], due(1))
            told = {"as_whom": "staff_by_phone", "recorded_by": "staff:1"}
            await pen.said(person, dose, "lenalidomide", "taken", due(2), **told)
            await pen.judged(dose, "taken_late", due(2))
        async with town.ctx.begin() as tx:
            report = await compliance(tx, STUDY, as_of=due(10))
    assert str(report.study[0].tally.response_pct) == "100.00"
    assert (report.weeks[0].prompted, report.weeks[0].prompts_answered) == (1, 0)


async def test_a_nudge_after_the_answer_is_none(unmade_url: str) -> None:
    """Of two drugs in one conversation the second was nudged; the first had been answered."""
    async with house(unmade_url, due(12)) as town:
        async with writing(town) as pen:
            person = await pen.participant("TST-001", "combination")
            doses = [await pen.dose(person, drug, 1, 1, due(1)) for drug in ("ixazomib", "lenalidomide")]
            _, token = await pen.asked(person, doses, due(1))
            await pen.said(person, doses[0], "ixazomib", "taken", due(1) + HOUR)
            await pen.judged(doses[0], "taken_in_window", due(1) + HOUR)
            await pen.message(person, token, due(1) + 2 * HOUR, purpose="nudge")
        async with town.ctx.begin() as tx:
            (week,) = (await compliance(tx, STUDY, as_of=due(10))).weeks
    assert (week.prompted, week.prompts_answered, week.nudged, week.nudges_answered) == (2, 1, 1, 0)
