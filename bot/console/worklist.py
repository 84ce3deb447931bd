"""The list of participants: who needs somebody first."""

from __future__ import annotations

from starlette.responses import Response

from bot.console.desk import Page
from bot.console.visit import Visit
from bot.services import access, worklist

LIST = "/console/worklist"


async def people(visit: Visit) -> Response:
    async with access.scoped(visit.ctx, visit.staff) as tx:
        return visit.page("worklist.html", people=await worklist.load(tx, visit.staff), now=tx.now)


PAGES = (Page("GET", LIST, "look", people),)
