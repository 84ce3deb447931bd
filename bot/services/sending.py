"""The outbox as its senders see it: claim under a lease, send elsewhere, settle. No network call happens in here.

Claims of one account are serialised by its row, which also carries its pace, so that any number of processes together
keep the provider's limits and never write to one chat at the same time.
"""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    Row,
    and_,
    bindparam,
    exists,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import aliased

from bot.db.built import changed
from bot.db.outbox import DeliveryAttempt, OutboundMessage
from bot.db.people import Contact
from bot.db.privacy import Sealed
from bot.errors import NotSent, Rejected, SendError, TooFast, Unclear, Unreachable
from bot.messages import Choice, Outbound, Press
from bot.services import delivery_failures, pacing, prompting, sealing, second_look
from bot.services.context import Ctx, Tx
from bot.services.outbox import Lane
from bot.services.pacing import Pace

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
ALERT_PAUSE = timedelta(seconds=30)  # so long an alert heeds its own wait, and no other's
BACK_OFF = (timedelta(seconds=2), timedelta(seconds=10), timedelta(seconds=30), timedelta(seconds=60))


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed message, ready for its channel."""

    message_id: int
    attempt: int
    started_at: datetime
    outbound: Outbound
    wait: timedelta = timedelta(0)  # it may not leave before so long after the claim


async def claim(ctx: Ctx, channel: str, account: str, pace: Pace, limit: int = 20) -> list[Parcel]:
    """Take what may leave now, most urgent lane first, at most one message of each chat."""
    async with ctx.begin() as tx:
        line = await pacing.line(tx, channel, account)
        waits = pacing.turns(tx.now, line.next_free_at, pace, limit)
        if not waits:
            return []
        values = {"channel": channel, "account": account, "now": tx.now, "free": len(waits)}
        found = (await tx.execute(_CLAIMABLE, values)).all()
        rows = await second_look.may_go(tx, found)
        if not rows:
            return []
        last = waits[len(rows) - 1]
        await _mark(tx, rows, last + pace.chat_interval if pace.chat_interval else None)
        await pacing.spend(tx, line, tx.now + last, pace)
        parcels = [await _parcel(tx, row, wait) for row, wait in zip(rows, waits, strict=False)]
        return [parcel for parcel in parcels if parcel is not None]


_m = aliased(OutboundMessage, name="m")
_other = aliased(OutboundMessage, name="other")
_text, _address, _edited = (
    aliased(Sealed, name="t"),
    aliased(Sealed, name="a"),
    aliased(OutboundMessage, name="e"),
)
_now: BindParameter[datetime] = bindparam("now")
_CLAIMABLE = (
    select(
        _m.message_id,
        _m.contact_id,
        _m.attempts,
        _m.participant_id,
        _m.pushed,
        _m.created_at,
        _text.key_id.label("text_key"),
        _text.sealed_id.label("text_id"),
        _text.ciphertext.label("text"),
        _address.key_id.label("address_key"),
        _address.sealed_id.label("address_id"),
        _address.ciphertext.label("address"),
        _edited.provider_id.label("edits"),
    )
    .join(Contact, Contact.contact_id == _m.contact_id)
    .join(_text, _text.sealed_id == _m.sealed_id)
    .join(_address, _address.sealed_id == Contact.address_sealed)
    .outerjoin(_edited, _edited.message_id == _m.edits)
    .where(
        _m.state == "queued",
        _m.channel == bindparam("channel"),
        _m.account == bindparam("account"),
        _m.send_after <= _now,
        _m.expires_at > _now,
        or_(_m.lane == Lane.ALERT, Contact.held_until.is_(None), Contact.held_until <= _now),
        or_(Contact.next_send_at.is_(None), Contact.next_send_at <= _now),
        ~exists(literal(1)).where(_other.contact_id == _m.contact_id, _other.state == "sending"),
        ~exists(literal(1)).where(
            _other.contact_id == _m.contact_id,
            _other.state == "queued",
            _other.send_after <= _now,
            _other.expires_at > _now,
            tuple_(_other.lane, _other.message_id) < tuple_(_m.lane, _m.message_id),
        ),
    )
    .order_by(_m.lane, _m.message_id)
    .limit(bindparam("free"))
    .with_for_update(of=_m, skip_locked=True)
)


async def _mark(tx: Tx, rows: list[Row[Any]], chat_waits: timedelta | None) -> None:
    ids = [row.message_id for row in rows]
    await tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.message_id.in_(ids))
        .values(state="sending", lease_until=tx.now + LEASE, attempts=OutboundMessage.attempts + 1)
    )
    if chat_waits is not None:
        await tx.execute(
            update(Contact)
            .where(Contact.contact_id.in_([row.contact_id for row in rows]))
            .values(next_send_at=tx.now + chat_waits)
        )


async def _parcel(tx: Tx, row: Row[Any], wait: timedelta) -> Parcel | None:
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
    return Parcel(row.message_id, row.attempts + 1, tx.now, outbound, wait)


async def _open(tx: Tx, key_id: uuid.UUID, sealed_id: uuid.UUID, kind: str, ciphertext: bytes) -> bytes:
    return tx.ctx.keyring.unseal(key_id, sealed_id, kind, ciphertext)


async def settle(ctx: Ctx, parcel: Parcel, result: str | SendError) -> None:
    """Write down what came of a parcel: the provider's id, or the error that says what to do next."""
    async with ctx.begin() as tx:
        row = await tx.first(
            select(OutboundMessage)
            .where(OutboundMessage.message_id == parcel.message_id, OutboundMessage.state == "sending")
            .with_for_update()
        )
        if row is None or row.attempts != parcel.attempt:
            return  # its lease ran out meanwhile: it stands as unknown, and stays so
        outcome, code = _outcome(result)
        await _attempt(tx, row, parcel.started_at, outcome, code)
        if isinstance(result, str):
            await _set(tx, row.message_id, state="sent", provider_id=result, settled_at=tx.now)
            if row.token is not None and row.edits is None:
                await prompting.arrived(tx, row)
        else:
            await _not_delivered(tx, row, result)


