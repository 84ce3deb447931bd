"""After a new master key: every data key is wrapped under it, so that the old master may be taken away.

What is sealed stays as it is; only the wrapping of each data key changes. Doing it again changes nothing.
"""

from __future__ import annotations

import uuid

from sqlalchemy import func, select, update

from bot.db.deployments import Deployment
from bot.db.privacy import DataKey
from bot.services.auditing import note_down
from bot.services.context import Ctx, Tx

BATCH = 500


async def rewrap(ctx: Ctx, by: str) -> int:
    """Returns how many data keys were wrapped anew. Stopped half-way, it goes on where it stopped."""
    total = 0
    while done := await _batch(ctx):
        total += done
    async with ctx.begin() as tx:
        # The word by which a wrong key is found at start is last: with it the old master is needed no more.
        await tx.execute(update(Deployment).values(key_check=ctx.keyring.check_word()))
        note_down(tx, "system", by, "keys_rewrapped", data_keys=total)
    return total


async def _batch(ctx: Ctx) -> int:
    async with ctx.begin() as tx:
        older = await _older(tx)
        for key_id, wrapped in older:
            await tx.execute(
                update(DataKey)
                .where(DataKey.key_id == key_id, DataKey.wrapped.is_not(None))
                .values(wrapped=ctx.keyring.rewrap(key_id, wrapped))
            )
        return len(older)


async def _older(tx: Tx) -> list[tuple[uuid.UUID, bytes]]:
    """Locked, because a key that is destroyed meanwhile must stay destroyed."""
    mark = tx.ctx.keyring.newest_mark()
    rows = await tx.all(
        select(DataKey.key_id, DataKey.wrapped)
        .where(DataKey.wrapped.is_not(None), func.substring(DataKey.wrapped, 1, len(mark)) != mark)
        .order_by(DataKey.key_id)
        .limit(BATCH)
        .with_for_update()
    )
    return [(row.key_id, row.wrapped) for row in rows]
