"""A signature, once a day, over every audit chain's head and length: a chain rewritten as a whole no longer fits it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from bot.db.audit import AuditEntry, AuditHead, Seal
from bot.services import seal_form
from bot.services.auditing import verify_chain
from bot.services.context import Ctx
from bot.services.seal_checks import verify_seals


async def seal_yesterday(ctx: Ctx) -> bool:
    """Seal all chains as they stand, once per UTC day. False when this day has its seal."""
    async with ctx.begin() as tx:
        today = tx.now.date()
        if await tx.scalar(select(Seal.day).where(Seal.day == today)) is not None:
            return False
        after = await tx.scalar(select(func.max(Seal.day)).where(Seal.day < today))
        rows = await tx.all(select(AuditHead).order_by(AuditHead.chain))
        heads = {row.chain: (row.seq, row.hash) for row in rows}
        seal = {
            "day": today,
            "chains": len(rows),
            "entries": sum(row.seq for row in rows),
            "digest": seal_form.packed(heads, after),
            "sealed_at": tx.now,
        }
        seal["signature"] = seal_form.signature(ctx.keyring, seal)
        await tx.execute(upsert(Seal).values(seal).on_conflict_do_nothing())
        return True


async def verify_all(ctx: Ctx) -> list[str]:
    """What is wrong with chains and seals, one line each; empty when everything holds. Reads every entry twice.

    What came after the last seal is held by its links alone, which take no key to make.
    """
    async with ctx.begin() as tx:
        faults = await verify_seals(tx)
        chains = (await tx.execute(select(AuditHead.chain).union(select(AuditEntry.chain)))).scalars()
        return [fault for chain in sorted(chains) if (fault := await verify_chain(tx, chain))] + faults
