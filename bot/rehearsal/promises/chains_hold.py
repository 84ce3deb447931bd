"""Audit chains and daily seals verify."""

from __future__ import annotations

from sqlalchemy import func, select

from bot.db.audit import AuditEntry
from bot.rehearsal.evidence import Evidence, Findings, Violation
from bot.services import sealing_day


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        entries = await tx.scalar(select(func.count()).select_from(AuditEntry))
    faults = await sealing_day.verify_all(evidence.ctx)
    return Findings([Violation(6, "does not verify", fault) for fault in faults], checked=entries)
