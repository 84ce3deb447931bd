"""Bytes of voice notes and pictures: fetched after the message is safe, sealed, and never passed on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.inbox import InboxMessage
from bot.db.media import MediaItem
from bot.messages import Inbound, Media
from bot.services import sealing, telephones
from bot.services.context import Ctx, Tx
from bot.services.packing import unpack
from bot.services.people import Who

TRIES = 5
LEASE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to be fetched, named by the provider's own record of the message."""

    media_item_id: int
    raw: bytes


async def expect(tx: Tx, who: Who, inbound: Inbound, inbox_id: int) -> None:
    """Remember that there is something to fetch, unless the message brought its bytes along."""
    content = inbound.media.content if inbound.media else None
    await tx.execute(
        upsert(MediaItem)
        .values(
            inbox_id=inbox_id,
            participant_id=who.participant_id,
            channel=who.channel,
            account=who.account,
            state="waiting" if content is None else "kept",
            tries=0,
            next_try_at=tx.now,
            kept_sealed=None if content is None else await sealing.seal(tx, who.key_id, "media", content),
            settled_at=None if content is None else tx.now,
        )
        .on_conflict_do_nothing()
    )
    tx.woken.add("media")


async def next_wanted(ctx: Ctx, channel: str, account: str) -> Wanted | None:
    """Claim one item under a lease. After a few tries it counts as lost, and staff see that it is."""
    async with ctx.begin() as tx:
        item = await tx.first(
            select(MediaItem)
            .where(MediaItem.channel == channel, MediaItem.account == account, MediaItem.state == "waiting")
            .where(MediaItem.next_try_at <= tx.now)
            .order_by(MediaItem.media_item_id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if item is None:
            return None
        lost = item.tries >= TRIES
        await tx.execute(
            update(MediaItem)
            .where(MediaItem.media_item_id == item.media_item_id)
            .values(state="lost" if lost else "waiting", tries=item.tries + 1, next_try_at=tx.now + LEASE)
        )
        row = await tx.first(select(InboxMessage).where(InboxMessage.inbox_id == item.inbox_id))
        sealed = await sealing.unseal(tx, row.sealed_id) if row is not None and not lost else None
        return Wanted(item.media_item_id, unpack(row, sealed).raw if row is not None and sealed else b"")


async def keep(ctx: Ctx, wanted: Wanted, media: Media) -> None:
    """Seal what was fetched. Without content (too large, gone at the provider) it is lost for good."""
    async with ctx.begin() as tx:
        said = select(InboxMessage.contact_id, InboxMessage.participant_id, InboxMessage.correspondent_id)
        of_item = said.join(MediaItem, MediaItem.inbox_id == InboxMessage.inbox_id)
        row = (await tx.execute(of_item.where(MediaItem.media_item_id == wanted.media_item_id))).one()
        who = await telephones.said_by(tx, row)
        kept = None if media.content is None else await sealing.seal(tx, who.key_id, "media", media.content)
        await tx.execute(
            update(MediaItem)
            .where(MediaItem.media_item_id == wanted.media_item_id)
            .values(state="lost" if kept is None else "kept", kept_sealed=kept, settled_at=tx.now)
        )
