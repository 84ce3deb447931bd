"""Three cycles of two dozen invented people, played ahead of time, so that the console and the report have something to show.

The database is a rehearsal while this runs and becomes a demonstration at its end: from then on real time goes on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from functools import partial

from sqlalchemy import func, select

from bot.db.alerts import Alert, AlertStep
from bot.rehearsal.cohort import NURSE, Cohort
from bot.rehearsal.hands import Hands
from bot.rehearsal.stage import Stage
from bot.rehearsal.visitors import Person
from bot.services import alert_life, decisions, deployment, digests
from bot.services.context import Ctx, Tx
from bot.services.decisions import Order
from bot.services.planning import Change
from schedules.localtime import instant, local

CYCLE = timedelta(days=28)
SEED = 7
FEWEST = 6  # with fewer people nothing but their cycles is decided
LEFT_OPEN = timedelta(days=3)  # the newest alerts wait for whoever looks at the demonstration

# How an alert stands: the last step that says so.
STANDS = func.coalesce(
    select(AlertStep.step)
    .where(
        AlertStep.alert_id == Alert.alert_id,
        AlertStep.step.in_(("acknowledged", "acted", "closed", "reopened")),
    )
    .order_by(AlertStep.alert_step_id.desc())
    .limit(1)
    .scalar_subquery(),
    "open",
)

Decide = Callable[[Tx, int, Order], Awaitable[Change]]


async def rehearse(
    ctx: Ctx,
    site: str,
    zone: str,
    until: datetime,
    people: int,
    days: int,
    tick: Callable[[], None],
    helping: Hands | None = None,
) -> None:
    """Play `days` up to `until`. `tick` is called after each day. `helping`: another process that shares the work."""
    first_day = local(until, zone).date() - timedelta(days=days)
    start = instant(first_day, time(7, 0), zone)
    await deployment.begin_rehearsal(ctx, start)
    stage = Stage(ctx)
    cohort = Cohort(stage, SEED, site, zone, helping)
    await cohort.arrive(people, first_day)
    async with ctx.begin() as tx:
        await digests.plan_all(tx)
    for number in range(1, days + 1):
        now = start + timedelta(days=number)
        await cohort.run(min(now, until))
        if number == 6:
            _decide(cohort, first_day.toordinal(), zone)
        await _work(stage, site, until)
        tick()
    await cohort.run(until)
    await deployment.end_rehearsal(ctx)


def _decide(cohort: Cohort, first_day: int, zone: str) -> None:
    """What the site is going to do with whom: cycles released on time and late, a hold, a reduction, a new arm, an end."""
    people = sorted(cohort.people.values(), key=lambda person: person.number)

    def on(day: int, hour: int, person: Person, decide: Decide, reason: str) -> None:
        when = instant(datetime.fromordinal(first_day + day).date(), time(hour, 0), zone)
        cohort.at(when, partial(_apply, cohort.stage, person, decide, reason))

    for person in people:
        for cycle in (1, 2):
            late = cohort.random.choice((0, 0, 0, 1, 3, 7))
            day = cycle * CYCLE.days + person.number % 5 + (late if cycle == 2 else 0) - 1
            when = instant(datetime.fromordinal(first_day + day).date(), time(14, 0), zone)
            cohort.at(when, partial(cohort.release, person, late))
    if len(people) < FEWEST:
        return
    lenalidomide = [person for person in people if person.arm != "ixazomib"]
    ixazomib = [person for person in people if person.arm != "lenalidomide"]
    hold, go_on = partial(decisions.hold, drug="lenalidomide"), partial(decisions.resume, drug="lenalidomide")
    on(17, 10, lenalidomide[1], hold, "toxicity")
    on(29, 10, lenalidomide[1], go_on, "recovered")
    on(30, 11, ixazomib[2], partial(decisions.set_level, drug="ixazomib", level="3mg"), "toxicity")
    on(44, 11, lenalidomide[3], partial(decisions.set_arm, arm="combination"), "physician_decision")
    on(50, 9, people[-1], partial(decisions.set_status, status="ended"), "progression")
    for person in people[5:7]:
        person.silent_from = instant(datetime.fromordinal(first_day + 78).date(), time(0, 0), zone)


async def _apply(stage: Stage, person: Person, decide: Decide, reason: str) -> None:
    async with stage.ctx.begin() as tx:
        await decide(tx, person.enrolled.participant_id, Order(NURSE, tx.now, reason))


async def _work(stage: Stage, site: str, until: datetime) -> None:
    """The nurse ends what is open, but for the last days: something is left to be done by whoever looks."""
    async with stage.ctx.begin() as tx:
        if tx.now > until - LEFT_OPEN:
            return
        for row in await tx.all(select(Alert.alert_id).where(STANDS != "closed").order_by(Alert.alert_id)):
            await alert_life.acknowledge(tx, row.alert_id, 1)
            await alert_life.close(tx, row.alert_id, 1, "settled", "电话联系，已记录。")
