"""A message that cannot be handled: tried again, then put aside; its writer is told whom to call, and staff are alerted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.db.alerts import Alert
from bot.db.inbox import InboxMessage
from bot.messages import Inbound
from bot.services import handling
from bot.services.context import Tx
from tests.services.conftest import House

POISON = "这句话谁也处理不了"


async def test_it_becomes_an_alert_and_what_comes_after_it_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = handling.handle

    async def broken(tx: Tx, who: Any, inbound: Inbound, inbox_id: int) -> str:
        if inbound.text == POISON:
            raise ValueError("a bug")
        return await handle(tx, who, inbound, inbox_id)

    monkeypatch.setattr(handling, "handle", broken)
    one, two = house.people
    await house.stage.say(one.phone, POISON)
    await house.stage.say(one.phone, "帮助")
    await house.stage.say(two.phone, "帮助")
    assert await states(house, one.participant_id, 2) == ["pending", "pending"], (
        "order is kept while it is tried"
    )
    assert await states(house, two.participant_id, 1) == ["handled"], "nobody else waits for it"
    await house.stage.move_to(await house.stage.now() + timedelta(minutes=15))
    assert await states(house, one.participant_id, 2) == ["parked", "handled"]
    async with house.ctx.begin() as tx:
        alert = (await tx.all(select(Alert).filter_by(participant_id=one.participant_id)))[-1]
        aside = await tx.scalar(select(InboxMessage.inbox_id).filter_by(state="parked"))
    assert (alert.kind, alert.tier, alert.inbox_id) == ("parked", "urgent", aside)
    told = [shown.text for shown in house.stage.shown if "没有处理好" in shown.text]
    assert len(told) == 1 and "010-12345678" in told[0]


async def states(house: House, participant_id: int, most: int) -> list[str]:
    """How the last messages of one person stand, in the order in which they came."""
    query = select(InboxMessage).filter_by(participant_id=participant_id).order_by(InboxMessage.inbox_id)
    async with house.ctx.begin() as tx:
        return [str(row.state) for row in await tx.all(query)][-most:]
