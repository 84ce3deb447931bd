"""One dose: everything said about it, and what was told by phone."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.console.desk import Page
from bot.console.moments import moment
from bot.console.participant import ONE
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access, dose_calendar, participant_page, phone_reports, timeline, unplanned_doses
from bot.services.phone_reports import Told

DOSE = ONE + "/doses/{dose_id:row}"


async def dose(visit: Visit) -> Response:
    return await _show(visit)


async def _show(visit: Visit, status: int = 200, fault: str = "") -> Response:
    participant_id = visit.number("participant_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        person = await participant_page.header(tx, visit.staff, participant_id)
        course = await timeline.load(tx, participant_id)
        found = await dose_calendar.one(tx, course, visit.number("dose_id"))
        return visit.page(
            "dose.html",
            status,
            now=tx.now,
            tab="overview",
            person=person,
            dose=found,
            fault=fault,
            recordable=found.due_at <= tx.now + phone_reports.AHEAD and person.status != "ended",
            reasons=phone_reports.REASONS,
            seen=found.said.dose_report_id if found.said is not None else 0,
            vomited=await unplanned_doses.came_up(tx, found.dose_id),
        )


async def record(visit: Visit) -> Response:
    participant_id, dose_id = visit.number("participant_id"), visit.number("dose_id")
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            person = await participant_page.header(tx, visit.staff, participant_id)
            course = await timeline.load(tx, participant_id)
            found = await dose_calendar.one(tx, course, dose_id)
            told = _told(visit, person.zone, found.due_at)
            await phone_reports.dose(
                tx, visit.staff, participant_id, dose_id, told, visit.form.number("seen") or 0
            )
    except Refused as refusal:
        if refusal.message_id.startswith(("staff.no_such", "console.no_such")):
            raise
        return await _show(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(f"/console/participants/{participant_id}/doses/{dose_id}", "dose_recorded")


def _told(visit: Visit, zone: str, due_at: Any) -> Told:
    said, form = visit.form.text("said"), visit.form
    quantity = form.number("quantity") if form.text("quantity") else 1
    if quantity is None:
        raise Refused("console.dose.quantity", most=phone_reports.MOST_AT_ONCE)
    if said == "as_planned":
        return Told("taken", due_at, quantity=quantity)
    if said == "at":
        at = moment(form.text("taken_at"), zone)
        if at is None:
            raise Refused("console.dose.time")
        return Told("taken", at, quantity=quantity)
    if said == "unknown_time":
        return Told("taken", quantity=quantity)
    if said == "not_taken":
        return Told("not_taken", reason=form.text("reason") or None)
    raise Refused("console.dose.choose")


async def vomited(visit: Visit) -> Response:
    """Vomited after this dose: recorded beside it, once."""
    participant_id, dose_id = visit.number("participant_id"), visit.number("dose_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        await participant_page.header(tx, visit.staff, participant_id)
        await dose_calendar.one(
            tx, await timeline.load(tx, participant_id), dose_id
        )  # another's dose is not found
        await phone_reports.vomited(tx, visit.staff, participant_id, dose_id)
    return visit.go(f"/console/participants/{participant_id}/doses/{dose_id}", "dose_recorded")


PAGES = (
    Page("GET", DOSE, "look", dose),
    Page("POST", DOSE, "record", record),
    Page("POST", f"{DOSE}/vomited", "record", vomited),
)
