"""The alert inbox, and one alert from taken to closed."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.console.desk import Page
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access, alert_inbox, alert_life, label_references, timeline

INBOX = "/console/alerts"
ONE = INBOX + "/{alert_id:row}"
SHOWS = ("open", "closed")


async def inbox(visit: Visit) -> Response:
    show = visit.asked("show", SHOWS)
    async with access.scoped(visit.ctx, visit.staff) as tx:
        entries = await alert_inbox.entries(tx, visit.staff, closed=show == "closed")
        return visit.page("alerts.html", entries=entries, show=show, now=tx.now)


async def one(visit: Visit) -> Response:
    return await _show(visit)


async def _show(visit: Visit, status: int = 200, fault: str = "", **typed: Any) -> Response:
    async with access.scoped(visit.ctx, visit.staff) as tx:
        found = await alert_inbox.detail(tx, visit.staff, visit.number("alert_id"))
        course = await timeline.load(tx, found.entry.participant_id)
        return visit.page(
            "alert.html",
            status,
            now=tx.now,
            alert=found.entry,
            found=found,
            says=await label_references.references(tx, course),
            fault=fault,
            typed={"outcome": "", "note": ""} | typed,
            acts=alert_inbox.ACTS,
            outcomes=alert_inbox.OUTCOMES,
        )


async def acknowledge(visit: Visit) -> Response:
    """One wins; whoever comes second sees the alert with the other's name."""
    alert_id = visit.number("alert_id")
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await alert_life.acknowledge(tx, alert_id, visit.staff.staff_id)
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such"):
            raise
        return await _show(visit, 409, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(f"{INBOX}/{alert_id}", "alert_taken")


async def act(visit: Visit) -> Response:
    alert_id = visit.number("alert_id")
    what = visit.form.text("what")
    if what not in alert_inbox.ACTS:
        return await _show(visit, 422, visit.view.text(visit.language, "console.alert.choose_act"))
    async with access.scoped(visit.ctx, visit.staff) as tx:
        await alert_life.act(tx, alert_id, visit.staff.staff_id, what)
    return visit.go(f"{INBOX}/{alert_id}", "alert_acted")


async def close(visit: Visit) -> Response:
    alert_id = visit.number("alert_id")
    outcome, note = visit.form.text("outcome"), visit.form.note("note")
    try:
        if outcome not in alert_inbox.OUTCOMES:
            raise Refused("staff.alert_needs_outcome")
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await alert_life.close(tx, alert_id, visit.staff.staff_id, outcome, note)
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such"):
            raise
        if (
            refusal.message_id == "staff.alert_closed"
        ):  # a colleague was quicker: the page has no form any more
            return visit.kept(refusal.message_id, 409, **refusal.values)
        fault = visit.refusal(refusal.message_id, **refusal.values)
        return await _show(visit, 422, fault, outcome=outcome, note=note)
    return visit.go(INBOX, "alert_closed")


PAGES = (
    Page("GET", INBOX, "look", inbox),
    Page("GET", ONE, "look", one),
    Page("POST", f"{ONE}/acknowledge", "alerts", acknowledge),
    Page("POST", f"{ONE}/act", "alerts", act),
    Page("POST", f"{ONE}/close", "alerts", close),
)