def _outcome(result: str | SendError) -> tuple[str, str | None]:
    if isinstance(result, str):
        return "sent", None
    names = {NotSent: "not_sent", TooFast: "too_fast", Unreachable: "unreachable", Rejected: "rejected"}
    return names.get(type(result), "unknown"), result.code


async def _not_delivered(tx: Tx, row: Row[Any], error: SendError) -> None:
    match error:
        case TooFast():
            wait = timedelta(seconds=error.retry_after_seconds)
            await tx.execute(
                update(Contact).where(Contact.contact_id == row.contact_id).values(held_until=tx.now + wait)
            )
            own = wait if row.lane != Lane.ALERT else min(wait, ALERT_PAUSE)
            await _set(tx, row.message_id, state="queued", send_after=tx.now + own)
        case NotSent():
            step = min(row.attempts, len(BACK_OFF)) if row.lane else 1  # alerts are never put off for long
            await _set(tx, row.message_id, state="queued", send_after=tx.now + BACK_OFF[step - 1])
        case Unreachable() | Rejected():
            await _set(tx, row.message_id, state="refused", settled_at=tx.now)
            await delivery_failures.refused(tx, row, lost=isinstance(error, Unreachable))
        case Unclear() | _:
            await _unknown(tx, row)


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
            await _attempt(tx, row, row.lease_until - LEASE, "unknown", "lease_expired")
            await _unknown(tx, row, at_once=True)  # a minute has passed already
        return len(rows)


async def _attempt(tx: Tx, row: Row[Any], started_at: datetime, outcome: str, code: str | None) -> None:
    await tx.execute(
        insert(DeliveryAttempt).values(
            message_id=row.message_id,
            number=row.attempts,
            started_at=started_at,
            finished_at=tx.now,
            outcome=outcome,
            code=code,
        )
    )


async def _set(tx: Tx, message_id: int, **values: object) -> None:
    await tx.do(*changed(OutboundMessage.message_id, message_id, values))
