"""A signature, once a day, over every audit chain's head and length: a chain rewritten as a whole no longer fits it."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.audit import AuditEntry, AuditHead, Seal
from bot.services.auditing import verify_chain
from bot.services.context import Ctx, Tx


async def seal_yesterday(ctx: Ctx) -> bool:
    """Seal all chains as they stand, once per UTC day. False when this day has its seal."""
    async with ctx.begin() as tx:
        today = tx.now.date()
        if await tx.scalar(select(Seal.day).where(Seal.day == today)) is not None:
            return False
        chains, entries, digest = await _digest(tx)
        await tx.execute(
            upsert(Seal)
            .values(
                day=today,
                chains=chains,
                entries=entries,
                digest=digest,
                signature=ctx.keyring.sign(digest),
                sealed_at=tx.now,
            )
            .on_conflict_do_nothing()
        )
        return True


async def _digest(tx: Tx) -> tuple[int, int, bytes]:
    rows = await tx.all(select(AuditHead).order_by(AuditHead.chain))
    summary = hashlib.sha256()
    for row in rows:
        summary.update(f"{row.chain}\0{row.seq}\0".encode() + row.hash)
    return len(rows), sum(row.seq for row in rows), summary.digest()


async def verify_all(ctx: Ctx) -> list[str]:
    """What is wrong with the chains, one line each; empty when everything holds."""
    async with ctx.begin() as tx:
        chains = list((await tx.execute(select(AuditHead.chain).order_by(AuditHead.chain))).scalars())
        faults = [fault for chain in chains if (fault := await verify_chain(tx, chain)) is not None]
        entries = await tx.scalar(select(func.count()).select_from(AuditEntry))
        for seal in await tx.all(select(Seal).order_by(Seal.day)):
            if ctx.keyring.sign(seal.digest) != seal.signature:
                faults.append(f"seal of {seal.day}: its signature does not fit")
            if entries < seal.entries:
                faults.append(f"seal of {seal.day}: {seal.entries} entries were sealed, {entries} are there")
        return faults
