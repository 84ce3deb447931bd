"""The door: sign in, sign out, choose a password with an activation code, and the language of this device."""

from __future__ import annotations

from starlette.responses import Response

from bot.console import auth
from bot.console.desk import SIGN_IN, Page
from bot.console.visit import Visit
from bot.errors import Refused
from bot.services import signing_in

TOO_MANY = "console.sign_in.wait"


async def front(visit: Visit) -> Response:
    """Everybody to where the work is."""
    if visit.may("look"):
        return visit.go("/console/worklist")
    return visit.go("/console/sites")


async def form(visit: Visit) -> Response:
    if visit.session is not None:
        return visit.go("/console")
    return visit.page("sign_in.html", fault="", name="")


async def sign_in(visit: Visit) -> Response:
    name = visit.form.text("name")
    before = auth.token_of(visit.request, auth.cookie_name(visit.secure))
    try:
        token = await signing_in.sign_in(
            visit.ctx, name, visit.form.raw("password"), visit.form.text("code"), replaces=before
        )
    except Refused as refusal:
        fault = visit.refusal(refusal.message_id, **refusal.values)
        status = 429 if refusal.message_id == TOO_MANY else 401
        return visit.page("sign_in.html", status, fault=fault, name=name)
    response = visit.go("/console")
    auth.give(response, auth.cookie_name(visit.secure), token, visit.secure)
    auth.take(response, auth.visitor_name(visit.secure), visit.secure)
    return response


async def sign_out(visit: Visit) -> Response:
    await signing_in.sign_out(visit.ctx, visit.staff)
    response = visit.go(SIGN_IN, "signed_out")
    auth.take(response, auth.cookie_name(visit.secure), visit.secure)
    return response


async def activation(visit: Visit) -> Response:
    return visit.page("activate.html", fault="", name="")


async def activate(visit: Visit) -> Response:
    name = visit.form.text("name")
    try:
        if visit.form.raw("password") != visit.form.raw("again"):
            raise Refused("console.password.differs")
        await signing_in.activate(visit.ctx, name, visit.form.text("code"), visit.form.raw("password"))
    except Refused as refusal:
        fault = visit.refusal(refusal.message_id, **refusal.values)
        status = 429 if refusal.message_id == TOO_MANY else 422
        return visit.page("activate.html", status, fault=fault, name=name)
    return visit.go(SIGN_IN, "activated")


async def language(visit: Visit) -> Response:
    back = visit.form.text("back")
    response = visit.go(back if back.startswith("/console") and "//" not in back else "/console")
    auth.give_language(response, visit.form.text("language"), visit.secure)
    return response


PAGES = (
    Page("GET", "/console", "anybody", front),
    Page("GET", SIGN_IN, "open", form),
    Page("POST", SIGN_IN, "open", sign_in),
    Page("POST", "/console/sign-out", "anybody", sign_out),
    Page("GET", "/console/activate", "open", activation),
    Page("POST", "/console/activate", "open", activate),
    Page("POST", "/console/language", "open", language),
)
