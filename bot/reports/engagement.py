"""How often people answer, week by week on study: prompts, repetitions, weekly checks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal

from bot.reports.ledger import Ledger
from bot.reports.persons import Person, week_of
from schedules.adherence import percent


@dataclass(frozen=True, slots=True)
class Week:
    """Counts of one week on study over many people. What is still open is in no rate."""

    week: int
    participants: int = 0
    prompted: int = 0
    prompts_answered: int = 0
    prompts_open: int = 0
    nudged: int = 0
    nudges_answered: int = 0
    nudges_open: int = 0
    checks_due: int = 0
    checks_asked: int = 0
    checks_answered: int = 0
    checks_open: int = 0

    @property
    def prompt_pct(self) -> Decimal | None:
        return percent(self.prompts_answered, self.prompted - self.prompts_open)

    @property
    def nudge_pct(self) -> Decimal | None:
        return percent(self.nudges_answered, self.nudged - self.nudges_open)

    @property
    def check_pct(self) -> Decimal | None:
        return percent(self.checks_answered, self.checks_asked - self.checks_open)


COUNTS = tuple(one.name for one in fields(Week) if one.name not in ("week", "participants"))


def weeks(ledger: Ledger, persons: Iterable[Person]) -> tuple[Week, ...]:
    """Weeks in which something was asked or due, the first one first."""
    counts: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    people: defaultdict[int, set[int]] = defaultdict(set)
    for person in persons:
        for week, found in [*_doses(person), *_checks(ledger, person)]:
            people[week].add(person.participant_id)
            for name, number in found.items():
                counts[week][name] += number
    return tuple(Week(week, len(people[week]), **counts[week]) for week in sorted(counts))


def _doses(person: Person) -> Iterable[tuple[int, dict[str, int]]]:
    for one in person.askings:
        found = {"prompted": 1, "prompts_answered": one.answered, "prompts_open": one.open}
        if one.nudged:
            found |= {"nudged": 1, "nudges_answered": one.answered_after_nudge, "nudges_open": one.open}
        yield one.week, {name: int(number) for name, number in found.items()}


def _checks(ledger: Ledger, person: Person) -> Iterable[tuple[int, dict[str, int]]]:
    for row in ledger.checks.get(person.participant_id, ()):
        asked = row.asked_at is not None
        answered = asked and row.answered_at is not None
        over = row.ended_at is not None and row.ended_at <= ledger.scope.as_of
        found = {
            "checks_due": True,
            "checks_asked": asked,
            "checks_answered": answered,
            "checks_open": asked and not answered and not over,
        }
        yield week_of(person.timeline, row.due_on), {name: int(number) for name, number in found.items()}
