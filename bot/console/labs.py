"""Laboratory values and medicine of one participant: what is on record, and forms for what stands on the sheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response

from bot.console import auth
from bot.console.desk import Page
from bot.console.moments import day
from bot.console.participant import ONE
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import (
    access,
    companions,
    known_alerts,
    label_references,
    labs,
    participant_page,
    planning,
    renal,
    supplies,
    timeline,
)
from bot.services.auditing import note_down
from bot.services.author import Author
from bot.services.companions import NewChoice
from bot.services.labs import NewLab
from bot.services.staff_messages import first_time
from bot.services.supplies import NewSupply
from bot.symptoms.labs import Laboratory
from schedules.companions import MATTERS, MEDICINES, RHYTHMS
from schedules.localtime import local

HERE = f"{ONE}/labs"
CELLS = ("value", "unit", "lln", "uln")


async def look(visit: Visit) -> Response:
    return await _show(visit)


async def _show(visit: Visit, status: int = 200, fault: str = "") -> Response:
    participant_id = visit.number("participant_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        person = await participant_page.header(tx, visit.staff, participant_id)
        course = await timeline.load(tx, participant_id)
        values = await labs.results(tx, participant_id)
        laboratory = tx.ctx.book.laboratory(tx.now)[1]
        return visit.page(
            "labs.html",
            status,
            now=tx.now,
            tab="labs",
            person=person,
            course=course,
            laboratory=laboratory,
            days=sorted({row.collected_on for row in values}, reverse=True),
            values={(row.test, row.collected_on): row for row in values},
            newest={row.test: row for row in values},
            says=await label_references.references(tx, course),
            renal=await renal.clearance_of(tx, participant_id),
            stocks=await supplies.stocks(tx, course),
            supplies=await supplies.events(tx, participant_id),
            kinds=supplies.KINDS,
            matters=MATTERS,
            medicines=MEDICINES,
            rhythms=RHYTHMS,
            zone=ZoneInfo(course.zone),
            chosen=await companions.choices(tx, participant_id),
            today=local(tx.now, course.zone).date(),
            typed=visit.form.fields,
            fault=fault,
            once=auth.new_token(),
        )


async def record(visit: Visit) -> Response:
    """All values of a sheet or none: a sheet half entered would look complete."""
    participant_id = visit.number("participant_id")
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await participant_page.header(tx, visit.staff, participant_id)
            on = day(visit.form.text("collected_on"))
            if on is None:
                raise Refused("labs.fault.day", day=visit.form.text("collected_on"))
            sheet = list(_sheet(visit, tx.ctx.book.laboratory(tx.now)[1], on))
            if not sheet:
                raise Refused("labs.fault.empty")
            author = Author(visit.staff.actor, "staff")
            for new in sheet:
                await _one(visit, tx, participant_id, new, author)
            note_down(tx, visit.staff.actor, visit.staff.actor, "labs_recorded", participant=participant_id)
            await tx.widen()  # alerts go to staff addresses, which stand outside every site
            await known_alerts.consider(tx, participant_id)
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such"):
            raise
        return await _show(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(f"/console/participants/{participant_id}/labs", "labs_recorded")


async def _one(visit: Visit, tx: Any, participant_id: int, new: NewLab, author: Author) -> None:
    """A refusal names the test: the sheet has many lines."""
    try:
        await labs.record(tx, participant_id, new, author, "form")
    except Refused as refusal:
        said = visit.refusal(refusal.message_id, **refusal.values)
        name = visit.refusal(f"lab.{new.test}")
        raise Refused("labs.fault.of_test", test=name, said=said) from None


def _sheet(visit: Visit, laboratory: Laboratory, on: date) -> Iterator[NewLab]:
    for test in laboratory.tests:
        cells = {name: visit.form.text(f"{name}-{test}", 40) for name in CELLS}
        if not cells["value"]:
            continue
        numbers = {name: _number(cells[name]) for name in ("value", "lln", "uln")}
        assert numbers["value"] is not None
        yield NewLab(test, numbers["value"], cells["unit"], on, numbers["lln"], numbers["uln"])


def _number(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation:
        raise Refused("labs.fault.number", text=text) from None
    if not found.is_finite() or abs(found) > 10**12:
        raise Refused("labs.fault.number", text=text)
    return found


async def supply(visit: Visit) -> Response:
    participant_id = visit.number("participant_id")
    form = visit.form
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await participant_page.header(tx, visit.staff, participant_id)
            on, quantity = day(form.text("on_day")), form.number("quantity")
            if on is None:
                raise Refused("console.supply.day")
            if quantity is None:
                raise Refused("console.supply.quantity", most=supplies.MOST)
            if not await first_time(tx, visit.staff, "supply_recorded", form.text("once")):
                raise Refused("console.supply.done_before")
            new = NewSupply(form.text("drug"), form.text("kind"), on, quantity, form.text("level") or None)
            await supplies.record(tx, participant_id, new, Author(visit.staff.actor, "staff"))
            number = {"participant": participant_id, "once": form.text("once")}
            note_down(tx, visit.staff.actor, visit.staff.actor, "supply_recorded", **number)
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such"):
            raise
        return await _show(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(f"/console/participants/{participant_id}/labs", "supply_recorded")


async def companion(visit: Visit) -> Response:
    """One matter on or off, a medicine weekly or daily; what is planned follows at once."""
    participant_id = visit.number("participant_id")
    form = visit.form
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await participant_page.header(tx, visit.staff, participant_id)
            new = NewChoice(
                form.text("matter"),
                form.text("choice"),
                day(form.text("since")),
                form.text("rhythm") or "weekly",
                day(form.text("starts_on")),
            )
            await companions.choose(tx, participant_id, new, Author(visit.staff.actor, "staff"))
            await planning.replan(tx, participant_id)
            note_down(
                tx, visit.staff.actor, visit.staff.actor, "companion_chosen", participant=participant_id
            )
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such"):
            raise
        return await _show(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(f"/console/participants/{participant_id}/labs", "companion_chosen")


PAGES = (
    Page("POST", f"{ONE}/companions", "record", companion),
    Page("GET", HERE, "look", look),
    Page("POST", HERE, "record", record),
    Page("POST", f"{ONE}/supplies", "record", supply),
)
