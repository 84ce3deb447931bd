"""No row of one site is seen by another: every table that tells of a participant, asked as each site would ask."""

from __future__ import annotations

from sqlalchemy import select

from bot.db import tables
from bot.db.people import Participant
from bot.db.sites import Site
from bot.rehearsal.evidence import Evidence, Findings, Violation


async def count(evidence: Evidence) -> Findings:
    async with evidence.ctx.begin() as tx:
        people = await tx.all(select(Participant.participant_id, Participant.site_id))
        sites = list((await tx.execute(select(Site.site_id))).scalars())
    found = Findings()
    for scope in [*({site} for site in sites), set()]:
        own = {row.participant_id for row in people if row.site_id in scope}
        async with evidence.ctx.begin_for(frozenset(scope)) as tx:
            for table in tables.metadata.sorted_tables:
                if "participant_id" not in table.c:
                    continue
                column = table.c.participant_id
                seen = set((await tx.execute(select(column).where(column.is_not(None)).distinct())).scalars())
                found.checked += 1
                if strangers := sorted(seen - own):
                    where = f"site {sorted(scope)} table {table.name}: participants {strangers[:5]}"
                    found.violations.append(Violation(5, "sees people of another site", where))
    return found
