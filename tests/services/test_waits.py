"""A mailbox that asks to be left alone for an hour: other messages heed it, an alert tries again after a short pause."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from bot.db.outbox import OutboundMessage
from bot.db.sites import Site
from bot.errors import TooFast
from bot.services import deployment, outbox, sending
from bot.services.alerts import Cause, on_call, raise_alert
from bot.services.context import Ctx
from bot.services.outbox import Draft, Lane
from bot.services.pacing import UNPACED
from bot.services.sending import ALERT_PAUSE, Parcel
from tests.services.conftest import BEFORE_FIRST_DOSE
from tests.support.house import Town, enrolled

AN_HOUR = timedelta(hours=1)
BRIEFLY = timedelta(seconds=1)


async def leaving(ctx: Ctx, after: timedelta) -> list[Parcel]:
    """What may go by mail so long after the beginning."""
    await deployment.set_virtual_now(ctx, BEFORE_FIRST_DOSE + after)
    return await sending.claim(ctx, "email", "none", UNPACED)


async def test_a_wait_binds_what_is_no_alert_and_an_alert_only_for_a_moment(town: Town) -> None:
    ctx, wait = town.ctx, TooFast(AN_HOUR.total_seconds())
    person = await enrolled(town)
    async with ctx.begin() as tx:
        [nurse] = await on_call(tx, await tx.scalar(select(Site.site_id)))
        digest = Draft("digest", Lane.BULK, "staff.digest.subject", "one line for each", subject="digest")
        await outbox.put(tx, nurse.targets[0], digest)
    [first] = await leaving(ctx, timedelta(0))
    await sending.settle(ctx, first, wait)
    async with ctx.begin() as tx:
        cause = Cause(person.participant_id, "contact_lost", "urgent", "contact_lost@1", "lost:1")
        await raise_alert(tx, cause)
    [alert] = await leaving(ctx, BRIEFLY)
    assert alert.outbound.subject != first.outbound.subject
    await sending.settle(ctx, alert, wait)
    assert await leaving(ctx, ALERT_PAUSE) == []
    [again] = await leaving(ctx, BRIEFLY + ALERT_PAUSE)
    assert (again.message_id, again.attempt) == (alert.message_id, 2)
    await sending.settle(ctx, again, "1")
    assert await leaving(ctx, AN_HOUR) == []  # the alert was told to wait a second longer: so is the rest
    [late] = await leaving(ctx, BRIEFLY + AN_HOUR)
    assert late.message_id == first.message_id
    async with ctx.begin() as tx:
        states = await tx.all(select(OutboundMessage.state).order_by(OutboundMessage.message_id))
    assert [row.state for row in states] == ["sending", "sent"]
