"""A site's settings, who is called first, and accounts."""

from __future__ import annotations

from starlette.responses import Response

from bot.console.desk import Page
from bot.console.moments import clock
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access, alerts, site_settings
from bot.services.access import ROLES

SITES = "/console/sites"
ONE = SITES + "/{code}"


async def sites(visit: Visit) -> Response:
    """With one site, straight to it."""
    own = visit.staff.sites
    return visit.go(f"{SITES}/{own[0].code}") if len(own) == 1 else visit.page("sites.html")


async def site(visit: Visit) -> Response:
    return await _show(visit)


async def _show(
    visit: Visit, status: int = 200, fault: str = "", activation: str = "", person: str = ""
) -> Response:
    here = visit.staff.site(visit.word("code"))
    async with access.scoped(visit.ctx, visit.staff) as tx:
        return visit.page(
            "site.html",
            status,
            now=tx.now,
            site=await site_settings.settings(tx, here),
            members=await site_settings.members(tx, here),
            modes=site_settings.MODES,
            called=alerts.CALLED,
            roles=tuple(ROLES),
            fault=fault,
            activation=activation,
            person=person,
        )


async def change(visit: Visit) -> Response:
    here = visit.staff.site(visit.word("code"))
    form = visit.form
    digest_at = clock(form.text("digest_at"))
    try:
        if digest_at is None:
            raise Refused("console.site.values")
        new = site_settings.Settings(
            form.text("name", 80),
            form.text("phone"),
            form.text("language"),
            form.text("telegram_mode"),
            digest_at,
            form.number("escalate_minutes") or 0,
        )
        async with access.scoped(visit.ctx, visit.staff) as tx:
            await site_settings.change(tx, visit.staff, here, new)
    except Refused as refusal:
        return await _show(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return visit.go(f"{SITES}/{here.code}", "site_changed")


async def on_call(visit: Visit) -> Response:
    here = visit.staff.site(visit.word("code"))
    order = {
        int(name.removeprefix("order-")): place
        for name in visit.form.fields
        if name.startswith("order-") and name[6:].isdecimal() and len(name) < 20
        if (place := visit.form.number(name)) is not None
    }
    async with access.scoped(visit.ctx, visit.staff) as tx:
        await site_settings.set_order(tx, visit.staff, here, order)
    return visit.go(f"{SITES}/{here.code}", "on_call_changed")


async def add(visit: Visit) -> Response:
    here, form = visit.staff.site(visit.word("code")), visit.form
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            code = await site_settings.add(
                tx,
                visit.staff,
                here,
                form.text("role"),
                form.text("name", 80),
                form.text("email"),
                form.text("language"),
            )
    except Refused as refusal:
        return await _show(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return await _show(visit, activation=code, person=form.text("name", 80))


async def reset(visit: Visit) -> Response:
    here, staff_id = visit.staff.site(visit.word("code")), visit.number("staff_id")
    email = visit.form.text("email")
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            code = await site_settings.reset(
                tx, visit.staff, here, staff_id, email, lost_phone=visit.form.has("lost_phone")
            )
    except Refused as refusal:
        return await _show(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return await _show(visit, activation=code, person=visit.staff.colleagues.get(f"staff:{staff_id}", ""))


async def switch(visit: Visit) -> Response:
    here, staff_id = visit.staff.site(visit.word("code")), visit.number("staff_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        active = visit.form.text("active") == "yes"
        await site_settings.set_active(tx, visit.staff, here, staff_id, active=active)
    return visit.go(f"{SITES}/{here.code}", "staff_changed")


PAGES = (
    Page("GET", SITES, "anybody", sites),
    Page("GET", ONE, "anybody", site),
    Page("POST", ONE, "site", change),
    Page("POST", f"{ONE}/on-call", "site", on_call),
    Page("POST", f"{ONE}/staff", "staff", add),
    Page("POST", f"{ONE}/staff/{{staff_id:row}}/reset", "staff", reset),
    Page("POST", f"{ONE}/staff/{{staff_id:row}}/switch", "staff", switch),
)
