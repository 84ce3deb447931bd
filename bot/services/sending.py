"""The outbox as its senders see it: claim under a lease, send elsewhere, settle. No network call happens in here.

Claims of one account are serialised by its row, which also carries its pace, so that any number of processes together
keep the provider's limits and never write to one chat at the same time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, select, update

from bot.db.built import changed
from bot.db.outbox import OutboundMessage
from bot.db.people import Contact
from bot.errors import NotSent, Rejected, SendError, TooFast, Unclear, Unreachable
from bot.messages import Choice, Outbound, Press
from bot.services import alerts, delivery_failures, pacing, prompting, sealing, second_look, sending_rows
from bot.services.context import Ctx, Tx
from bot.services.outbox import Lane
from bot.services.pacing import Pace

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
ALERT_PAUSE = timedelta(seconds=30)  # so long an alert heeds its own wait, and no other's
A_MOMENT = timedelta(seconds=3)  # an alert is on its way within five
BACK_OFF = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=30), timedelta(seconds=60))


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed message, ready for its channel."""

    message_id: int
    attempt: int
    started_at: datetime
    outbound: Outbound
    leaves_at: float = 0.0  # not before, by the event loop's clock


async def claim(ctx: Ctx, channel: str, account: str, pace: Pace, limit: int = 20) -> list[Parcel]:
    """Take what may leave now, most urgent lane first, at most one message of each chat."""
    async with pacing.line(ctx, channel, account) as (tx, next_free_at):
        looked_at = asyncio.get_running_loop().time()
        waits = pacing.turns(tx.now, next_free_at, pace, limit)
        if not waits:
            return []
        values = {"channel": channel, "account": account, "now": tx.now, "free": len(waits)}
        found = (await tx.execute(sending_rows.CLAIMABLE, values)).all()
        rows = await second_look.may_go(tx, found)
        if not rows:
            return []
        last = waits[len(rows) - 1]
        free_at = tx.now + last + pace.interval
        chat_free_at = tx.now + last + pace.chat_interval if pace.chat_interval else None
        await _mark(
            tx, rows, chat_free_at, {"of_channel": channel, "of_account": account, "free_at": free_at}
        )
        leave = [looked_at + wait.total_seconds() for wait in waits]
        parcels = [await _parcel(tx, row, leaves_at) for row, leaves_at in zip(rows, leave, strict=False)]
        return [parcel for parcel in parcels if parcel is not None]


async def _mark(tx: Tx, rows: list[Row[Any]], chat_free_at: datetime | None, spent: dict[str, Any]) -> None:
    """They are under way, their chats wait, and the account's turns up to `free_at` are taken."""
    values = {
        "messages": [row.message_id for row in rows],
        "contacts": [row.contact_id for row in rows],
        "chat_free_at": chat_free_at,
        "lease": tx.now + LEASE,
    }
    await tx.execute(sending_rows.MARKED, values | spent)


async def _parcel(tx: Tx, row: Row[Any], leaves_at: float) -> Parcel | None:
    """None when the person's key was destroyed: there is nothing left to send, nor anybody to send it to."""
    if not (await sealing.unlock(tx, row.text_key) and await sealing.unlock(tx, row.address_key)):
        await _set(tx, row.message_id, state="cancelled", settled_at=tx.now)
        return None
    content = json.loads(await _open(tx, row.text_key, row.text_id, "outbound", row.text))
    outbound = Outbound(
        address=(await _open(tx, row.address_key, row.address_id, "address", row.address)).decode(),
        text=content["text"],
        choices=tuple(
            Choice(label, Press.parse(data) if data else None, url) for label, data, url in content["choices"]
        ),
        subject=content["subject"],
        edits=row.edits or "",
        message_key=f"m{row.message_id}",
    )
    return Parcel(row.message_id, row.attempts + 1, tx.now, outbound, leaves_at)


async def _open(tx: Tx, key_id: uuid.UUID, sealed_id: uuid.UUID, kind: str, ciphertext: bytes) -> bytes:
    return tx.ctx.keyring.unseal(key_id, sealed_id, kind, ciphertext)


