"""An address that refuses an alert: the next on the list is called at once, unless somebody else has it or may get it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.db.alerts import AlertStep
from bot.db.sites import Site
from bot.errors import Rejected, SendError, Unclear, Unreachable
from bot.services import deployment, firing, sending, timers
from bot.services.alerts import Cause, on_call, raise_alert
from bot.services.context import Ctx
from bot.services.enrolment import NewStaff, add_staff
from bot.services.pacing import UNPACED
from bot.services.sending import Parcel
from tests.services.conftest import BEFORE_FIRST_DOSE
from tests.support.house import Town, enrolled

A_SECOND = timedelta(seconds=1)


async def raised(town: Town, tier: str) -> None:
    """By somebody of a site with a nurse and a coordinator."""
    person = await enrolled(town)
    async with town.ctx.begin() as tx:
        await add_staff(tx, NewStaff(town.site, "coordinator", "协调员", "second@example.org", "en"), "test")
        cause = Cause(person.participant_id, "symptom", tier, "a_rule@1", "cause:1")  # type: ignore[arg-type]  # a word of a table
        assert await raise_alert(tx, cause) is not None


async def leaving(ctx: Ctx) -> list[Parcel]:
    """What may go by mail within this second, with the timers that are due fired before."""
    while await timers.fire_next(ctx, firing.FIRE):
        pass
    return await sending.claim(ctx, "email", "none", UNPACED)


async def steps(ctx: Ctx) -> list[tuple[str, str | None]]:
    async with ctx.begin() as tx:
        rows = await tx.all(select(AlertStep).order_by(AlertStep.alert_step_id))
        people = await on_call(tx, await tx.scalar(select(Site.site_id)))
    roles = {f"staff:{one.staff_id}": one.role for one in people}
    return [(row.step, roles.get(row.outcome or "", row.outcome)) for row in rows]


@pytest.mark.parametrize("refusal", [Rejected("550"), Unreachable("403")])
async def test_an_urgent_alert_that_is_refused_goes_to_the_next_at_once(
    town: Town, refusal: SendError
) -> None:
    await raised(town, "urgent")
    [first] = await leaving(town.ctx)
    await sending.settle(town.ctx, first, refusal)
    [second] = await leaving(town.ctx)
    assert second.outbound.address == "second@example.org"
    assert (await steps(town.ctx))[-1] == ("escalated", "coordinator")


async def test_who_may_have_it_is_asked_again_first(town: Town) -> None:
    await raised(town, "urgent")
    [first] = await leaving(town.ctx)
    await sending.settle(town.ctx, first, Unclear("timeout"))
    assert await leaving(town.ctx) == []
    await deployment.set_virtual_now(town.ctx, BEFORE_FIRST_DOSE + timedelta(seconds=31))
    [again] = await leaving(town.ctx)
    assert again.outbound.address == first.outbound.address
    await sending.settle(town.ctx, again, Rejected("550"))
    [second] = await leaving(town.ctx)
    assert second.outbound.address == "second@example.org"


async def test_an_emergency_that_another_has_needs_nobody_more(town: Town) -> None:
    await raised(town, "emergency")
    first, second = await leaving(town.ctx)
    await sending.settle(town.ctx, second, "1")
    await sending.settle(town.ctx, first, Rejected("550"))
    assert await leaving(town.ctx) == []
    assert [name for name, _ in await steps(town.ctx)] == ["told"]
