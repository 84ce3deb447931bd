"""An address that refuses an alert: the next on the list is called at once, unless somebody else has it or may get it.

A channel that is away: who is reached by another one is told as well.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.db.alerts import Alert, AlertStep
from bot.db.outbox import OutboundMessage
from bot.db.sites import Site
from bot.errors import NotSent, Rejected, SendError, TooFast, Unclear, Unreachable
from bot.services import alert_life, deployment, firing, people, sending, timers
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


CHAT = "8001"


async def reached_by_chat_too(town: Town, email: str) -> None:
    """Somebody of the staff links a chat."""
    async with town.ctx.begin() as tx:
        contact = await people.find(tx, "email", "none", email)
        assert contact is not None and contact.staff_id is not None
        await people.add_contact(tx, "telegram", "a_bot", CHAT, contact.key_id, contact.staff_id)


async def by_chat(ctx: Ctx) -> list[str]:
    return [one.outbound.address for one in await sending.claim(ctx, "telegram", "a_bot", UNPACED)]


async def later(town: Town, after: timedelta) -> None:
    await deployment.set_virtual_now(town.ctx, BEFORE_FIRST_DOSE + after)


async def test_an_urgent_alert_goes_by_a_channel_that_is_up(town: Town) -> None:
    """Mail is away: whoever has a chat is told at the second try, once, and called again when it is his turn."""
    await raised(town, "urgent")
    await reached_by_chat_too(town, "second@example.org")
    [first] = await leaving(town.ctx)
    await sending.settle(town.ctx, first, NotSent("connect"))
    assert await by_chat(town.ctx) == []
    await later(town, 2 * A_SECOND)
    [again] = await leaving(town.ctx)
    await sending.settle(town.ctx, again, NotSent("connect"))
    assert await by_chat(town.ctx) == [CHAT]
    names = [name for name, _ in await steps(town.ctx)]
    assert names == ["told", "told"]
    await later(town, 4 * A_SECOND)
    [again] = await leaving(town.ctx)
    await sending.settle(town.ctx, again, NotSent("connect"))
    assert await by_chat(town.ctx) == []
    await later(town, timedelta(minutes=31))
    await leaving(town.ctx)
    assert (await steps(town.ctx))[-1] == ("escalated", "coordinator")


@pytest.mark.parametrize(("seconds", "told"), [(30.0, [CHAT]), (2.0, [])])
async def test_who_must_wait_long_is_not_waited_for(town: Town, seconds: float, told: list[str]) -> None:
    await raised(town, "urgent")
    await reached_by_chat_too(town, "second@example.org")
    [first] = await leaving(town.ctx)
    await sending.settle(town.ctx, first, TooFast(seconds))
    assert await by_chat(town.ctx) == told


async def test_an_alert_in_hand_is_told_nobody_else(town: Town) -> None:
    await raised(town, "urgent")
    await reached_by_chat_too(town, "second@example.org")
    [first] = await leaving(town.ctx)
    async with town.ctx.begin() as tx:
        [nurse, _] = await on_call(tx, await tx.scalar(select(Site.site_id)))
        await alert_life.acknowledge(tx, await tx.scalar(select(Alert.alert_id)), nurse.staff_id)
    await sending.settle(town.ctx, first, TooFast(30.0))
    assert await by_chat(town.ctx) == []


async def test_without_another_channel_mail_is_waited_for(town: Town) -> None:
    await raised(town, "urgent")
    [first] = await leaving(town.ctx)
    await sending.settle(town.ctx, first, TooFast(30.0))
    assert [name for name, _ in await steps(town.ctx)] == ["told"]
    await later(town, 31 * A_SECOND)
    [again] = await leaving(town.ctx)
    assert again.message_id == first.message_id


async def test_a_chat_at_which_it_still_waits_gets_no_second_one(town: Town) -> None:
    """Mail and messenger are away: when it is his turn, what was meant for his chat before has not left yet."""
    await raised(town, "urgent")
    await reached_by_chat_too(town, "second@example.org")
    for number in range(2):
        await later(town, 2 * number * A_SECOND)
        [first] = await leaving(town.ctx)
        await sending.settle(town.ctx, first, NotSent("connect"))
    await later(town, timedelta(minutes=31))
    mails = await leaving(town.ctx)
    assert (await steps(town.ctx))[-1] == ("escalated", "coordinator")
    assert "second@example.org" in [one.outbound.address for one in mails]
    async with town.ctx.begin() as tx:
        in_chat = await tx.all(select(OutboundMessage.state).where(OutboundMessage.channel == "telegram"))
    assert [row.state for row in in_chat] == ["queued"]
