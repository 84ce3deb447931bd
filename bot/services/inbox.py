"""Accept what people do, before anything else happens, and hand it on one by one, each person's in order.

`receive` returns only after the commit: from there the message cannot be lost, and only then may a channel acknowledge it.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import BigInteger, Executable, Row, bindparam, cast, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError

from bot.db.built import built, changed
from bot.db.inbox import InboxMessage
from bot.db.privacy import Sealed
from bot.messages import Inbound
from bot.services import auditing, danger, handling, meeting, people, sealing
from bot.services.context import Ctx, Tx
from bot.services.locking import CLOCK, locked_by, opening
from bot.services.packing import pack, unpack
from bot.services.together import CANDIDATES, TOGETHER, serve

log = logging.getLogger(__name__)

TRIES = 3
RETRY_AFTER = (timedelta(seconds=1), timedelta(seconds=5))


@dataclass(frozen=True, slots=True)
class Receipt:
    inbox_id: int
    lock_key: int
    fresh: bool  # False: this very message was stored before


_ROW = (
    upsert(InboxMessage)
    .values(
        **{
            name: bindparam(name)
            for name in (
                "channel",
                "account",
                "external_id",
                "contact_id",
                "participant_id",
                "correspondent_id",
                "lock_key",
                "kind",
                "sealed_id",
                "sent_at",
            )
        },
        received_at=bindparam("now"),
        next_try_at=bindparam("now"),
        state="pending",
        tries=0,
    )
    .on_conflict_do_nothing(index_elements=["channel", "account", "external_id"])
    .returning(InboxMessage.inbox_id, InboxMessage.sealed_id, InboxMessage.received_at)
    .cte("kept")
)
_INSERT = select(_ROW.c.inbox_id).add_cte(sealing.beside(_ROW, _ROW.c.received_at))


async def receive(ctx: Ctx, inbound: Inbound) -> Receipt:
    """Store one message, once. Danger words commit their alert and their answer here, before any conversation."""
    values = meeting.sought(ctx.keyring, inbound.channel, inbound.account, inbound.address)
    async with ctx.begin_with(meeting.SENDER, values) as (tx, row):
        who = await meeting.met(tx, row, values, inbound.address)
        inbox_id = await _insert(tx, who, inbound)
        if inbox_id is None:
            return Receipt(await _stored(tx, inbound), who.lock_key, False)
        await danger.respond(tx, who.contact_id, inbound, inbox_id)
        tx.woken.add("inbox")
    log.info("A message was accepted", extra={"action": "inbox_accepted", "inbox_id": inbox_id})
    return Receipt(inbox_id, who.lock_key, True)


async def _insert(tx: Tx, who: meeting.Sender, inbound: Inbound) -> int | None:
    """One statement for the row and its sealed words: neither is ever there without the other."""
    await sealing.unlock(tx, who.key_id)
    sealed_id = uuid.uuid4()
    values = {
        "channel": inbound.channel,
        "account": inbound.account,
        "external_id": inbound.external_id,
        "contact_id": who.contact_id,
        "participant_id": who.participant_id,
        "correspondent_id": who.correspondent_id,
        "lock_key": who.lock_key,
        "kind": inbound.kind.value,
        "sealed_id": sealed_id,
        "sent_at": inbound.sent_at,
        "now": tx.now,
        **sealing.words(tx, who.key_id, sealed_id, "inbound", pack(inbound)),
    }
    row = (await tx.execute(_INSERT, values)).first()
    return None if row is None else int(row.inbox_id)


async def _stored(tx: Tx, inbound: Inbound) -> int:
    return int(
        await tx.scalar(
            select(InboxMessage.inbox_id).where(
                InboxMessage.channel == inbound.channel,
                InboxMessage.account == inbound.account,
                InboxMessage.external_id == inbound.external_id,
            )
        )
    )


# The oldest waiting message of each person; a person whose oldest waits for its next try waits with it, so that
# order is kept, and nobody else waits for him.
_heads = (
    select(InboxMessage.lock_key, InboxMessage.inbox_id, InboxMessage.next_try_at)
    .where(InboxMessage.state == "pending")
    .ext(distinct_on(InboxMessage.lock_key))
    .order_by(InboxMessage.lock_key, InboxMessage.inbox_id)
    .subquery()
)
_WAITING = (
    select(_heads.c.lock_key)
    .where(_heads.c.next_try_at <= select(CLOCK.c.clock).scalar_subquery())
    .order_by(_heads.c.inbox_id)
    .limit(CANDIDATES)
)
_OPENING = opening(_WAITING)
_SEVERAL = opening(_WAITING, most=TOGETHER)
_OF_ONE = opening(select(cast(bindparam("lock_key"), BigInteger)))


async def handle_next(ctx: Ctx, lock_key: int | None = None) -> bool:
    """Handle the oldest message of one person whom nobody else is serving. False: there was nothing to do.

    With `lock_key`, of this person only.
    """
    inbox_id: int | None = None
    try:
        statement, values = (_OPENING, None) if lock_key is None else (_OF_ONE, {"lock_key": lock_key})
        async with ctx.begin_with(statement, values) as (tx, opened):
            locked = await locked_by(tx, opened)
            row = await _oldest(tx, locked) if locked is not None else None
            if row is None:
                return False
            inbox_id = row.inbox_id
            await _handle(tx, row)
            return True
    except Exception as problem:
        # A database that went away says nothing about the message.
        if inbox_id is None or (isinstance(problem, DBAPIError) and problem.connection_invalidated):
            raise
        log.exception(
            "A message could not be handled", extra={"action": "inbox_failed", "inbox_id": inbox_id}
        )
        await _failed(ctx, inbox_id)
        return True


async def handle_several(ctx: Ctx) -> bool:
    """The oldest message of each of several people at once. False: there was nothing to do."""
    served, opened = await serve(ctx, _SEVERAL, _handle_of, partial(handle_next, ctx))
    strangers = [key for key in opened.owners if key < 0]
    # Who is known to nobody yet waits no longer than the others.
    return served | (bool(strangers) and await handle_next(ctx, strangers[0]))


async def _handle_of(participant_id: int, tx: Tx) -> None:
    row = await _oldest(tx, participant_id)
    if row is not None:
        await _handle(tx, row)
        await auditing.write(tx)


async def _oldest(tx: Tx, lock_key: int) -> Row[Any] | None:
    row = await tx.first(_oldest_of(lock_key))
    return row if row is not None and row.next_try_at <= tx.now else None


@built
def _oldest_of(lock_key: Any) -> Executable:
    return (
        select(InboxMessage.__table__, Sealed.key_id, Sealed.ciphertext)
        .outerjoin(Sealed, Sealed.sealed_id == InboxMessage.sealed_id)
        .where(InboxMessage.lock_key == lock_key, InboxMessage.state == "pending")
        .order_by(InboxMessage.inbox_id)
        .limit(1)
    )


async def _handle(tx: Tx, row: Row[Any]) -> None:
    who = await people.by_contact(tx, row.contact_id)
    if who.lock_key != row.lock_key:
        # Linked (or moved) since it was accepted: it belongs to another lock now, and keeps its place in order.
        await _update(tx, row.inbox_id, lock_key=who.lock_key, participant_id=who.participant_id)
        tx.woken.add("inbox")
        return
    sealed = await sealing.unsealed(tx, row.sealed_id, row.key_id, "inbound", row.ciphertext)
    outcome = (
        "forgotten" if sealed is None else await handling.handle(tx, who, unpack(row, sealed), row.inbox_id)
    )
    await _update(tx, row.inbox_id, state="handled", settled_at=tx.now, outcome=outcome)
    tx.woken.add("outbox")


async def _failed(ctx: Ctx, inbox_id: int) -> None:
    """Try again a little later; after a few tries park the message, tell the patient plainly, and tell staff."""
    async with ctx.begin() as tx:
        row = await tx.first(
            select(InboxMessage).where(InboxMessage.inbox_id == inbox_id).with_for_update(skip_locked=True)
        )
        if row is None or row.state != "pending":
            return
        if row.tries + 1 < TRIES:
            again = tx.now + RETRY_AFTER[row.tries]
            await _update(tx, inbox_id, tries=row.tries + 1, next_try_at=again)
            return
        await _update(tx, inbox_id, state="parked", tries=row.tries + 1, settled_at=tx.now, outcome="parked")
        await handling.park(tx, await people.by_contact(tx, row.contact_id), inbox_id)
        tx.woken.update({"inbox", "outbox"})


async def _update(tx: Tx, inbox_id: int, **values: object) -> None:
    await tx.do(*changed(InboxMessage.inbox_id, inbox_id, values))