async def settle(ctx: Ctx, parcel: Parcel, result: str | SendError) -> None:
    """Write down what came of a parcel: the provider's id, or the error that says what to do next."""
    async with ctx.begin_with(sending_rows.UNDER_WAY, {"message": parcel.message_id}) as (tx, row):
        if row.message_id is None or row.attempts != parcel.attempt:
            return  # its lease ran out meanwhile: it stands as unknown, and stays so
        if isinstance(result, str):
            await tx.execute(
                sending_rows.SENT, _tried(tx, row, parcel.started_at, "sent") | {"provider_id": result}
            )
            if row.token is not None and row.edits is None:
                await prompting.arrived(tx, row)
            return
        outcome, code = _outcome(result)
        await tx.execute(sending_rows.ATTEMPTED, _tried(tx, row, parcel.started_at, outcome, code))
        await _not_delivered(tx, row, result)


def _outcome(error: SendError) -> tuple[str, str | None]:
    names = {NotSent: "not_sent", TooFast: "too_fast", Unreachable: "unreachable", Rejected: "rejected"}
    return names.get(type(error), "unknown"), error.code


async def _not_delivered(tx: Tx, row: Row[Any], error: SendError) -> None:
    match error:
        case TooFast():
            wait = timedelta(seconds=error.retry_after_seconds)
            await tx.execute(
                update(Contact).where(Contact.contact_id == row.contact_id).values(held_until=tx.now + wait)
            )
            own = wait if row.lane != Lane.ALERT else min(wait, ALERT_PAUSE)
            await _put_off(tx, row, own)
        case NotSent():
            step = min(row.attempts, len(BACK_OFF)) if row.lane else 1  # alerts are never put off for long
            await _put_off(tx, row, BACK_OFF[step - 1])
        case Unreachable() | Rejected():
            await _set(tx, row.message_id, state="refused", settled_at=tx.now)
            await delivery_failures.refused(tx, row, lost=isinstance(error, Unreachable))
        case Unclear() | _:
            await _unknown(tx, row)


async def _put_off(tx: Tx, row: Row[Any], pause: timedelta) -> None:
    """Tried again after a pause. An alert that this keeps from its reader for long is told by another channel too."""
    await _set(tx, row.message_id, state="queued", send_after=tx.now + pause)
    if row.purpose == "staff_alert" and (row.attempts > 1 or pause > A_MOMENT):
        await alerts.turned_away(tx, row)


async def _unknown(tx: Tx, row: Row[Any], *, at_once: bool = False) -> None:
    await _set(tx, row.message_id, state="unknown", settled_at=tx.now)
    if row.repeat_if_unknown:
        await delivery_failures.repeat(tx, row, at_once=at_once)


async def sweep(ctx: Ctx) -> int:
    """Settle what no sender will: leases that ran out are unknown, messages past their limit expired."""
    async with ctx.begin() as tx:
        await tx.execute(
            update(OutboundMessage)
            .where(and_(OutboundMessage.state == "queued", OutboundMessage.expires_at <= tx.now))
            .values(state="expired", settled_at=tx.now)
        )
        rows = (
            await tx.execute(
                select(OutboundMessage)
                .where(OutboundMessage.state == "sending", OutboundMessage.lease_until <= tx.now)
                .limit(100)
                .with_for_update(skip_locked=True)
            )
        ).all()
        for row in rows:
            tried = _tried(tx, row, row.lease_until - LEASE, "unknown", "lease_expired")
            await tx.execute(sending_rows.ATTEMPTED, tried)
            await _unknown(tx, row, at_once=True)  # a minute has passed already
        return len(rows)


def _tried(tx: Tx, row: Row[Any], began: datetime, what: str, why: str | None = None) -> dict[str, Any]:
    """An attempt and what came of it, for `sending_rows.ATTEMPTED`."""
    return {
        "message": row.message_id, "attempt": row.attempts, "began": began, "now": tx.now, "what": what, "why": why,
    }  # fmt: skip


async def _set(tx: Tx, message_id: int, **values: object) -> None:
    await tx.do(*changed(OutboundMessage.message_id, message_id, values))
