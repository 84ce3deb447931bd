"""The consoles of the sites, looked at when an alert could not go out: there it must stand at that very instant."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.rehearsal.wire import Wire
from bot.services import alert_inbox
from bot.services.access import Session
from bot.services.context import Ctx

# Sees alerts by subject id, so that looking on leaves no entry in the audit.
ONLOOKER = Session(0, "monitor", "", "zh_Hans_CN", (), {}, second_factor=False, live=False, token_hash=b"")


@dataclass(slots=True)
class Desk:
    """`sites`: code -> number. `seen`: by site and alert, when it first stood there."""

    ctx: Ctx
    wire: Wire
    sites: dict[str, int] = field(default_factory=dict)
    seen: dict[tuple[int, int], datetime] = field(default_factory=dict)
    _looked_for: set[int] = field(default_factory=set)

    async def look(self, now: datetime) -> None:
        """Once for each alert that a channel has turned away: what each site sees then."""
        if self.wire.turned_away <= self._looked_for:
            return
        self._looked_for |= self.wire.turned_away
        for site_id in self.sites.values():
            async with self.ctx.begin_for(frozenset({site_id})) as tx:
                for entry in await alert_inbox.entries(tx, ONLOOKER):
                    self.seen.setdefault((site_id, entry.alert_id), now)

    def forget(self, since: datetime) -> None:
        """A restored database gives the same numbers again."""
        self.seen = {alert: at for alert, at in self.seen.items() if at < since}
        self.wire.turned_away.clear()
        self._looked_for.clear()
