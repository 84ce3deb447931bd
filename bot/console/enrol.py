"""Enrol somebody with the record of each condition, and invite a telephone by QR code and link."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bot.console import auth, qr
from bot.console.desk import Page
from bot.console.moments import clock, day
from bot.console.participant import ONE
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import access, participant_page, staff_enrolment
from bot.services.enrolment import NewParticipant
from bot.services.linking import Invited
from bot.services.staff_enrolment import Record

FIELDS = ("study", "site", "arm", "start", "dose_time", "name", "phone", "sex", "birth_year", "language")


async def blank(visit: Visit) -> Response:
    return await _form(visit)


async def _form(visit: Visit, status: int = 200, fault: str = "") -> Response:
    async with access.scoped(visit.ctx, visit.staff) as tx:
        await visit.ctx.book.refresh(tx)
        names = visit.ctx.book.names("study")
        chosen = visit.form.text("study") or visit.sought("study")
        name = chosen if chosen in names else names[0]
        typed = {one: visit.form.text(one) for one in FIELDS}
        typed |= {one: value for one, value in visit.form.fields.items() if one.startswith("criterion-")}
        return visit.page(
            "enrol.html",
            status,
            now=tx.now,
            study=visit.ctx.book.study(name, tx.now)[1],
            studies=names,
            answers=staff_enrolment.ANSWERS,
            typed=typed,
            fault=fault,
            once=auth.new_token(),
        )


async def enrol(visit: Visit) -> Response:
    try:
        new = _participant(visit)
        prefix = "criterion-"
        answers = {
            one.removeprefix(prefix): value
            for one, value in visit.form.fields.items()
            if one.startswith(prefix)
        }
        async with access.scoped(visit.ctx, visit.staff) as tx:
            done = await staff_enrolment.enrol(tx, visit.staff, new, Record(answers), visit.form.text("once"))
            person = await participant_page.header(tx, visit.staff, done.participant_id)
            now = tx.now
    except Refused as refusal:
        if refusal.message_id.startswith(("staff.no_such", "console.no_such")):
            raise
        return await _form(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return _invitation(visit, person, done.invited, now, fresh=True)


def _participant(visit: Visit) -> NewParticipant:
    form = visit.form
    start, dose_time, year = day(form.text("start")), clock(form.text("dose_time")), form.number("birth_year")
    if start is None or dose_time is None:
        raise Refused("console.enrol.when")
    if year is None or form.text("sex") not in ("female", "male"):
        raise Refused("console.enrol.person_values")
    language = form.text("language")
    return NewParticipant(
        form.text("study"),
        form.text("site"),
        form.text("arm"),
        start,
        dose_time,
        form.text("name"),
        form.text("phone", 40),
        form.text("sex"),
        year,
        language if language in visit.ctx.wording.texts else "zh_Hans_CN",
    )


async def choose(visit: Visit) -> Response:
    return await _choose(visit)


async def _choose(visit: Visit, status: int = 200, fault: str = "") -> Response:
    participant_id = visit.number("participant_id")
    async with access.scoped(visit.ctx, visit.staff) as tx:
        return visit.page(
            "invite.html",
            status,
            now=tx.now,
            tab="invitation",
            person=await participant_page.header(tx, visit.staff, participant_id),
            reach=await participant_page.reach(tx, participant_id),
            invited_until=await participant_page.open_invitation(tx, participant_id),
            whys=staff_enrolment.WHY_INVITE,
            fault=fault,
            once=auth.new_token(),
        )


async def invite(visit: Visit) -> Response:
    participant_id = visit.number("participant_id")
    form = visit.form
    try:
        async with access.scoped(visit.ctx, visit.staff) as tx:
            person = await participant_page.header(tx, visit.staff, participant_id)
            relation = "family" if form.text("why") == "family" else None
            invited = await staff_enrolment.invite(
                tx, visit.staff, participant_id, relation, form.text("why"), form.text("once")
            )
            now = tx.now
    except Refused as refusal:
        if refusal.message_id.startswith("staff.no_such"):
            raise
        return await _choose(visit, 422, visit.refusal(refusal.message_id, **refusal.values))
    return _invitation(visit, person, invited, now, fresh=False)


def _invitation(visit: Visit, person: Any, invited: Invited, now: Any, *, fresh: bool) -> Response:
    """Shown once: only a keyed hash of the code is kept."""
    addresses = visit.ctx.addresses
    link = f"{addresses.public_url}/i/{invited.code}"
    telegram = f"https://t.me/{addresses.bot_name}?start={invited.code}" if addresses.bot_name else ""
    return visit.page(
        "invitation.html",
        now=now,
        tab="invitation",
        person=person,
        fresh=fresh,
        link=link,
        telegram=telegram,
        qr=qr.svg(link),
        telegram_qr=qr.svg(telegram) if telegram else "",
        expires_at=invited.expires_at,
    )


PAGES = (
    Page("GET", "/console/enrol", "enrol", blank),
    Page("POST", "/console/enrol", "enrol", enrol),
    Page("GET", f"{ONE}/invitation", "invite", choose),
    Page("POST", f"{ONE}/invitation", "invite", invite),
)
